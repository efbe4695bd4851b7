"""The Training page: how each run learned, finished ones and those still under way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app import curves, serving, training_charts
from sentiment.artifacts import ArtifactError

_X = {"epochs": "epoch", "steps": "step", "minutes": "minutes"}
_TITLES = {
    "loss": ("Loss: lower is better", "binary cross-entropy (nats)"),
    "accuracy": ("Accuracy: higher is better", "share of reviews judged right"),
    "learning rate": ("Learning rate", "learning rate"),
}


def page() -> None:
    """Curves of the runs chosen, then their settings side by side."""
    st.title("How the model was trained")
    served = serving.run()
    folders = {path.name: path for path in curves.folders(serving.root())}
    chosen = st.pills(
        "Runs",
        list(folders),
        selection_mode="multi",
        default=[served.name] if served.name in folders else [],
        key="runs",
        bind="query-params",
    )
    if not chosen:
        st.caption("Choose a run with a training history to see its curves.")
        return
    live = [name for name in chosen if not curves.finished(folders[name])]
    draw = st.fragment(_curves, run_every="3s") if live else _curves
    draw([folders[name] for name in chosen])
    _settings([folders[name] for name in chosen])


def _curves(folders: list[Path]) -> None:
    """Controls and charts; while a run is still being trained, this part alone is drawn anew every few seconds."""
    for folder in folders:
        if not curves.finished(folder):
            st.caption(
                f":material/autorenew: {folder.name} is unfinished; its curves follow the folder as it is written."
            )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        grain = st.segmented_control(
            "A point for each", ["epoch", "step"], default="epoch", key="grain", bind="query-params", required=True
        )
        x = st.segmented_control(
            "Against", list(_X), default="epochs", key="against", bind="query-params", required=True
        )
        weight = st.slider(
            "Smoothing",
            0.0,
            0.99,
            0.0,
            0.01,
            key="smoothing",
            bind="query-params",
            width=220,
            help="Exponential moving average; the raw line stays visible.",
        )
        log = st.toggle("Logarithmic loss", key="log", bind="query-params")
    history, problems = _histories(folders, grain)
    for problem in problems:
        st.warning(problem, icon=":material/warning:")
    if history.empty:
        st.caption("There is no finished epoch yet; choose a point for each step.")
        return
    history = curves.add_smoothed(history, weight)
    left, right = st.columns(2)
    with left:
        _chart(history, "loss", x, log)
    with right:
        _chart(history, "accuracy", x, False)
    _chart(history, "learning rate", x, False)
    st.caption(
        "A diamond marks the epoch of least validation loss, whose weights are kept. Shift and wheel zoom, drag pans."
    )


def _histories(folders: list[Path], grain: str) -> tuple[pd.DataFrame, list[str]]:
    """The histories of several runs in one table, and a sentence for each that cannot be read."""
    frames, problems = [], []
    for folder in folders:
        try:
            steps = _read(folder, "steps.csv")
            if grain == "step" and steps is not None:
                frames.append(curves.by_step(folder.name, steps))
            elif (epochs := _read(folder, "history.csv")) is not None:
                frames.append(curves.by_epoch(folder.name, epochs, steps))
        except (ArtifactError, KeyError, ValueError) as error:
            problems.append(f"The history of {folder.name} cannot be read: {error}")
    return pd.concat(frames) if frames else pd.DataFrame(), problems


def _read(folder: Path, part: str) -> pd.DataFrame | None:
    """A table of a run; of an unfinished one as it stands now, without the last line if that is half written."""
    if curves.finished(folder):
        run = serving.open_path(folder)
        return serving.table(part, run) if run.has(part) else None
    if not (folder / part).is_file():
        return None
    complete, _, _ = (folder / part).read_text(encoding="utf-8").rpartition("\n")
    lines = [line.split(",") for line in complete.splitlines()]
    return pd.DataFrame(lines[1:], columns=lines[0]).apply(pd.to_numeric) if len(lines) > 1 else None


def _chart(history: pd.DataFrame, metric: str, x: str, log: bool) -> None:
    title, y_title = _TITLES[metric]
    lines = history[history["metric"] == metric].dropna(subset=[_X[x]])
    if lines.empty:
        return
    best = curves.best_epochs(history)
    best = lines.merge(best[["run", "epoch"]], on=["run", "epoch"]) if len(best) else lines.head(0)
    ends = ", ".join(f"{run} {line['value'].iloc[-1]:.3g}" for run, line in lines.groupby("run"))
    st.subheader(title)
    st.altair_chart(
        training_charts.history(
            lines, curves.at_pointer(lines, _X[x]), best, x=_X[x], x_title=x, y_title=y_title, log=log
        ),
        alt=f"{title}, against {x}; at the end {ends}",
    )


def _settings(folders: list[Path]) -> None:
    """Hyper-parameters and circumstances, a column a run."""
    st.subheader("Settings")
    table = curves.settings_table({folder.name: _facts(folder) for folder in folders})
    if "differs" in table:
        only = st.toggle("Only what differs", key="only_differences", bind="query-params")
        table = table[table["differs"]] if only else table
        st.dataframe(
            table.drop(columns="differs").style.apply(
                lambda row: ["font-weight: bold" if table.loc[row.name, "differs"] else ""] * len(row), axis=1
            ),
            hide_index=True,
            alt="Settings of the runs, side by side",
        )
    else:
        st.dataframe(table, hide_index=True, alt="Settings of the run")


def _facts(folder: Path) -> dict[str, Any]:
    """What ``config.json`` and ``metadata.json`` say, as far as they are there."""
    facts: dict[str, Any] = {}
    for part in ("config.json", "metadata.json"):
        if (folder / part).is_file():
            facts |= json.loads((folder / part).read_text(encoding="utf-8"))
    return {name: value for name, value in facts.items() if name not in {"format", "stages"}}

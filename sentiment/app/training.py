"""The Training page: how each run learned, finished ones and those still under way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app import curves, elsewhere, serving, training_charts
from sentiment.artifacts import ArtifactError

_X = {"epochs": "epoch", "steps": "step", "minutes": "minutes"}
_FOREIGN = "foreign_histories"  # name -> a history that was uploaded
_PROBLEM = "foreign_problem"
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
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = st.pills(
            "Runs",
            list(folders),
            selection_mode="multi",
            default=[served.name] if served.name in folders else [],
            key="runs",
            bind="query-params",
        )
        with st.popover("From elsewhere", icon=":material/upload_file:"):
            _uploads()
    chosen = [folders[name] for name in names]
    foreign = list(st.session_state.get(_FOREIGN, {}).values())
    if not chosen and not foreign:
        st.caption("Choose a run with a training history to see its curves.")
        return
    live = any(not curves.finished(folder) for folder in chosen)
    draw = st.fragment(_curves, run_every="3s") if live else _curves
    draw(chosen, foreign)
    if chosen:
        _settings(chosen)


def _uploads() -> None:
    """Histories that other programs wrote; kept for the session, and removed at a click."""
    st.file_uploader("A file of Keras' CSVLogger", type=["csv", "log", "tsv"], key="csv_logger", on_change=_add_csv)
    st.file_uploader(
        "A folder of TensorBoard logs",
        accept_multiple_files="directory",
        key="tensorboard",
        on_change=_add_events,
    )
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(problem)
    if held := st.session_state.get(_FOREIGN):
        st.button(f"Remove {', '.join(held)}", on_click=held.clear, icon=":material/delete:")


def _add_csv() -> None:
    if file := st.session_state["csv_logger"]:
        _add(lambda: elsewhere.from_csv(file.name, file.getvalue()))


def _add_events() -> None:
    events = {file.name: file.getvalue() for file in st.session_state["tensorboard"] if "tfevents" in file.name}
    if st.session_state["tensorboard"]:
        _add(lambda: elsewhere.from_events(events))


def _add(read: Callable[[], pd.DataFrame]) -> None:
    """Keeps a history that ``read`` gives, or the sentence that says why there is none."""
    try:
        history = read()
    except elsewhere.ForeignHistoryError as error:
        st.session_state[_PROBLEM] = str(error)
    else:
        st.session_state.setdefault(_FOREIGN, {})[history["run"].iloc[0]] = history


def _curves(folders: list[Path], foreign: list[pd.DataFrame]) -> None:
    """Controls and charts; while a run is still being trained, this part alone is drawn anew every few seconds."""
    for folder in folders:
        if curves.finished(folder):
            st.text(_story(folder))
        else:
            st.caption(
                f":material/autorenew: {folder.name} is unfinished; its curves follow the folder as it is written."
            )
    grain, x, weight, log = _controls()
    history, problems = _histories(folders, grain)
    for problem in problems:
        st.warning(problem, icon=":material/warning:")
    history = pd.concat([history, *foreign])
    if history.empty:
        st.caption("There is no finished epoch yet; choose a point for each step.")
        return
    history = curves.add_smoothed(history, weight)
    best, changes = curves.best_epochs(history), curves.schedule_changes(history)
    left, right = st.columns(2)
    with left:
        _chart(history, "loss", x, log, best)
    with right:
        _chart(history, "accuracy", x, False, best)
    _chart(history, "learning rate", x, False, changes)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            "A diamond marks the epoch of least validation loss, whose weights are kept; on the learning rate, the end "
            "of its warm-up and sudden drops. Shift and wheel zoom, drag pans, a double click goes back."
        )
        st.download_button("CSV", history.to_csv(index=False), "history.csv", "text/csv", on_click="ignore")


def _controls() -> tuple[str, str, float, bool]:
    """What a point stands for, the axis, the smoothing, and whether the loss is logarithmic."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        grain = st.segmented_control(
            "A point for each", ["epoch", "step"], default="epoch", key="grain", bind="query-params", required=True
        )
        x = st.segmented_control(
            "Against", list(_X), default="epochs", key="against", bind="query-params", required=True
        )
        weight = st.slider(
            "Smoothing",
            *(0.0, 0.99, 0.0, 0.01),
            key="smoothing",
            bind="query-params",
            width=220,
            help="Exponential moving average; the raw line stays visible.",
        )
        log = st.toggle("Logarithmic loss", key="log", bind="query-params")
    return grain, x, weight, log


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


def _story(folder: Path) -> str:
    """How the training of a finished run went, in a sentence; "" where its files do not tell."""
    try:
        history = _read(folder, "history.csv")
        planned = serving.open_path(folder).json("config.json").get("model", {}).get("epochs")
        return "" if history is None or history.empty else curves.story(folder.name, history, planned)
    except (ArtifactError, KeyError):
        return ""


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


def _chart(history: pd.DataFrame, metric: str, x: str, log: bool, marks: pd.DataFrame) -> None:
    """One metric of all runs; ``marks`` are rows whose run and epoch are marked on it."""
    title, y_title = _TITLES[metric]
    lines = history[history["metric"] == metric].dropna(subset=[_X[x]])
    if lines.empty:
        return
    marked = lines.merge(marks[["run", "epoch"]].drop_duplicates(), on=["run", "epoch"])
    ends = ", ".join(f"{run} {line['value'].iloc[-1]:.3g}" for run, line in lines.groupby("run"))
    st.header(title)
    st.altair_chart(
        training_charts.history(
            lines, curves.at_pointer(lines, _X[x]), marked, x=_X[x], x_title=x, y_title=y_title, log=log
        ),
        alt=f"{title}, against {x}; at the end {ends}",
    )


def _settings(folders: list[Path]) -> None:
    """Hyper-parameters and circumstances, a column a run."""
    st.header("Settings")
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

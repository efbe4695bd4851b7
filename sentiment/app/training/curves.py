"""The learning curves of the charted runs, with their controls and the table of epochs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from sentiment.app.shared import chart_block, segments, uploads
from sentiment.app.training import charts, histories, run_files
from sentiment.artifacts import ArtifactError

_X = {"epochs": ("epoch", "epoch"), "steps": ("step", "step"), "minutes": ("minutes", "minute")}  # column and title
_TITLES = {"loss": "Loss (binary cross-entropy)", "accuracy": "Accuracy", "learning rate": "Learning rate"}
_MARKS = {
    "best epoch": "◆ lowest validation loss",
    "early stopping": "■ early stopping",
    "end of warm-up": "▲ end of warm-up",
    "learning-rate drop": "▼ learning-rate drop",
}  # event in ``histories.events`` -> the mark and its meaning
_QUIET_SECONDS = 300  # without a new line, after which an unfinished run counts as interrupted


@dataclass(frozen=True, slots=True)
class _View:
    """How the curves are drawn.

    Attributes:
        grain: the unit of a point, "epoch" or "step".
        x: the column on the horizontal axis.
        x_title: its title.
        smoothing: the weight of the past in a moving average.
        part: the shown part of the training, as two percentages.
        log: whether the axes of loss and learning rate are logarithmic.
    """

    grain: str
    x: str
    x_title: str
    smoothing: float
    part: tuple[int, int]
    log: bool


def show(folders: list[Path], imported: Sequence[pd.DataFrame], colours: Mapping[str, str]) -> None:
    """Shows the controls and the chart of some runs.

    Args:
        folders: the runs of the app.
        imported: the histories of other programs.
        colours: the colour of each run.
    """
    for folder in folders:
        if not histories.finished(folder):
            st.text(_progress(folder))
    header = st.container(horizontal=True, vertical_alignment="center")
    header.header("Learning curves", width="content")
    view = _controls()
    history, problems = _histories(folders, view.grain)
    for problem in problems:
        st.warning(uploads.escape_markdown(problem), icon=":material/warning:")
    history = pd.concat([history, *imported])
    without_axis = [str(run) for run, rows in history.groupby("run") if rows[view.x].isna().all()]
    if without_axis:
        st.info(
            f"{uploads.escape_markdown(', '.join(without_axis))}: no {view.x_title} data, so not shown on this axis."
        )
    history = histories.add_smoothed(history.dropna(subset=[view.x]), view.smoothing)
    if history.empty:
        st.caption("No epoch has finished yet.")
        return
    low, high = histories.axis_range(history, view.x, *view.part)
    planned = {folder.name: run_files.planned_epochs(folder) for folder in folders if histories.finished(folder)}
    lines, marks = (rows[rows[view.x].between(low, high)] for rows in (history, histories.events(history, planned)))
    if lines.empty:
        st.caption("No data in this range.")
    else:
        with header:
            chart_block.show_csv_button(lines, "learning_curves")
        _chart(list(_panels(lines, marks, view)), view, colours, low if view.part[0] else 0.0)
    _epoch_table(history)


def _controls() -> _View:
    """Shows the controls of the curves and returns their values."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        grain = segments.choose(
            "A point per",
            ["epoch", "step"],
            default="epoch",
            key="grain",
            bind="query-params",
        )
        x = segments.choose("X-axis", list(_X), default="epochs", key="against", bind="query-params")
        weight = st.slider(
            "Smoothing",
            min_value=0.0,
            max_value=0.99,
            value=0.0,
            step=0.01,
            key="smoothing",
            bind="query-params",
            width=150,
            help="Exponential moving average; raw values stay visible.",
        )
        part = st.slider(
            "Range",
            min_value=0,
            max_value=100,
            value=(0, 100),
            format="%d%%",
            key="part",
            bind="query-params",
            width=150,
        )
        log = st.toggle("Log scale", key="log", bind="query-params", help="Loss and learning rate.")
    return _View(grain, *_X[x], weight, part, log)


def _histories(folders: list[Path], grain: str) -> tuple[pd.DataFrame, list[str]]:
    """Returns the histories of several runs in one table, and a message for each that cannot be read."""
    frames, problems = [histories.run_history("", grain, None, None)], []
    for folder in folders:
        try:
            tables = (run_files.read_table(folder, part) for part in ("history.csv", "steps.csv"))
            frames.append(histories.run_history(folder.name, grain, *tables))
        except ArtifactError as error:
            problems.append(f"The history of {folder.name} cannot be read: {error}")
        except run_files.MALFORMED:
            problems.append(f"The history of {folder.name} cannot be read: it does not have the expected columns.")
    return pd.concat(frames), problems


def _progress(folder: Path) -> str:
    """Returns a sentence on the progress of an unfinished run."""
    parts = [folder / part for part in ("steps.csv", "history.csv") if (folder / part).is_file()]
    quiet = time.time() - max((part.stat().st_mtime for part in parts), default=0.0)
    try:
        steps, planned = run_files.read_table(folder, "steps.csv"), run_files.planned_epochs(folder)
        return histories.progress_sentence(folder.name, steps, planned, quiet if quiet > _QUIET_SECONDS else None)
    except run_files.MALFORMED:
        return f"{folder.name} has no manifest, and its steps.csv cannot be read."


def _panels(history: pd.DataFrame, marks: pd.DataFrame, view: _View) -> Iterator[charts.Panel]:
    """Yields a panel for each metric with data."""
    places = histories.hover_positions(history, view.x)
    for metric, title in _TITLES.items():
        rows = history[history["metric"] == metric]
        logarithmic = view.log and metric != "accuracy"
        if logarithmic:
            rows = rows[rows[["value", "smoothed"]].min(axis=1) > histories.log_floor(rows)]
        if len(rows):
            pointer = histories.hover_values(rows, view.x, places)
            marked = marks[(marks["metric"] == metric) & marks["value"].ge(rows["value"].min())]
            yield charts.Panel(title, rows, pointer, marked, logarithmic)


def _chart(panels: list[charts.Panel], view: _View, colours: Mapping[str, str], start: float) -> None:
    ends = "; ".join(f"{panel.title}, last values: {_last_values(panel.lines)}" for panel in panels)
    st.echarts_chart(
        charts.learning_curves(panels, x=view.x, x_title=view.x_title, colours=colours, start=start),
        height=charts.HEIGHT,
        key="curves",
        alt=f"Learning curves against {view.x_title}. {ends}",
    )
    shown = {event for panel in panels for event in panel.marks["event"]}
    marks = " · ".join(text for event, text in _MARKS.items() if event in shown)
    st.caption(
        f"{marks}{'. ' if marks else ''}Shift+scroll to zoom, Shift+drag to pan; “Range” zooms from the keyboard."
    )


def _last_values(lines: pd.DataFrame) -> str:
    """Returns the last value of every line, in words."""
    return ", ".join(
        f"{run} in {split} {line['value'].iloc[-1]:.3g}" for (run, split), line in lines.groupby(["run", "split"])
    )


def _epoch_table(history: pd.DataFrame) -> None:
    """Shows the values of every finished epoch in a table."""
    with st.expander("Metrics per epoch", icon=":material/table:"):
        whole = history[(history["epoch"] % 1 == 0) & (history["metric"] != "learning rate")]
        labelled = whole.assign(column=whole["split"] + " " + whole["metric"])
        table = labelled.pivot_table(index=["run", "epoch"], columns="column", values="value").reset_index()
        st.dataframe(
            table.rename_axis(columns=None),
            hide_index=True,
            alt="Loss and accuracy of each run after each epoch",
            column_config={name: st.column_config.NumberColumn(format="%.4f") for name in table.columns[2:]},
        )

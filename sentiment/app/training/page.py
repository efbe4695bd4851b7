"""The Training page: training curves of finished and unfinished runs."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.shared import chart_block, current_run, uploads
from sentiment.app.training import charts, histories, imported_histories
from sentiment.app.training.import_errors import ImportedHistoryError, Say
from sentiment.artifacts import ArtifactError

_X = {"epochs": "epoch", "steps": "step", "minutes": "minutes"}
_RUNS = "runs"  # key of the drawn runs
_SERVED = "training_served"  # key of the model that was served when the page was last drawn
_IMPORTED = "foreign_histories"  # key of the uploaded histories by name
_REMARKS = "foreign_remarks"  # key of the sentences on how they were read, by name
_LOG, _FOLDER = "csv_logger", "tensorboard"  # names of the uploaders
_PROBLEM = "foreign_problem"
_TITLES = {
    "loss": "Loss: binary cross-entropy in nats, lower is better",
    "accuracy": "Accuracy: share judged right, higher is better",
    "learning rate": "Learning rate: how far a step goes",
}
_MALFORMED = (AttributeError, LookupError, TypeError, ValueError)  # errors caused by unexpected content
_TINT = "background-color: rgba(86, 180, 233, 0.22); font-weight: bold"  # visible on white and on black
_QUIET_SECONDS = 300  # without a new line, an unfinished run counts as interrupted


def page() -> None:
    """Shows the curves of the chosen runs, then their settings side by side."""
    st.title("How the model was trained")
    served = current_run.run()
    folders = {path.name: path for path in histories.folders(current_run.runs_folder())}
    _follow_served_run(served.name, folders)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = st.pills(
            "Runs",
            list(folders),
            selection_mode="multi",
            default=[served.name] if served.name in folders else [],
            key=_RUNS,
            bind="query-params",
        )
        with st.popover("From elsewhere", icon=":material/upload_file:"):
            _import_form(set(folders))
    _watch_for_runs({path: histories.finished(path) for path in folders.values()})
    chosen = [folders[name] for name in names]
    imported = list(st.session_state.get(_IMPORTED, {}).values())
    if not chosen and not imported:
        st.caption("Choose a run with a training history to see its curves.")
        return
    live = any(not histories.finished(folder) for folder in chosen)
    for name, remarks in st.session_state.get(_REMARKS, {}).items():
        st.info(uploads.escape_markdown(f"{name}: {' '.join(remarks)}"), icon=":material/info:")
    draw = st.fragment(_curves, run_every="3s") if live else _curves
    draw(chosen, imported, [*folders, *st.session_state.get(_IMPORTED, {})])
    if chosen:
        _settings(chosen)


def _follow_served_run(served: str, folders: Collection[str]) -> None:
    """Replaces the previously served run by the newly chosen one among the drawn runs; others stay."""
    before = st.session_state.get(_SERVED, served)
    st.session_state[_SERVED] = served
    if before != served and _RUNS in st.session_state:
        others = [name for name in st.session_state[_RUNS] if name not in (before, served)]
        st.session_state[_RUNS] = [served, *others] if served in folders else others


@st.fragment(run_every="5s")
def _watch_for_runs(seen: dict[Path, bool]) -> None:
    """Reruns the page when a run starts or ends."""
    if {path: histories.finished(path) for path in histories.folders(current_run.runs_folder())} != seen:
        st.rerun()


def _import_form(names: set[str]) -> None:
    """Shows the uploaders for histories of other programs, and a button that removes them."""
    log, folder = uploads.uploader_key(_LOG), uploads.uploader_key(_FOLDER)
    # Without types: the content decides, and Streamlit would refuse some names with a generic error.
    st.file_uploader("A CSV file, as of Keras' CSVLogger", key=log, on_change=_add_csv, args=(names, log))
    st.file_uploader(
        "A folder of TensorBoard logs",
        accept_multiple_files="directory",
        key=folder,
        on_change=_add_events,
        args=(names, folder),
    )
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(uploads.escape_markdown(problem))
    if stored := st.session_state.get(_IMPORTED):
        st.button(
            f"Remove {uploads.escape_markdown(', '.join(stored))}",
            on_click=_remove_imported,
            icon=":material/delete:",
        )


def _remove_imported() -> None:
    st.session_state[_IMPORTED].clear()
    st.session_state[_REMARKS].clear()


def _add_csv(names: set[str], key: str) -> None:
    for file in uploads.read_and_release(_LOG, st.session_state[key]):
        _add(partial(imported_histories.from_csv, file.name, file.getvalue()), names)


def _add_events(names: set[str], key: str) -> None:
    if files := {file.name: file.getvalue() for file in uploads.read_and_release(_FOLDER, st.session_state[key])}:
        events = {name: content for name, content in files.items() if "tfevents" in name}
        _add(partial(imported_histories.from_events, events), names)


def _add(read: Callable[[Say], pd.DataFrame], names: set[str]) -> None:
    """Stores the imported histories and the remarks on them, or the error message if they cannot be read."""
    remarks: dict[str, list[str]] = defaultdict(list)
    try:
        histories = read(lambda run, sentence: remarks[run].append(sentence))
    except ImportedHistoryError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    stored, said = (st.session_state.setdefault(key, {}) for key in (_IMPORTED, _REMARKS))
    for run in dict.fromkeys([*histories["run"], *remarks]):
        name = f"{run} (elsewhere)" if run in names else run
        stored.pop(name, None)
        said.pop(name, None)
        if len(history := histories[histories["run"] == run]):
            stored[name] = history.assign(run=name)
        if remarks[run]:
            said[name] = remarks[run]


def _curves(folders: list[Path], imported: list[pd.DataFrame], known: list[str]) -> None:
    """Shows controls and charts. During a training, only this fragment is redrawn every few seconds."""
    for folder in folders:
        st.text(_summary(folder) if histories.finished(folder) else _progress(folder))
    view = _controls()
    x = view.x
    history, problems = _histories(folders, view.grain)
    for problem in problems:
        st.warning(problem, icon=":material/warning:")
    history = pd.concat([history, *imported])
    without_axis = [str(run) for run, rows in history.groupby("run") if rows[_X[x]].isna().all()]
    if without_axis:
        st.info(
            f"Not drawn against {x}, which its history does not tell: "
            f"{uploads.escape_markdown(', '.join(without_axis))}."
        )
    history = histories.add_smoothed(history.dropna(subset=[_X[x]]), view.smoothing)
    if history.empty:
        st.caption("There is no finished epoch yet.")
        return
    planned = {folder.name: _planned(folder) for folder in folders if histories.finished(folder)}
    low, high = histories.axis_range(history, _X[x], *view.part)
    lines, marks = (rows[rows[_X[x]].between(low, high)] for rows in (history, histories.events(history, planned)))
    if lines.empty:
        st.caption("No point lies in that part of the training; choose a longer one.")
    else:
        _chart(lines, marks, x, view.log, known, 0.0 if x != "epochs" and not view.part[0] else None)
        st.caption(
            "◆ least validation loss, whose weights are kept · ■ stopped early · ▲ end of warm-up · ▼ drop of the "
            "rate. The rule shows the values of all lines, smoothed ones in parentheses; shift and wheel zoom, drag "
            "pans, a double click goes back; from the keyboard, “Part shown” zooms. The CSV files hold what is shown."
        )
    _epoch_table(history)


@dataclass(frozen=True, slots=True)
class _View:
    """How the curves are drawn.

    Attributes:
        grain: the unit of a point, "epoch" or "step".
        x: the horizontal axis.
        smoothing: the weight of the past in a moving average.
        part: the shown part of the training, as two percentages.
        log: whether the axes of loss and learning rate are logarithmic.
    """

    grain: str
    x: str
    smoothing: float
    part: tuple[int, int]
    log: bool


def _controls() -> _View:
    """Shows the controls above the curves and returns their values."""
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
            width=180,
            help="Exponential moving average; the raw line stays visible.",
        )
        part = st.slider("Part shown", *(0, 100, (0, 100)), format="%d %%", key="part", bind="query-params", width=180)
        log = st.toggle("Logarithmic", key="log", bind="query-params", help="Of loss and learning rate.")
    return _View(grain, x, weight, part, log)


def _histories(folders: list[Path], grain: str) -> tuple[pd.DataFrame, list[str]]:
    """Returns the histories of several runs in one table, and a message for each that cannot be read."""
    frames, problems = [histories.run_history("", grain, None, None)], []
    for folder in folders:
        try:
            frames.append(
                histories.run_history(
                    folder.name, grain, _read_table(folder, "history.csv"), _read_table(folder, "steps.csv")
                )
            )
        except ArtifactError as error:
            problems.append(f"The history of {folder.name} cannot be read: {error}")
        except _MALFORMED:
            problems.append(f"The history of {folder.name} cannot be read: it does not have the expected columns.")
    return pd.concat(frames), problems


def _summary(folder: Path) -> str:
    """Returns a sentence on the training of a finished run; "" if its files are missing or malformed."""
    try:
        history = _read_table(folder, "history.csv")
        if history is None or history.empty:
            return ""
        return histories.summary_sentence(folder.name, history, _planned(folder))
    except (ArtifactError, *_MALFORMED):
        return ""


def _progress(folder: Path) -> str:
    """Returns a sentence on the progress of an unfinished run."""
    parts = [folder / part for part in ("steps.csv", "history.csv") if (folder / part).is_file()]
    quiet = time.time() - max((part.stat().st_mtime for part in parts), default=0.0)
    try:
        steps = _read_table(folder, "steps.csv")
        return histories.progress_sentence(
            folder.name, steps, _planned(folder), quiet if quiet > _QUIET_SECONDS else None
        )
    except _MALFORMED:
        return f"{folder.name} has no manifest, and its steps.csv cannot be read."


def _planned(folder: Path) -> int | None:
    """Returns the maximum number of epochs in the run's settings, None if unknown."""
    try:
        epochs = _read_settings(folder).get("model", {}).get("epochs")
    except (ArtifactError, *_MALFORMED):
        return None
    return epochs if isinstance(epochs, int) else None


def _read_table(folder: Path, part: str) -> pd.DataFrame | None:
    """Reads a table of a run. An incomplete last line of an unfinished run is left out."""
    if histories.finished(folder):
        run = current_run.open_path(folder)
        return current_run.read_table(part, run) if run.has(part) else None
    if not (folder / part).is_file():
        return None
    complete, _, _ = (folder / part).read_text(encoding="utf-8").rpartition("\n")
    lines = [line.split(",") for line in complete.splitlines()]
    return pd.DataFrame(lines[1:], columns=lines[0]).apply(pd.to_numeric) if len(lines) > 1 else None


def _chart(
    history: pd.DataFrame, marks: pd.DataFrame, x: str, log: bool, known: list[str], start: float | None
) -> None:
    """Shows every metric of all runs, with the axis from ``start`` on, and offers the rows as CSV."""
    places = histories.hover_positions(history, _X[x])
    panels = []
    for metric, title in _TITLES.items():
        rows = history[history["metric"] == metric]
        logarithmic = log and metric != "accuracy"
        if logarithmic:
            rows = rows[rows[["value", "smoothed"]].min(axis=1) > histories.log_floor(rows)]
        if len(rows):
            pointer = histories.hover_values(rows, _X[x], places)
            marked = marks[(marks["metric"] == metric) & marks["value"].ge(rows["value"].min())]
            panels.append(charts.Panel(metric.replace(" ", ""), title, rows, pointer, marked, logarithmic))
    ends = "; ".join(f"{panel.title}, at the end of what is shown {_last_values(panel.lines)}" for panel in panels)
    st.header("How each run learned")
    st.altair_chart(
        charts.history(panels, x=_X[x], x_title=x, runs=known, start=start),
        key="curves",
        width="stretch",
        alt=f"Curves against {x}. {ends}",
    )
    with st.container(horizontal=True):
        for panel in panels:
            label = panel.title.partition(":")[0]
            chart_block.show_csv_button(panel.lines, label.lower().replace(" ", "_"), f"{label} as CSV")


def _last_values(lines: pd.DataFrame) -> str:
    """Returns the last value of every line, in words."""
    return ", ".join(
        f"{run} in {split} {line['value'].iloc[-1]:.3g}" for (run, split), line in lines.groupby(["run", "split"])
    )


def _epoch_table(history: pd.DataFrame) -> None:
    """Shows the values of every finished epoch in a table."""
    with st.expander("Epoch by epoch", icon=":material/table:"):
        whole = history[(history["epoch"] % 1 == 0) & (history["metric"] != "learning rate")]
        labelled = whole.assign(column=whole["split"] + " " + whole["metric"])
        table = labelled.pivot_table(index=["run", "epoch"], columns="column", values="value").reset_index()
        st.dataframe(
            table.rename_axis(columns=None),
            hide_index=True,
            alt="Loss and accuracy of each run after each epoch",
            column_config={name: st.column_config.NumberColumn(format="%.4f") for name in table.columns[2:]},
        )


def _settings(folders: list[Path]) -> None:
    """Shows hyper-parameters and environment, a column for each run; rows that differ are tinted."""
    st.header("Settings")
    facts = {}
    with chart_block.report_malformed_file(", ".join(folder.name for folder in folders), "metadata.json"):
        facts = {folder.name: _read_settings(folder) for folder in folders}
    if not facts:
        return
    table = histories.settings_table(facts)
    if "differs" not in table:
        st.dataframe(table, hide_index=True, alt="Settings of the run", column_config=_columns(table))
        chart_block.show_csv_button(table, "settings", "Settings as CSV")
        return
    only = st.toggle("Only what differs", key="only_differences", bind="query-params")
    differs = table["differs"]
    table = (table[differs] if only else table).drop(columns="differs")
    st.dataframe(
        table.style.apply(lambda row: [_TINT if differs[row.name] and not only else ""] * len(row), axis=1),
        hide_index=True,
        alt="Settings of the runs, side by side; tinted rows differ",
        column_config=_columns(table),
    )
    chart_block.show_csv_button(table, "settings", "Settings as CSV")


def _columns(table: pd.DataFrame) -> dict[str, Any]:
    return {name: st.column_config.TextColumn(width="medium") for name in table.columns}


def _read_settings(folder: Path) -> dict[str, Any]:
    """Returns the content of ``config.json`` and ``metadata.json``, without duplicates.

    Raises:
        ArtifactError: a file of a finished run is damaged.
    """
    facts: dict[str, Any] = {}
    for part in ("config.json", "metadata.json"):
        facts |= _read_json(folder, part)
    if "model" in facts:
        facts.pop("options", None)  # a duplicate
    return {name: value for name, value in facts.items() if name not in {"format", "stages", "summary", "preset"}}


def _read_json(folder: Path, part: str) -> dict[str, Any]:
    """Reads a JSON file of a run; returns {} if an unfinished run does not have a valid one yet."""
    if histories.finished(folder):
        run = current_run.open_path(folder)
        return run.json(part) if run.has(part) else {}
    try:
        return dict(json.loads((folder / part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}

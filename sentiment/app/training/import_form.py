"""The form that imports training histories of other programs, which are kept for the session."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from sentiment.app.shared import uploads
from sentiment.app.training import imported_histories, runs_table
from sentiment.app.training.import_errors import ImportedHistoryError, Remark

_IMPORTED = "foreign_histories"  # key of the imported histories, by name
_REMARKS = "foreign_remarks"  # key of the sentences on how they were read, by name
_LOG, _FOLDER = "csv_logger", "tensorboard"  # names of the uploaders
_PROBLEM = "foreign_problem"  # key of the error message until it is shown


def imported() -> dict[str, pd.DataFrame]:
    """Returns the imported histories by name."""
    histories: dict[str, pd.DataFrame] = st.session_state.get(_IMPORTED, {})
    return histories


def show(names: set[str]) -> None:
    """Shows the uploaders for histories of other programs, and a button that removes them.

    Args:
        names: the names of the app's own runs, which no imported history may have.
    """
    log, folder = uploads.uploader_key(_LOG), uploads.uploader_key(_FOLDER)
    # Without types: the content decides, and Streamlit would refuse some names with a generic error.
    st.file_uploader("Keras CSVLogger file", key=log, on_change=_add_csv, args=(names, log))
    st.file_uploader(
        "TensorBoard log directory",
        accept_multiple_files="directory",
        key=folder,
        on_change=_add_events,
        args=(names, folder),
    )
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(uploads.escape_markdown(problem))
    if stored := imported():
        st.button(
            f"Remove {uploads.escape_markdown(', '.join(stored))}",
            on_click=_remove,
            icon=":material/delete:",
        )


def show_remarks() -> None:
    """Shows the remarks on how the imported histories were read."""
    for name, remarks in st.session_state.get(_REMARKS, {}).items():
        st.info(uploads.escape_markdown(f"{name}: {' '.join(remarks)}"), icon=":material/info:")


def _remove() -> None:
    st.session_state[_IMPORTED].clear()
    st.session_state[_REMARKS].clear()


def _add_csv(names: set[str], key: str) -> None:
    for file in uploads.read_and_release(_LOG, st.session_state[key]):
        _add(partial(imported_histories.from_csv, file.name, file.getvalue()), names)


def _add_events(names: set[str], key: str) -> None:
    if files := {file.name: file.getvalue() for file in uploads.read_and_release(_FOLDER, st.session_state[key])}:
        events = {name: content for name, content in files.items() if "tfevents" in name}
        _add(partial(imported_histories.from_events, events), names)


def _add(read: Callable[[Remark], pd.DataFrame], names: set[str]) -> None:
    """Stores the imported histories and the remarks on them, or the error message if they cannot be read."""
    remarks: dict[str, list[str]] = defaultdict(list)
    try:
        histories = read(lambda run, sentence: remarks[run].append(sentence))
    except ImportedHistoryError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    stored, stored_remarks = (st.session_state.setdefault(key, {}) for key in (_IMPORTED, _REMARKS))
    for run in dict.fromkeys([*histories["run"], *remarks]):
        name = f"{run} (imported)" if run in names else run
        stored.pop(name, None)
        stored_remarks.pop(name, None)
        if len(history := histories[histories["run"] == run]):
            stored[name] = history.assign(run=name)
            runs_table.add([name])
        if remarks[run]:
            stored_remarks[name] = remarks[run]

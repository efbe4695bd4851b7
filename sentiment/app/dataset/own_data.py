"""A visitor's own labelled file on the Dataset page: described in a process of its own, kept for the session."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.shared import navigation, uploads
from sentiment.dataset.describe import COUNTS, FACTS
from sentiment.formatting import duration

_ROOT = Path(__file__).resolve().parents[3]
_DESCRIPTION = "own_data"
_UPLOAD = "own_data"
_PROBLEM = "own_data_problem"
_TIMEOUT = 600.0  # seconds, for a file
_NAME, _SUFFIX = 50, 10  # characters that are kept of a file name and of its ending; each may take four bytes
_LOCK_SECONDS = 60.0  # seconds that it waits for others at most
_LOCK = threading.Lock()  # one file at a time, for each takes many times its size in memory


@dataclass(frozen=True, slots=True)
class Description:
    """What was found in a file.

    Attributes:
        name: of the file.
        facts: as in a run's ``dataset.json``.
        counts: as in its ``word_counts.parquet``.
    """

    name: str
    facts: dict[str, Any]
    counts: pd.DataFrame


def show_form(max_length: int) -> Description | None:
    """The form to look at a file; gives what was found in it, None while there is none.

    Args:
        max_length: tokens the served model reads.
    """
    held: Description | None = st.session_state.get(_DESCRIPTION)
    with st.expander("Look at data of your own", icon=":material/upload_file:", expanded=_PROBLEM in st.session_state):
        with st.form("own_data_form", border=False):
            # Without types: the content decides, and Streamlit would refuse some names by the general error.
            file = st.file_uploader(
                "Labelled reviews: a CSV or its zip, Parquet, or the Stanford archive",
                key=uploads.uploader_key(_UPLOAD),
            )
            with st.container(horizontal=True):
                text = st.text_input("Column of the texts", placeholder="review or text", width=220)
                label = st.text_input("Column of the labels", placeholder="sentiment or label", width=220)
            asked = st.form_submit_button("Describe it", icon=":material/query_stats:")
        if problem := st.session_state.pop(_PROBLEM, None):
            st.error(uploads.escape_markdown(problem), icon=":material/error:")
        st.caption("It is split and cleaned as for training. Only the counts are kept, and those for this session.")
    if asked and file:
        with st.spinner("Reading the file"):
            _describe_in_turn(file, text.strip(), label.strip(), max_length)
        st.rerun()
    if held:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"This page shows {held.name}.")
            st.button("Back to the run's data", on_click=_forget, icon=":material/undo:")
            navigation.show_link("bulk", "Judge it, and find doubtful labels, on the Bulk page")
    return held


def _describe_in_turn(file: Any, text: str, label: str, max_length: int) -> None:
    """Describes an upload when its turn comes, or says why not; a file whose turn does not come stays in the form."""
    if not _LOCK.acquire(timeout=_LOCK_SECONDS):
        st.session_state[_PROBLEM] = "The files of others are being read; try again in a minute."
        return
    try:
        [content] = [each.getvalue() for each in uploads.read_and_release(_UPLOAD, file)]
        _describe(file.name, content, text, label, max_length)
    except OSError:
        st.session_state[_PROBLEM] = (
            "The server could not store the file: its disk is full or read-only, or the file's name is too long."
        )
    finally:
        _LOCK.release()


def _describe(name: str, content: bytes, text: str, label: str, max_length: int) -> None:
    """Stores the summary of a file, or why there is none; the file is deleted from the disk in either case."""
    name = _safe_name(name)
    try:
        with tempfile.TemporaryDirectory(prefix="sentiment-") as scratch:
            _describe_in(Path(scratch), name, content, text, label, max_length)
    except OSError as error:
        st.session_state[_PROBLEM] = (
            f"{name} cannot be read, since the server cannot store it ({error.strerror or 'unknown reason'}). "
            "Try again later, or tell whoever runs this server."
        )


def _describe_in(scratch: Path, name: str, content: bytes, text: str, label: str, max_length: int) -> None:
    """Does the work of ``_describe`` in a folder of its own.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    path, output = scratch / "input" / name, scratch / "output"
    for folder in (path.parent, output):
        folder.mkdir()
    path.write_bytes(content)
    command = [
        sys.executable,
        "-m",
        "sentiment.dataset.describe",
        str(path),
        str(output),
        "--max-length",
        str(max_length),
    ]
    named = {"--text-column": text, "--label-column": label}
    # A column's name may begin with a dash, and none can hold NUL, which no command line can.
    command += [f"{option}={column.replace(chr(0), '')}" for option, column in named.items() if column]
    try:
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        st.session_state[_PROBLEM] = f"{name} was given up after {duration(_TIMEOUT)}; try a part of it."
        return
    if done.returncode == 0:
        facts = json.loads((output / FACTS).read_text(encoding="utf-8"))
        st.session_state[_DESCRIPTION] = Description(name, facts, pd.read_parquet(output / COUNTS))
    else:
        said = done.stderr.strip() if done.returncode == 2 else f"{name} could not be described."
        st.session_state[_PROBLEM] = _form_wording(said)


def _safe_name(name: str) -> str:
    """The name of an uploaded file as any file system takes it: no folder, no control character, not too long."""
    clean = "".join(character if character.isprintable() else " " for character in name)
    clean = clean.replace("\\", "/").rpartition("/")[2].strip(" .") or "upload"
    stem, dot, suffix = clean.rpartition(".")
    if dot and len(suffix) <= _SUFFIX:
        return f"{stem[:_NAME]}.{suffix}"
    return clean[:_NAME]


def _form_wording(said: str) -> str:
    """A sentence of a command line, which names its options, as the form has them."""
    return said.replace(" with --text-column", " above").replace(" with --label-column", " above")


def _forget() -> None:
    st.session_state.pop(_DESCRIPTION, None)

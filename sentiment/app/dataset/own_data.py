"""A visitor's own labelled file on the Dataset page: summarised in a subprocess, kept for the session."""

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
from sentiment.bulk.jobs.settings import Settings
from sentiment.dataset.describe import COUNTS, FACTS
from sentiment.formatting import duration
from sentiment.tables.errors import FileError

_ROOT = Path(__file__).resolve().parents[3]
_DESCRIPTION = "own_data"
_UPLOAD = "own_data"
_PROBLEM = "own_data_problem"
_TIMEOUT = 600.0  # seconds to summarise a file
_NAME, _SUFFIX = 50, 10  # characters kept of a file name and its suffix; each may take four bytes
_LOCK_SECONDS = 60.0  # to wait for other uploads
_LOCK = threading.Lock()  # one file at a time, because each takes many times its size in memory


@dataclass(frozen=True, slots=True)
class Description:
    """The summary of a file.

    Attributes:
        name: name of the file.
        facts: content as in a run's ``dataset.json``.
        counts: content as in a run's ``word_counts.parquet``.
    """

    name: str
    facts: dict[str, Any]
    counts: pd.DataFrame


def show_form(max_length: int) -> Description | None:
    """Shows the upload form; returns the summary of the uploaded file, None if there is none.

    Args:
        max_length: the served model's maximum length in tokens.
    """
    description: Description | None = st.session_state.get(_DESCRIPTION)
    with st.expander("Look at data of your own", icon=":material/upload_file:", expanded=_PROBLEM in st.session_state):
        with st.form("own_data_form", border=False):
            # Without types: the content decides, and Streamlit would refuse some names with a generic error.
            file = st.file_uploader(
                "Labelled reviews: a CSV or its zip, Parquet, or the Stanford archive",
                key=uploads.uploader_key(_UPLOAD),
            )
            with st.container(horizontal=True):
                text = st.text_input("Column of the texts", placeholder="review or text", width=220)
                label = st.text_input("Column of the labels", placeholder="sentiment or label", width=220)
            submitted = st.form_submit_button("Describe it", icon=":material/query_stats:")
        if problem := st.session_state.pop(_PROBLEM, None):
            st.error(uploads.escape_markdown(problem), icon=":material/error:")
        st.caption("It is split and cleaned as for training. Only the counts are kept, and those for this session.")
    if submitted and file:
        with st.spinner("Reading the file"):
            _describe_in_turn(file, text.strip(), label.strip(), max_length)
        st.rerun()
    if description:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"This page shows {description.name}.")
            st.button("Back to the run's data", on_click=_forget, icon=":material/undo:")
            navigation.show_link("bulk", "Judge it, and find doubtful labels, on the Bulk page")
    return description


def _describe_in_turn(file: Any, text: str, label: str, max_length: int) -> None:
    """Summarises an upload as soon as no other is being processed. On a timeout the file stays in the form."""
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
    """Stores the file's summary, or why it could not be read. The file is deleted."""
    name = _safe_name(name)
    try:
        with tempfile.TemporaryDirectory(prefix="sentiment-") as scratch:
            _describe_in(Path(scratch), name, content, text, label, max_length)
    except FileError as error:  # a setting of the server
        st.session_state[_PROBLEM] = str(error)
    except OSError as error:
        st.session_state[_PROBLEM] = (
            f"{name} cannot be read, since the server cannot store it ({error.strerror or 'unknown reason'}). "
            "Try again later, or tell whoever runs this server."
        )


def _describe_in(scratch: Path, name: str, content: bytes, text: str, label: str, max_length: int) -> None:
    """Summarises the file in a temporary folder, in a subprocess.

    Raises:
        OSError: the disk is full or read-only.
        FileError: a setting of the server is not valid.
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
        "--memory",
        str(Settings.from_environment().memory),
    ]
    named = {"--text-column": text, "--label-column": label}
    # "=" allows names that start with a dash; NUL cannot be passed on a command line.
    command += [f"{option}={column.replace(chr(0), '')}" for option, column in named.items() if column]
    try:
        process = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        st.session_state[_PROBLEM] = f"{name} was given up after {duration(_TIMEOUT)}; try a part of it."
        return
    if process.returncode == 0:
        facts = json.loads((output / FACTS).read_text(encoding="utf-8"))
        st.session_state[_DESCRIPTION] = Description(name, facts, pd.read_parquet(output / COUNTS))
    else:
        message = process.stderr.strip() if process.returncode == 2 else f"{name} could not be described."
        st.session_state[_PROBLEM] = _form_wording(message)


def _safe_name(name: str) -> str:
    """Returns a file name that every file system accepts: no folder, no control characters, limited length."""
    clean = "".join(character if character.isprintable() else " " for character in name)
    clean = clean.replace("\\", "/").rpartition("/")[2].strip(" .") or "upload"
    stem, dot, suffix = clean.rpartition(".")
    if dot and len(suffix) <= _SUFFIX:
        return f"{stem[:_NAME]}.{suffix}"
    return clean[:_NAME]


def _form_wording(message: str) -> str:
    """Replaces command-line options in an error message by the fields of the form."""
    return message.replace(" with --text-column", " above").replace(" with --label-column", " above")


def _forget() -> None:
    st.session_state.pop(_DESCRIPTION, None)

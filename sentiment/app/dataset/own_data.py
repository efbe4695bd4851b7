"""A visitor's own labelled file on the Dataset page: summarised in a subprocess, kept for the session."""

from __future__ import annotations

import json
import re
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
from sentiment.app.shared.buttons import primary_label
from sentiment.budget import Settings
from sentiment.dataset.describe import COUNTS, FACTS
from sentiment.formatting import duration
from sentiment.paths import HOME
from sentiment.tables.errors import FileError

_DESCRIPTION = "own_data"  # key of the summary
_UPLOAD = "own_data"  # name of the uploader
_PROBLEM = "own_data_problem"  # key of the error message until it is shown
_STEM_CHARACTERS, _SUFFIX_CHARACTERS = 50, 10  # kept of a file name; each may take four bytes
_LOCK_SECONDS = 60.0  # to wait for other uploads
_LOCK = threading.Lock()  # one file at a time, because each takes many times its size in memory
_FIELDS = {  # option of the command line -> field of the form
    "--text-column": "Text column",
    "--label-column": "Label column",
    "--labels": "Meaning of the labels",
    "--sheet": "Sheet",
    "--delimiter": "Delimiter",
    "--encoding": "Encoding",
}
_HEADER = "First row has column names"
_HEADERS = {"Auto-detect": "", "yes": "--header", "no": "--no-header"}
_MEANS = {"neutral": "neither, left out", "empty": "no label, left out", "unknown": "unknown, left out"}


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


def described() -> Description | None:
    """Returns the summary of the visitor's file, None if there is none."""
    description: Description | None = st.session_state.get(_DESCRIPTION)
    return description


def show_form(max_length: int) -> None:
    """Shows the upload form, and the name of the file that the page shows.

    Args:
        max_length: the chosen model's maximum length in tokens.
    """
    if description := described():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"Showing {description.name}", width="content")
            st.button("Back to training data", on_click=_forget, icon=":material/undo:")
            navigation.show_link("bulk", "Score it and find label errors")
    # Without types: the content decides, and Streamlit would refuse some names with a generic error.
    file = st.file_uploader(
        "Labelled reviews: CSV (also zipped), Excel, Parquet, or the archive of the IMDB dataset (aclImdb)",
        key=uploads.uploader_key(_UPLOAD),
    )
    with st.expander("Columns and format", icon=":material/tune:"):
        options = _reading_fields()
    label = primary_label("Analyse", ":material/query_stats:", disabled=file is None)
    submitted = st.button(label, key="own_data_analyse", type="primary", disabled=file is None)
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(uploads.escape_markdown(problem), icon=":material/error:")
    st.caption("Your file is split and de-duplicated as for training. Only its statistics are kept, for this session.")
    if submitted and file:
        with st.spinner("Reading the file"):
            _describe_in_turn(file, options, max_length)
        st.rerun()


def show_interpretation(description: Description) -> None:
    """Shows which columns of a table were read, what each label means, and which guesses may be wrong."""
    found = description.facts.get("interpretation")
    if found is None:
        return
    texts = " and ".join(f"“{uploads.escape_markdown(name)}”" for name in found["text"])
    st.write(f"Text column: {texts}. Label column: “{uploads.escape_markdown(found['label'])}”.")
    st.dataframe(
        {
            "Label": [label["value"] for label in found["labels"]],
            "Meaning": [_MEANS.get(label["means"], label["means"]) for label in found["labels"]],
            "Rows": [label["n"] for label in found["labels"]],
        },
        hide_index=True,
        width="content",
        alt="What each label means, and how many rows have it",
    )
    for note in found["notes"]:
        st.warning(uploads.escape_markdown(_form_wording(note)), icon=":material/help:")
    st.caption("To read it differently, set the columns under “Your data” and choose the file again.")


def _reading_fields() -> list[str]:
    """Shows the fields on how to read a table; returns the filled-in ones as command-line options."""
    with st.container(horizontal=True):
        texts = {
            option: st.text_input(
                field,
                placeholder="good=positive,bad=negative,ok=none" if option == "--labels" else "Auto-detect",
                width=280 if option == "--labels" else 200,
            )
            for option, field in _FIELDS.items()
        }
        header = st.selectbox(_HEADER, list(_HEADERS), width=200)
    # "=" allows values that start with a dash; NUL cannot be passed on a command line.
    options = [f"{option}={text.replace(chr(0), '').strip()}" for option, text in texts.items() if text.strip("\0 ")]
    return [*options, *filter(None, [_HEADERS[header]])]


def _describe_in_turn(file: Any, options: list[str], max_length: int) -> None:
    """Summarises an upload as soon as no other is being processed. On a timeout the file stays in the form."""
    if not _LOCK.acquire(timeout=_LOCK_SECONDS):
        st.session_state[_PROBLEM] = "The server is busy. Try again in a minute."
        return
    try:
        [content] = [each.getvalue() for each in uploads.read_and_release(_UPLOAD, file)]
        _describe(file.name, content, options, max_length)
    except OSError:
        st.session_state[_PROBLEM] = (
            "The server could not store the file: its disk is full or read-only, or the file's name is too long."
        )
    finally:
        _LOCK.release()


def _describe(name: str, content: bytes, options: list[str], max_length: int) -> None:
    """Stores the file's summary, or why it could not be read. Deletes the file."""
    name = _safe_name(name)
    try:
        with tempfile.TemporaryDirectory(prefix="sentiment-") as scratch:
            _describe_in(Path(scratch), name, content, options, max_length)
    except FileError as error:  # a setting of the server
        st.session_state[_PROBLEM] = str(error)
    except OSError as error:
        st.session_state[_PROBLEM] = (
            f"{name} cannot be read, because the server cannot store it ({error.strerror or 'unknown reason'}). "
            "Try again later, or ask the operator of this server."
        )


def _describe_in(scratch: Path, name: str, content: bytes, options: list[str], max_length: int) -> None:
    """Summarises the file in a temporary folder, in a subprocess.

    Raises:
        OSError: the disk is full or read-only.
        FileError: a setting of the server is not valid.
    """
    path, output = scratch / "input" / name, scratch / "output"
    settings = Settings.from_environment()
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
        str(settings.memory),
        *options,
    ]
    try:
        process = subprocess.run(
            command, cwd=HOME, capture_output=True, text=True, timeout=settings.seconds or None, check=False
        )
    except subprocess.TimeoutExpired:
        st.session_state[_PROBLEM] = f"{name} took too long ({duration(settings.seconds)}). Try a smaller sample."
        return
    if process.returncode == 0:
        facts = json.loads((output / FACTS).read_text(encoding="utf-8"))
        st.session_state[_DESCRIPTION] = Description(name, facts, pd.read_parquet(output / COUNTS))
    else:
        message = process.stderr.strip() if process.returncode == 2 else f"{name} could not be analysed."
        st.session_state[_PROBLEM] = _form_wording(message)


def _safe_name(name: str) -> str:
    """Returns a file name that any file system accepts: without folders or control characters, and not too long."""
    clean = "".join(character if character.isprintable() else " " for character in name)
    clean = clean.replace("\\", "/").rpartition("/")[2].strip(" .") or "upload"
    stem, dot, suffix = clean.rpartition(".")
    if dot and len(suffix) <= _SUFFIX_CHARACTERS:
        return f"{stem[:_STEM_CHARACTERS]}.{suffix}"
    return clean[:_STEM_CHARACTERS]


def _form_wording(message: str) -> str:
    """Replaces command-line options in an error message by the fields of the form."""
    for option, field in _FIELDS.items():
        message = re.sub(rf"{option}\b(?!-)", f"“{field}”", message)
    return message.replace("use --no-header", f"set “{_HEADER}” to “no”")


def _forget() -> None:
    st.session_state.pop(_DESCRIPTION, None)

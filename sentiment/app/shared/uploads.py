"""Handles untrusted input: escapes strings for Markdown, and releases uploaded files after reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import DeletedFile

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")  # ASCII punctuation, which Markdown can escape
_AUTOLINKS = re.compile(r"(?<=www)(?=\.)|(?<=http)(?=://)|(?<=https)(?=://)|(?=@)", re.IGNORECASE)
_WORD_JOINER = "\u2060"  # invisible; GitHub's Markdown finds URLs after it resolves escapes


def escape_markdown(text: str) -> str:
    """Returns Markdown that shows a text literally, on one line: without images, links or formatting."""
    return _PUNCTUATION.sub(r"\\\1", _AUTOLINKS.sub(_WORD_JOINER, " ".join(text.split())))


def uploader_key(name: str) -> str:
    """Returns a widget key that changes after each upload, so that Streamlit drops the last file."""
    return f"{name}-{st.session_state.setdefault(_counter_key(name), 0)}"


def read_and_release(name: str, given: Any) -> Iterator[Any]:
    """Yields the uploaded files, then removes Streamlit's copy, which it would keep for the whole session.

    Args:
        name: name of the uploader.
        given: the value of the uploader: a file, a list of files, or None.
    """
    files = given if isinstance(given, list) else [given]
    # Streamlit reports a released file again, as a ``DeletedFile``.
    files = [file for file in files if file is not None and not isinstance(file, DeletedFile)]
    context = get_script_run_ctx()
    for file in files:
        yield file
        if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    if files:
        st.session_state[_counter_key(name)] += 1


def _counter_key(name: str) -> str:
    return f"{name}_uploads"

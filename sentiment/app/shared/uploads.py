"""What comes from outside: strings of files and the files themselves, shown as they are and not kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import DeletedFile

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")  # all of ASCII's punctuation, any of which Markdown lets one escape
_AUTOLINKS = re.compile(r"(?<=www)(?=\.)|(?<=http)(?=://)|(?<=https)(?=://)|(?=@)", re.IGNORECASE)
_WORD_JOINER = "\u2060"  # invisible; GitHub's Markdown looks for addresses in text whose escapes are already resolved


def escape_markdown(text: str) -> str:
    """Returns Markdown that shows a text as it is, on one line: without images, links or formatting."""
    return _PUNCTUATION.sub(r"\\\1", _AUTOLINKS.sub(_WORD_JOINER, " ".join(text.split())))


def uploader_key(name: str) -> str:
    """The key of an uploader, another one after each upload, so that the file of the last is let go."""
    return f"{name}-{st.session_state.setdefault(_counter_key(name), 0)}"


def read_and_release(name: str, given: Any) -> Iterator[Any]:
    """The files of an upload, each while it is read; then Streamlit's copy goes, which it would keep for the session.

    Args:
        name: that of the uploader.
        given: what the uploader returns: a file, files, or none.
    """
    files = given if isinstance(given, list) else [given]
    files = [file for file in files if file is not None and not isinstance(file, DeletedFile)]  # told of again
    context = get_script_run_ctx()
    for file in files:
        yield file
        if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    if files:
        st.session_state[_counter_key(name)] += 1


def _counter_key(name: str) -> str:
    return f"{name}_uploads"

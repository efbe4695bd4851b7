"""A sentence instead of a general error where the server's disk is full or read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st

from sentiment.app.shared.uploads import escape_markdown
from sentiment.bulk.errors import BulkError
from sentiment.bulk.jobs import limits

_PROBLEM = "storing_problem"  # until it has been shown

T = TypeVar("T")


def run_action(action: Callable[..., T], *arguments: object) -> T | None:
    """Performs an action; keeps the sentence for ``show_problem``, and returns None, if it fails."""
    try:
        return action(*arguments)
    except (BulkError, OSError) as error:
        st.session_state[_PROBLEM] = error_message(error)
        return None


def show_stored_error() -> None:
    """Shows why the last action failed, once."""
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(escape_markdown(problem), icon=":material/error:")


@contextmanager
def show_disk_errors() -> Iterator[None]:
    """Shows an error of the disk as a sentence in its place."""
    try:
        yield
    except OSError as error:
        st.error(escape_markdown(error_message(error)), icon=":material/error:")


def error_message(error: BulkError | OSError) -> str:
    """Returns a sentence about an error, without the paths that an error of the system may have."""
    return str(error) if isinstance(error, BulkError) else limits.explain(error)

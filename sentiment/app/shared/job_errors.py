"""Shows errors of scoring jobs, such as a full or read-only disk, as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st

from sentiment.app.shared.uploads import escape_markdown
from sentiment.bulk.jobs import limits
from sentiment.tables.errors import FileError

_PROBLEM = "storing_problem"  # the message until it is shown

T = TypeVar("T")


def run_action(action: Callable[..., T], *arguments: object) -> T | None:
    """Runs an action; on failure stores the message for ``show_stored_error`` and returns None."""
    try:
        return action(*arguments)
    except (FileError, OSError) as error:
        st.session_state[_PROBLEM] = error_message(error)
        return None


def show_stored_error() -> None:
    """Shows the message of the last failed action, once."""
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(escape_markdown(problem), icon=":material/error:")


@contextmanager
def show_disk_errors() -> Iterator[None]:
    """Shows an error of the disk or of the jobs folder as a sentence."""
    try:
        yield
    except (FileError, OSError) as error:
        st.error(escape_markdown(error_message(error)), icon=":material/error:")


def error_message(error: FileError | OSError) -> str:
    """Returns a sentence about an error, without file system paths."""
    return str(error) if isinstance(error, FileError) else limits.explain(error)

"""Callbacks that write to the server's disk, which may be full: a sentence instead of a general error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from sentiment.app.foreign import plain
from sentiment.bulk.problem import BulkError

_PROBLEM = "storing_problem"  # until it has been shown

T = TypeVar("T")


def attempt(action: Callable[..., T], *arguments: object) -> T | None:
    """Performs an action; keeps the sentence for ``show_problem``, and returns None, if it fails."""
    try:
        return action(*arguments)
    except BulkError as error:
        st.session_state[_PROBLEM] = str(error)
        return None


def show_problem() -> None:
    """Shows why the last action failed, once."""
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(plain(problem), icon=":material/error:")

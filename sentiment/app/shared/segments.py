"""A segmented control in which one segment is always chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")


def choose(label: str, options: Sequence[T], *, default: T, **settings: Any) -> T:
    """Shows the segments and returns the chosen one; the default if a browser sends none.

    Args:
        label: the label of the control.
        options: the segments.
        default: the initial segment.
        settings: other arguments of ``st.segmented_control``.
    """
    chosen: T | None = st.segmented_control(label, options, default=default, required=True, **settings)
    return default if chosen is None else chosen

"""Columns of tables: shares as percentages with one decimal, in numbers and in bars."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
import streamlit as st


def in_percent(frame: pd.DataFrame, shares: Iterable[str]) -> pd.DataFrame:
    """Returns the table with these columns multiplied by 100, as ``share`` and ``bar`` expect them."""
    names = [name for name in shares if name in frame]
    return frame.assign(**{name: 100 * frame[name].astype("float64") for name in names})


def share(title: str, *, digits: int = 1, signed: bool = False, **settings: Any) -> Any:
    """Returns a column of percentages."""
    return st.column_config.NumberColumn(title, format=f"%{'+' if signed else ''}.{digits}f%%", **settings)


def bar(title: str, **settings: Any) -> Any:
    """Returns a column of percentages with a bar from 0 to 100%."""
    return st.column_config.ProgressColumn(title, min_value=0, max_value=100, format="%.1f%%", **settings)

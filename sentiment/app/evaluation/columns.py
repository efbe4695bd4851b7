"""Columns of tables: shares as percentages with one decimal, in numbers and in bars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from sentiment.formatting import with_minus


def in_percent(frame: pd.DataFrame, shares: Iterable[str]) -> pd.DataFrame:
    """Returns the table with these columns multiplied by 100, as ``share`` and ``bar`` expect them."""
    names = [name for name in shares if name in frame]
    return frame.assign(**{name: 100 * frame[name].astype("float64") for name in names})


def typographic(frame: pd.DataFrame, formats: Mapping[str, str]) -> Styler:
    """Returns the table with these columns formatted by Python, with a typographic minus; they still sort as numbers.

    Args:
        frame: the table.
        formats: format specifications such as "+.3f", by column.
    """
    shown: dict[Any, Any] = {name: partial(_number, form=form) for name, form in formats.items() if name in frame}
    return frame.style.format(shown, na_rep="–")


def _number(value: float, form: str) -> str:
    return with_minus(format(value, form))


def share(title: str, **settings: Any) -> Any:
    """Returns a column of percentages."""
    return st.column_config.NumberColumn(title, format="%.1f%%", **settings)


def bar(title: str, **settings: Any) -> Any:
    """Returns a column of percentages with a bar from 0 to 100%."""
    return st.column_config.ProgressColumn(title, min_value=0, max_value=100, format="%.1f%%", **settings)

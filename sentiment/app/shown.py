"""A chart as every page shows it: its title in a sentence, its alternative text, and its data as CSV."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from sentiment.app import tables


def chart(
    title: str,
    drawn: alt.Chart | alt.LayerChart,
    rows: pd.DataFrame | Callable[[], pd.DataFrame],
    text: str,
    **settings: Any,
) -> None:
    """Shows a chart.

    Args:
        title: a sentence; the name of the CSV follows from it.
        drawn: the chart.
        rows: what is drawn, or what gives it.
        text: what the chart says, for those who do not see it.
        settings: of ``st.altair_chart``.
    """
    st.header(title)
    st.altair_chart(drawn, alt=text, **settings)
    download(rows, re.sub(r"\W+", "_", title.lower()).strip("_"))


def download(rows: pd.DataFrame | Callable[[], pd.DataFrame], name: str, label: str = "CSV") -> None:
    """A button that downloads rows as CSV, which are made when it is clicked."""
    st.download_button(
        label,
        lambda: tables.csv(rows if isinstance(rows, pd.DataFrame) else rows()),
        f"{name}.csv",
        "text/csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        key=f"csv_{name}",
        help=f"The rows behind “{name.replace('_', ' ')}”." if label == "CSV" else None,
    )

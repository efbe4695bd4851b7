"""A chart as every page shows it: its title in a sentence, its alternative text, and its data as CSV."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from sentiment.app.shared import current_run, tables, uploads

_LOGGER = logging.getLogger(__name__)


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
    download(rows, re.sub(r"\W+", "_", title.lower()).strip("_"))  # between the two, or the toolbar covers the title
    st.altair_chart(drawn, alt=text, **settings)


@contextmanager
def part(run: str, name: str) -> Iterator[None]:
    """Says in a sentence that a file of a run, though whole, does not hold what the page reads of it.

    Args:
        run: its name.
        name: that of the file.
    """
    try:
        with current_run.sentences():
            yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        _LOGGER.exception("cannot show %s", name)
        st.error(
            f"{uploads.plain(name)} of the model {uploads.plain(run)} does not hold what this page reads. "
            "Train or evaluate the model again to replace it.",
            icon=":material/error:",
        )


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

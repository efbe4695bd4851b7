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

from sentiment.app.shared import current_run, uploads
from sentiment.bulk.spreadsheets import escape_formula

_LOGGER = logging.getLogger(__name__)


def show_chart(
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
    show_csv_button(
        rows, re.sub(r"\W+", "_", title.lower()).strip("_")
    )  # between the two, or the toolbar covers the title
    st.altair_chart(drawn, alt=text, **settings)


@contextmanager
def report_malformed_file(run: str, name: str) -> Iterator[None]:
    """Says in a sentence that a file of a run, though whole, does not hold what the page reads of it.

    Args:
        run: its name.
        name: that of the file.
    """
    try:
        with current_run.stop_on_artifact_error():
            yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        _LOGGER.exception("cannot show %s", name)
        st.error(
            f"{uploads.escape_markdown(name)} of the model {uploads.escape_markdown(run)} does not hold what this page reads. "
            "Train or evaluate the model again to replace it.",
            icon=":material/error:",
        )


def show_csv_button(rows: pd.DataFrame | Callable[[], pd.DataFrame], name: str, label: str = "CSV") -> None:
    """A button that downloads rows as CSV, which are made when it is clicked."""
    st.download_button(
        label,
        lambda: to_csv(rows if isinstance(rows, pd.DataFrame) else rows()),
        f"{name}.csv",
        "text/csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        key=f"csv_{name}",
        help=f"The rows behind “{name.replace('_', ' ')}”." if label == "CSV" else None,
    )


def to_csv(frame: pd.DataFrame) -> str:
    """Returns the rows as CSV; cells and column names that a spreadsheet would run as formulas are escaped.

    Lines end in CR LF, because otherwise ``csv`` does not quote a cell with a lone CR.
    """
    safe = frame.map(lambda cell: escape_formula(cell) if isinstance(cell, str) else cell)
    return safe.to_csv(index=False, lineterminator="\r\n", header=[escape_formula(str(name)) for name in frame.columns])

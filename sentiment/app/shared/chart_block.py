"""Parts around a chart: a heading, alternative text, its data as CSV, and a message for malformed files."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import altair as alt
import pandas as pd
import streamlit as st

from sentiment.app.shared import current_run
from sentiment.app.shared.uploads import escape_markdown
from sentiment.tables.spreadsheets import escape_formula

_LOGGER = logging.getLogger(__name__)
_BUTTON_HEIGHT = 40  # pixels
_TOOLBAR = 96  # pixels, so that the toolbar of the chart below covers neither the heading nor the button


def show_chart(
    title: str,
    chart: alt.Chart | alt.LayerChart,
    rows: pd.DataFrame | Callable[[], pd.DataFrame],
    text: str,
    **settings: Any,
) -> None:
    """Shows a heading with a button for the data, and the chart.

    Args:
        title: names the chart and the CSV file.
        chart: the Altair chart.
        rows: the data, or a function that returns it.
        text: the alternative text for screen readers.
        settings: arguments of ``st.altair_chart``.
    """
    show_heading(title, rows)
    st.altair_chart(chart, alt=text, **settings)


def show_heading(title: str, rows: pd.DataFrame | Callable[[], pd.DataFrame] | None = None) -> None:
    """Shows the heading of a chart or table, with a button for its data, if any, in the same line."""
    # A line without a button is as high, so that the headings of two columns align.
    height: Literal["content"] | int = "content" if rows is not None else _BUTTON_HEIGHT
    with st.container(
        horizontal=True, vertical_alignment="center", wrap=False, gap="xsmall", height=height, border=False
    ):
        st.header(title, width="content", anchor=False)
        if rows is not None:
            show_csv_button(rows, re.sub(r"\W+", "_", title.lower()).strip("_"))
        st.space(_TOOLBAR)


@contextmanager
def report_malformed_file(run: str, name: str) -> Iterator[None]:
    """Shows an error if an undamaged file of a run does not have the content that the page needs.

    Args:
        run: name of the run.
        name: name of the file.
    """
    try:
        with current_run.stop_on_artifact_error():
            yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        _LOGGER.exception("cannot show %s", name)
        st.error(
            f"Model {escape_markdown(run)} is corrupted: {escape_markdown(name)} doesn't have the expected content. "
            "Train or evaluate the model again to replace it.",
            icon=":material/error:",
        )


def show_csv_button(rows: pd.DataFrame | Callable[[], pd.DataFrame], name: str, label: str = "") -> None:
    """Shows a button that downloads rows as CSV, created on click; without a label it is an icon."""
    st.download_button(
        label,
        lambda: escaped_csv(rows if isinstance(rows, pd.DataFrame) else rows()),
        f"{name}.csv",
        "text/csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        key=f"csv_{name}",
        help=None if label else f"Download “{name.replace('_', ' ')}” as CSV",
    )


def escaped_csv(frame: pd.DataFrame) -> str:
    """Returns the rows as CSV; cells and column names that a spreadsheet would run as formulas are escaped.

    Lines end in CR LF, because otherwise ``csv`` does not quote a cell with a lone CR.
    """
    safe = frame.map(lambda cell: escape_formula(cell) if isinstance(cell, str) else cell)
    return safe.to_csv(index=False, lineterminator="\r\n", header=[escape_formula(str(name)) for name in frame.columns])

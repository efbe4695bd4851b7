"""Parts around a chart: a heading, alternative text, its data as CSV, and a message for malformed files."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from sentiment.app.shared import current_run
from sentiment.app.shared.uploads import escape_markdown
from sentiment.tables.spreadsheets import escape_formula

_LOGGER = logging.getLogger(__name__)


def show_chart(
    title: str,
    chart: alt.Chart | alt.LayerChart,
    rows: pd.DataFrame | Callable[[], pd.DataFrame],
    text: str,
    **settings: Any,
) -> None:
    """Shows a heading with a button for the data, and the chart.

    Args:
        title: the heading; also names the CSV file.
        chart: the Altair chart.
        rows: the data, or a function that returns it.
        text: the alternative text for screen readers.
        settings: arguments of ``st.altair_chart``.
    """
    show_heading(title, rows)
    st.altair_chart(chart, alt=text, **settings)


def show_heading(title: str, rows: pd.DataFrame | Callable[[], pd.DataFrame], help: str | None = None) -> None:
    """Shows a heading, with a small button beside it that downloads the rows beneath it as CSV."""
    name = re.sub(r"\W+", "_", title.lower()).strip("_")
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.header(title, width="content", help=help)
        show_csv_button(rows, name, icon_only=True)


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
            f"{escape_markdown(name)} of the model {escape_markdown(run)} does not hold what this page reads. "
            "Train or evaluate the model again to replace it.",
            icon=":material/error:",
        )


def show_csv_button(
    rows: pd.DataFrame | Callable[[], pd.DataFrame], name: str, label: str = "CSV", *, icon_only: bool = False
) -> None:
    """Shows a button that downloads rows as CSV, created on click."""
    st.download_button(
        ":material/download:" if icon_only else label,
        lambda: escaped_csv(rows if isinstance(rows, pd.DataFrame) else rows()),
        f"{name}.csv",
        "text/csv",
        on_click="ignore",
        type="tertiary",
        icon=None if icon_only else ":material/download:",
        key=f"csv_{name}",
        help=f"Download “{name.replace('_', ' ')}” as CSV." if label == "CSV" else None,
    )


def escaped_csv(frame: pd.DataFrame) -> str:
    """Returns the rows as CSV; cells and column names that a spreadsheet would run as formulas are escaped.

    Lines end in CR LF, because otherwise ``csv`` does not quote a cell with a lone CR.
    """
    safe = frame.map(lambda cell: escape_formula(cell) if isinstance(cell, str) else cell)
    return safe.to_csv(index=False, lineterminator="\r\n", header=[escape_formula(str(name)) for name in frame.columns])

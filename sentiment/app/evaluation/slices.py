"""The Slices tab: accuracy by slice, and user-defined slices."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.evaluation import columns, filters, own_slices
from sentiment.app.evaluation.header import Evaluated
from sentiment.app.shared import chart_block, evaluation_charts, segments
from sentiment.app.shared.scored_reviews import ScoredReviews
from sentiment.formatting import percent

_CHART, _TABLE = "parts", "parts_table"  # keys
_VIEWS = ("Chart", "Table")


def show(evaluated: Evaluated) -> None:
    """Shows the slices, the weakest first; a click on one lists its errors."""
    scored = evaluated.scored
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _slices(scored)
    with right:
        own_slices.show(scored)


def _slices(scored: ScoredReviews) -> None:
    parts = scored.by_slice().sort_values("accuracy", kind="stable")
    chart_block.show_heading("Accuracy by slice", parts)
    with st.container(horizontal=True, vertical_alignment="center"):
        view = segments.choose("View", _VIEWS, default=_VIEWS[0], key="slice_view", label_visibility="collapsed")
        whole = st.toggle(
            "Show all slices", key="all_slices", help="Includes slices that don't differ significantly from the rest."
        )
    shown = parts if whole else parts[(parts["difference_low"] > 0) | (parts["difference_high"] < 0)]
    if shown.empty:
        st.caption("No slice differs significantly from the rest.")
    elif view == _VIEWS[0]:
        st.altair_chart(
            evaluation_charts.slices(shown, scored.confusion.accuracy),
            alt=f"Accuracy by slice, from {percent(shown['accuracy'].min())} to {percent(shown['accuracy'].max())}; "
            "a click lists the errors of a slice",
            key=_CHART,
            on_select=_list_clicked,
        )
        st.caption("Error bars: 95% CI. n in parentheses. Dashed: all reviews. Click a slice to list its errors.")
    else:
        _table(shown)


def _table(parts: pd.DataFrame) -> None:
    def list_selected() -> None:
        state: Any = st.session_state[_TABLE]
        for row in state.selection.rows:
            filters.open_errors(**{filters.SLICE: parts["slice"].iloc[row]})

    st.dataframe(
        columns.typographic(columns.in_percent(parts, ["accuracy", "low", "high"]), {"difference": "+.1%"}),
        hide_index=True,
        height=480,
        column_order=["slice", "n", "accuracy", "low", "high", "difference", "errors"],
        key=_TABLE,
        on_select=list_selected,
        selection_mode="single-row",
        alt="Accuracy by slice; selecting a row lists its errors",
        column_config={
            "slice": "Slice",
            "n": st.column_config.NumberColumn("Reviews", format="localized"),
            "accuracy": columns.bar("Accuracy"),
            "low": columns.share("95% CI from"),
            "high": columns.share("to"),
            "difference": st.column_config.NumberColumn("Vs. the rest", help="In percentage points."),
            "errors": st.column_config.NumberColumn("Errors", format="localized"),
        },
    )
    st.caption("Select a slice to list its errors.")


def _list_clicked() -> None:
    for part in filters.clicked(_CHART, "part"):
        filters.open_errors(**{filters.SLICE: part["slice"]})

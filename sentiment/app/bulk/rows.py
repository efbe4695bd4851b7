"""The tab Rows: a page of the rows, filtered, searched and sorted on the server; the selected one is explained."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.bulk import downloads, labels
from sentiment.app.bulk.loading import Scored
from sentiment.app.shared import explained_review
from sentiment.bulk.results import Filter, Results, Rows
from sentiment.formatting import counted

_PAGE_ROWS = 50
_TABLE_HEIGHT = 282  # pixels: a header and seven rows, so that an explanation begins on the first screen
_MAX_COLUMNS = 12  # of the file
_MAX_NAME = 80  # characters of a column's name
_MAX_CELL = 300  # characters
_MAX_SEARCH = 200  # characters
_ORDERS = {  # name -> (key of ``Results.select``, whether descending)
    "as in the file": ("row", False),
    "most positive first": ("probability", True),
    "most negative first": ("probability", False),
    "longest first": ("length", True),
}
_ERRORS_FIRST = {labels.WORST_FIRST: ("error", False)}
_SIDES = ("positive", "negative")


def show(scored: Scored) -> None:
    """Shows the controls, a page of the rows, and the explanation of the selected one."""
    results = scored.results
    wanted, order = _controls(scored)
    rows = scored.cached("select", wanted, *order)
    pages = max(1, -(-len(rows) // _PAGE_ROWS))
    page = min(st.session_state.get("bulk_page", 1), pages)
    shown = rows[(page - 1) * _PAGE_ROWS : page * _PAGE_ROWS]
    selected = _table(results, shown, page)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{len(rows):,} of {counted(results.rows, 'row')}. Select a row to explain it.", width="stretch")
        downloads.show_selection(results, rows)
        if pages > 1:
            st.number_input(f"Page (of {pages:,})", 1, pages, key="bulk_page", width=140, persist_state="page")
    if selected is not None:
        _explain(scored, selected)


def _controls(scored: Scored) -> tuple[Filter, tuple[str, bool]]:
    """Shows the controls of the table; returns the filter and the sort order."""
    results, labelled = scored.results, scored.has_labels
    kept: dict[str, Any] = {"persist_state": "page"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input("Text contains", key="only_text", width=220, max_chars=_MAX_SEARCH, **kept)
        sentiments = st.multiselect("Predicted", _SIDES, key="only_sentiment", placeholder="All", width=200, **kept)
        orders = _ORDERS | (_ERRORS_FIRST if labelled else {})
        order = st.selectbox("Sort", list(orders), key=labels.ORDER, width=200, **kept)
        with st.popover("Filters", icon=":material/filter_list:"):
            levels, statuses = list(results.counts("confidence")), list(results.counts("status"))
            confidences = st.multiselect("Confidence", levels, key="only_confidence", placeholder="All", **kept)
            chosen_statuses = st.multiselect("Status", statuses, key="only_status", placeholder="All", **kept)
            cell = labels.choose_cell() if labelled else None
            doubtful = labelled and st.checkbox("Likely label errors only", key="only_mislabelled", **kept)
    wanted = Filter(
        tuple(sentiments),
        tuple(confidences),
        tuple(chosen_statuses),
        search=search,
        cell=cell,
        threshold=labels.threshold(scored),
        mislabelled=doubtful,
    )
    return wanted, orders[order]


def _table(results: Results, shown: Rows, page: int) -> int | None:
    """Shows a page of rows; returns the number of the selected row, from 0, None if none is selected."""
    texts = results.texts
    places = [*texts, *(i for i in range(len(results.columns)) if i not in texts)][: max(_MAX_COLUMNS, len(texts))]
    frame = results.read(shown, places, _MAX_CELL)
    keys = {f"c{place}": results.columns[place][:_MAX_NAME] or f"column {place + 1}" for place in places}
    shown_texts, others = list(keys)[: len(texts)], list(keys)[len(texts) :]
    frame["sentiment"] = pd.Series([[side] if side else [] for side in frame["sentiment"]], dtype=object)  # as badges
    event = st.dataframe(
        frame,
        hide_index=True,
        height=_TABLE_HEIGHT,
        column_order=[  # a phone shows the prediction first
            "row",
            "sentiment",
            "p_positive",
            *shown_texts,
            "confidence",
            "status",
            *others,
            "tokens_read",
            "problem",
        ],
        key=f"rows-{page}",
        on_select="rerun",
        selection_mode="single-row",
        alt="The scored rows",
        column_config={
            **{key: st.column_config.TextColumn(name) for key, name in keys.items()},
            **{key: st.column_config.TextColumn(keys[key], width="large") for key in shown_texts},
            "row": st.column_config.NumberColumn("row", pinned=True, width=50),
            "sentiment": st.column_config.MultiselectColumn(options=_SIDES, color=["blue", "orange"], width=85),
            "p_positive": st.column_config.ProgressColumn(
                "P(positive)", min_value=0, max_value=1, format="percent", width=100
            ),
            "tokens_read": st.column_config.NumberColumn("tokens read"),
        },
    )
    chosen = [row for row in event.selection.rows if row < len(frame)]
    return int(shown[chosen[0]]) if chosen else None


def _explain(scored: Scored, row: int) -> None:
    """Explains a row with the model that scored the file."""
    [text] = scored.results.read_texts([row])
    value = scored.results.verdicts["label"].iloc[row] if scored.task["label"] is not None else pd.NA
    label = None if pd.isna(value) else "positive" if value else "negative"
    explained_review.show(text, scored.classifier(), "bulk", title=f"Row {row + 1:,}", label=label)

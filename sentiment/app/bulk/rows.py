"""The tab Rows: a page of the rows, filtered, searched and sorted on the server; the selected one is explained."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.bulk import downloads, labels
from sentiment.app.bulk.loading import Scored
from sentiment.app.shared import explained_review
from sentiment.bulk.results import Filter, Rows
from sentiment.formatting import counted

_PAGE_ROWS = 50
_ROW_HEIGHT = 35  # pixels
_MOST_SHOWN = 15.5  # rows in the table; the half one shows that it scrolls
_SHOWN_WITH_EXPLANATION = 7.5  # rows, so that the explanation of one begins on the first screen
_TEXT_WIDTH = 365  # pixels, so that the columns up to "tokens" fit a window of 1400
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
_MOST_CONFIDENT = ("error", False)
_ERRORS_FIRST = {labels.WORST_FIRST: _MOST_CONFIDENT}
_SIDES = ("positive", "negative")
_COLOURS = {1: "blue", 0: "orange"}  # label -> colour of its badge


def show(scored: Scored) -> None:
    """Shows the controls, a page of the rows, and the explanation of the selected one."""
    results = scored.results
    wanted, order = _controls(scored)
    rows = scored.cached("select", wanted, *order)
    pages = max(1, -(-len(rows) // _PAGE_ROWS))
    page = min(st.session_state.get("bulk_page", 1), pages)
    shown = rows[(page - 1) * _PAGE_ROWS : page * _PAGE_ROWS]
    selected = _table(scored, shown, page)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{_listed(scored, wanted, order, len(rows))}. Select a row to explain it.", width="stretch")
        downloads.show_selection(results, rows)
        if pages > 1:
            st.number_input(f"Page (of {pages:,})", 1, pages, key="bulk_page", width=140, persist_state="page")
    if selected is not None:
        _explain(scored, selected)


def _listed(scored: Scored, wanted: Filter, order: tuple[str, bool], n: int) -> str:
    """Returns how many rows the table lists, and of which kind."""
    if wanted != labels.errors_only(scored):
        return f"{n:,} of {counted(scored.results.rows, 'row')}"
    return counted(n, "error") + (", most confident first" if order == _MOST_CONFIDENT else "")


def _controls(scored: Scored) -> tuple[Filter, tuple[str, bool]]:
    """Shows the controls of the table; returns the filter and the sort order."""
    results, labelled = scored.results, scored.has_labels
    kept: dict[str, Any] = {"persist_state": "page"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input("Text contains", key="only_text", width=180, max_chars=_MAX_SEARCH, **kept)
        sentiments = st.multiselect("Predicted", _SIDES, key="only_sentiment", placeholder="All", width=160, **kept)
        cells = labels.choose_outcome() if labelled else ()
        orders = _ORDERS | (_ERRORS_FIRST if labelled else {})
        order = st.selectbox("Sort", list(orders), key=labels.ORDER, width=190, **kept)
        with st.popover("Filters", icon=":material/filter_list:"):
            levels, statuses = list(results.counts("confidence")), list(results.counts("status"))
            confidences = st.multiselect("Confidence", levels, key="only_confidence", placeholder="All", **kept)
            chosen_statuses = st.multiselect("Status", statuses, key="only_status", placeholder="All", **kept)
            doubtful = labelled and st.checkbox(
                "Confident predictions that contradict the label", key="only_mislabelled", **kept
            )
    wanted = Filter(
        tuple(sentiments),
        tuple(confidences),
        tuple(chosen_statuses),
        search=search,
        cells=cells,
        threshold=labels.threshold(scored),
        mislabelled=doubtful,
    )
    return wanted, orders[order]


def _table(scored: Scored, shown: Rows, page: int) -> int | None:
    """Shows a page of rows; returns the number of the selected row, from 0, None if none is selected."""
    results, key = scored.results, f"rows-{page}"
    texts, labelled = results.texts, [] if results.label is None else [results.label]
    first = [*texts, *labelled]
    places = [*first, *(i for i in range(len(results.columns)) if i not in first)][: max(_MAX_COLUMNS, len(first))]
    frame = results.read(shown, places, _MAX_CELL)
    names = {f"c{place}": results.columns[place][:_MAX_NAME] or f"column {place + 1}" for place in places}
    keys = list(names)
    shown_texts, label, others = keys[: len(texts)], keys[len(texts) : len(first)], keys[len(first) :]
    colours = {
        value: _COLOURS.get(meaning, "gray")
        for name in label
        for value, meaning in zip(frame[name], results.verdicts["label"].iloc[shown], strict=True)
        if value
    }
    for name in ("sentiment", *label):  # as badges
        frame[name] = pd.Series([[value] if value else [] for value in frame[name]], dtype=object)
    frame["p_positive"] *= 100
    selected = st.session_state.get(key, {}).get("selection", {}).get("rows", [])
    is_explained = any(row < len(frame) for row in selected)
    height = _ROW_HEIGHT * (1 + min(len(frame), _SHOWN_WITH_EXPLANATION if is_explained else _MOST_SHOWN)) + 2
    event = st.dataframe(
        frame,
        hide_index=True,
        height=int(height),
        column_order=[  # a phone shows the prediction first
            "row",
            "sentiment",
            *label,
            *([] if label else ["p_positive"]),
            *shown_texts,
            *(["p_positive"] if label else []),
            "confidence",
            "status",
            "tokens_read",
            *others,
            *(["problem"] if frame["problem"].any() else []),
        ],
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        alt="The scored rows",
        column_config=_column_config(names, shown_texts, label, colours),
    )
    chosen = [row for row in event.selection.rows if row < len(frame)]
    return int(shown[chosen[0]]) if chosen else None


def _column_config(
    names: dict[str, str], texts: list[str], label: list[str], colours: dict[str, str]
) -> dict[str, Any]:
    """Returns the settings of the table's columns.

    Args:
        names: the titles of the input's columns, by key.
        texts: the keys of those with reviews.
        label: the key of the one with labels, if any.
        colours: the colour of each label.
    """
    return {
        **{name: st.column_config.TextColumn(names[name]) for name in names},
        **{name: st.column_config.TextColumn(names[name], width=_TEXT_WIDTH) for name in texts},
        **{
            name: st.column_config.MultiselectColumn(
                names[name], options=list(colours), color=list(colours.values()), width=85
            )
            for name in label
        },
        "row": st.column_config.NumberColumn("row", pinned=True, width=50),
        "sentiment": st.column_config.MultiselectColumn(options=_SIDES, color=["blue", "orange"], width=85),
        "p_positive": st.column_config.ProgressColumn(
            "P(positive)", min_value=0, max_value=100, format="%.1f%%", width=100
        ),
        "confidence": st.column_config.TextColumn(width=85),
        "status": st.column_config.TextColumn(width=65),
        "tokens_read": st.column_config.NumberColumn("tokens", help="Tokens read by the model", width=65),
    }


def _explain(scored: Scored, row: int) -> None:
    """Explains a row with the model that scored the file."""
    [text] = scored.results.read_texts([row])
    value = scored.results.verdicts["label"].iloc[row] if scored.task["label"] is not None else pd.NA
    label = None if pd.isna(value) else "positive" if value else "negative"
    explained_review.show(text, scored.classifier(), "bulk", title=f"Row {row + 1:,}", label=label)

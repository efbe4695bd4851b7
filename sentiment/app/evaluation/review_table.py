"""A table of judged reviews: their texts where the app has the data, and one of them opened on the Review page."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.shared import chart_block, current_run, review_texts
from sentiment.app.shared.scored_reviews import possible_causes
from sentiment.evaluation import review_notes
from sentiment.formatting import counted

_LISTED = 1_000  # rows the table shows at most


def show(rows: pd.DataFrame, name: str, said: str, other: str | None = None) -> None:
    """The first of the rows, and all of them as CSV.

    Args:
        rows: of ``Judged.table``, in order.
        name: of the table, in letters.
        said: what the rows are, in words; it follows their number.
        other: the name of a run whose probability stands beside, as ``other``.
    """
    known = review_texts.load_texts()
    frame = _frame(rows.head(_LISTED), known, other)
    event: Any = st.dataframe(
        frame,
        hide_index=True,
        height=460,
        on_select="rerun" if known else "ignore",  # without a text there is nothing to open
        selection_mode="single-row",
        key=f"listed_{name}",
        alt=f"Reviews: {said}",
        column_config={
            "probability": _chance("P(positive)"),
            **({other: _chance(f"by {other}")} if other else {}),
            "text": st.column_config.TextColumn(width="large"),
            "cause": st.column_config.TextColumn(
                "main cause", help="Why the model erred, where someone read the review."
            ),
            "causes": st.column_config.TextColumn("may mislead", help="What in the review may have misled the model."),
            "length": st.column_config.NumberColumn("tokens"),
            "film": st.column_config.LinkColumn("film", display_text=r"(tt\d+)"),
        },
    )
    more = f"; the first {_LISTED:,} are shown" if len(rows) > _LISTED else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{counted(len(rows), 'review')}, {said}{more}.")
        chart_block.show_csv_button(lambda: _frame(rows, known, other), name)
        selected = event.selection.rows if known else []
        if chosen := [row for row in selected if row < len(frame)]:
            review_texts.show_open_button(frame["text"].iloc[chosen[0]], name)


def _frame(rows: pd.DataFrame, known: review_texts.Texts | None, other: str | None) -> pd.DataFrame:
    """What the list says of each review."""
    with current_run.stop_on_artifact_error():
        read = rows["fingerprint"].map(review_notes.causes()).where(~rows["right"]).fillna("")
    frame = pd.DataFrame(
        {
            "label": rows["label"].map({1: "positive", 0: "negative"}),
            "probability": rows["probability"],
            "rating": rows["rating"].replace(0, pd.NA),
            "length": rows["length"],
            "cause": read,
            "causes": possible_causes(rows),
            "film": rows["film"].map(lambda film: f"https://www.imdb.com/title/{film}/" if film else None),
            "fingerprint": rows["fingerprint"],
        }
    )
    if other:
        frame.insert(2, other, rows["other"])
    if known:
        frame.insert(3 if other else 2, "text", rows["fingerprint"].map(known))
    return frame


def _chance(title: str) -> Any:
    return st.column_config.ProgressColumn(title, min_value=0, max_value=1, format="percent")

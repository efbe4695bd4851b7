"""A table of scored reviews, with their texts if the data is available; a text can be opened on the Review page."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.shared import chart_block, current_run, review_texts
from sentiment.app.shared.scored_reviews import possible_causes
from sentiment.evaluation import review_notes
from sentiment.formatting import counted

_MAX_ROWS = 1_000  # shown in the table


def show(rows: pd.DataFrame, name: str, description: str, other: str | None = None) -> None:
    """Shows the first rows, and offers all of them as CSV.

    Args:
        rows: from ``ScoredReviews.table``, in order.
        name: name of the table, in letters.
        description: describes the rows; follows their number.
        other: name of another run, whose probability is in the column ``other``.
    """
    texts = review_texts.load_texts()
    frame = _frame(rows.head(_MAX_ROWS), texts, other)
    event: Any = st.dataframe(
        frame,
        hide_index=True,
        height=460,
        on_select="rerun" if texts else "ignore",  # only a text can be opened
        selection_mode="single-row",
        key=f"listed_{name}",
        alt=f"Reviews: {description}",
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
    more = f"; the first {_MAX_ROWS:,} are shown" if len(rows) > _MAX_ROWS else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{counted(len(rows), 'review')}, {description}{more}.")
        chart_block.show_csv_button(lambda: _frame(rows, texts, other), name)
        selected = event.selection.rows if texts else []
        if chosen := [row for row in selected if row < len(frame)]:
            review_texts.show_open_button(frame["text"].iloc[chosen[0]], name)


def _frame(rows: pd.DataFrame, texts: review_texts.Texts | None, other: str | None) -> pd.DataFrame:
    """Returns the columns of the table for these rows."""
    with current_run.stop_on_artifact_error():
        checked_causes = rows["fingerprint"].map(review_notes.causes()).where(~rows["right"]).fillna("")
    frame = pd.DataFrame(
        {
            "label": rows["label"].map({1: "positive", 0: "negative"}),
            "probability": rows["probability"],
            "rating": rows["rating"].replace(0, pd.NA),
            "length": rows["length"],
            "cause": checked_causes,
            "causes": possible_causes(rows),
            "film": rows["film"].map(lambda film: f"https://www.imdb.com/title/{film}/" if film else None),
            "fingerprint": rows["fingerprint"],
        }
    )
    if other:
        frame.insert(2, other, rows["other"])
    if texts:
        frame.insert(3 if other else 2, "text", rows["fingerprint"].map(texts))
    return frame


def _chance(title: str) -> Any:
    return st.column_config.ProgressColumn(title, min_value=0, max_value=1, format="percent")

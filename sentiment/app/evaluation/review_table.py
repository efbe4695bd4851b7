"""A table of scored reviews, with their texts if the app has them, and the explanation of the selected one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.evaluation import columns, neighbours, selected_review
from sentiment.app.shared import chart_block, current_run, movies, review_texts
from sentiment.app.shared.scored_reviews import LABELS, possible_causes
from sentiment.evaluation import review_notes
from sentiment.formatting import counted

_MAX_ROWS = 1_000  # shown in the table
_HEIGHT = 330


def show(
    rows: pd.DataFrame,
    name: str,
    description: str,
    pool: Callable[[], neighbours.Pool | None],
    *,
    other: str | None = None,
    noun: str = "review",
) -> None:
    """Shows the first rows, offers all of them as CSV, and explains the selected one below.

    Args:
        rows: rows of ``ScoredReviews.table``, in the order to show.
        name: name of the table in keys and of the CSV file.
        description: describes the order; shown after the number of rows.
        pool: returns the reviews among which to find those nearest to the selected one.
        other: name of another model, whose probability is in the column ``other``.
        noun: names a row, such as "review".
    """
    texts = review_texts.load_texts()
    frame = _frame(rows.head(_MAX_ROWS), texts, other)
    more = f" (showing {_MAX_ROWS:,})" if len(rows) > _MAX_ROWS else ""
    hint = ". Select one to explain it" if texts else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"**{counted(len(rows), noun)}**, {description}{more}{hint}.", width="content")
        chart_block.show_csv_button(lambda: _frame(rows, texts, other), name)
    chosen = show_frame(frame, name, f"Reviews: {description}", selectable=bool(texts), other=other)
    if chosen is not None and isinstance(frame["text"].iloc[chosen], str):
        row = rows.iloc[chosen]
        selected_review.show(frame["text"].iloc[chosen], LABELS[row["label"]], name, pool, row["fingerprint"])


def show_frame(frame: pd.DataFrame, name: str, alt: str, *, selectable: bool, other: str | None = None) -> int | None:
    """Shows a table with ``label``, ``probability`` and other columns; returns the selected row's index, if any."""
    event: Any = st.dataframe(
        columns.in_percent(frame, ["probability", *([other] if other else [])]),
        hide_index=True,
        height=_HEIGHT,
        on_select="rerun" if selectable else "ignore",  # only a text can be explained
        selection_mode="single-row",
        key=f"listed_{name}",
        alt=alt,
        placeholder="–",
        column_config={
            "label": st.column_config.TextColumn("True label", width=90),
            "probability": columns.bar("P(positive)", width=120),
            **({other: columns.bar(f"P by {other}", width=120)} if other else {}),
            "text": st.column_config.TextColumn("Text", width=440),
            "rating": "Rating",
            "length": st.column_config.NumberColumn("Tokens", format="localized"),
            "cause": st.column_config.TextColumn("Cause (manual)", help="Assigned by a human reader."),
            "causes": st.column_config.TextColumn("Possible cause (auto)", help="From properties of the review."),
            "film": movies.link_column(),
            "fingerprint": st.column_config.TextColumn("ID", help="Fingerprint of the text."),
            "source": "Source",
            "kind": "Kind",
        },
    )
    chosen = [row for row in event.selection.rows if row < len(frame)] if selectable else []
    return chosen[0] if chosen else None


def _frame(rows: pd.DataFrame, texts: review_texts.Texts | None, other: str | None) -> pd.DataFrame:
    """Returns the columns of the table for these rows."""
    with current_run.stop_on_artifact_error():
        checked_causes = rows["fingerprint"].map(review_notes.causes()).where(~rows["right"]).fillna("")
    frame = pd.DataFrame({"label": rows["label"].map(LABELS), "probability": rows["probability"]})
    if other:
        frame[other] = rows["other"]
    if texts:
        frame["text"] = rows["fingerprint"].map(texts)
    return frame.assign(
        rating=rows["rating"].replace(0, pd.NA),
        length=rows["length"],
        cause=checked_causes,
        causes=possible_causes(rows),
        film=movies.links(rows["film"]),
        fingerprint=rows["fingerprint"],
    )

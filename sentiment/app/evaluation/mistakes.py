"""Causes of the run's confident mistakes, for the reviews that were checked by hand."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sentiment.app.shared import current_run, evaluation_charts
from sentiment.app.shared.scored_reviews import ScoredReviews
from sentiment.evaluation import review_notes


def show(scored: ScoredReviews) -> None:
    """Shows the number of confident mistakes by cause; nothing if none was checked."""
    with current_run.stop_on_artifact_error():
        mistakes = review_notes.confident_mistakes(scored.table, scored.rule)
    checked = mistakes.dropna(subset="cause")
    if checked.empty:
        return
    counts = checked["cause"].value_counts()
    st.header("Why it errs where it is sure")
    left, right = st.columns([2, 3])
    with left:
        rows = checked.groupby(["cause", "label"]).size().reset_index(name="n")
        rows["label"] = rows["label"].map({1: "positive", 0: "negative"})
        rows = rows.sort_values("cause", key=lambda cause: -cause.map(counts), kind="stable")
        st.altair_chart(
            evaluation_charts.causes(rows),
            alt="Confident mistakes by cause: " + ", ".join(f"{cause} {n}" for cause, n in counts.items()),
        )
    with right:
        meanings = counts.index.map(review_notes.CAUSES)
        st.table(  # because it shows whole sentences
            pd.DataFrame({"cause": counts.index, "mistakes": counts.to_numpy(), "meaning": meanings}),
            border="horizontal",
            hide_index=True,
            alt="What each cause means, and how many confident mistakes have it",
        )
    st.caption(f"{review_notes.extent(mistakes)} “Confident” does not depend on the threshold above.")

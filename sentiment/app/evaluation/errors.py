"""The Errors tab: the reviews that pass a filter, the selected one explained, and the causes of errors."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sentiment.app.evaluation import example_sentences, filters, neighbours, review_table
from sentiment.app.evaluation.header import Evaluated
from sentiment.app.shared import chart_block, current_run, evaluation_charts, review_texts, segments
from sentiment.app.shared.scored_reviews import EVERYTHING, LABELS, SURE_ERRORS, WRONG, ScoredReviews
from sentiment.evaluation import review_notes
from sentiment.formatting import counted

_CAUSES = "causes"  # key of the chart


def show(evaluated: Evaluated) -> None:
    """Shows the reviews of the split or the example sentences."""
    filters.accept_any_case(filters.SOURCE, (filters.REVIEWS, filters.EXAMPLES))
    source = segments.choose(
        "List",
        (filters.REVIEWS, filters.EXAMPLES),
        default=filters.REVIEWS,
        key=filters.SOURCE,
        bind="query-params",
        label_visibility="collapsed",
        help="The example sentences were written for this app, which includes their texts.",
    )
    if source == filters.EXAMPLES:
        example_sentences.show(evaluated.scored.threshold)
    else:
        _reviews(evaluated)


def _reviews(evaluated: Evaluated) -> None:
    scored, split = evaluated.scored, evaluated.split
    review_texts.show_hint()
    with current_run.stop_on_artifact_error():
        causes = review_notes.causes()
    sure = scored.table[scored.sure_errors].assign(cause=lambda rows: rows["fingerprint"].map(causes))
    assigned = sure["cause"].dropna()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        parts = [name for name, mask in scored.parts() if mask.any()]
        outcome, part, between, cause = filters.choose(parts, list(assigned.value_counts().index))
    rows = scored.select(outcome, part, between)
    if cause != EVERYTHING:
        rows = rows[rows["fingerprint"].map(causes) == cause]
    noun = "error" if outcome in (WRONG, SURE_ERRORS) else "review"
    review_table.show(rows, "reviews", "most confident errors first", lambda: pool_of(scored, split), noun=noun)
    if len(assigned):
        _causes(sure)


def pool_of(scored: ScoredReviews, split: str) -> neighbours.Pool | None:
    """Returns the reviews among which to find those nearest to a review; None without stored states or texts."""
    texts = review_texts.load_texts()
    return neighbours.stored_pool() or (neighbours.sample_pool(scored.table, texts, split) if texts else None)


def _causes(sure: pd.DataFrame) -> None:
    """Shows the number of high-confidence errors by cause; a click on a bar lists them.

    Args:
        sure: the high-confidence errors, with their ``cause`` if a person assigned one.
    """
    n, assigned = len(sure), sure.dropna(subset="cause")
    box = st.expander(f"{counted(n, 'high-confidence error')} by cause", key="by_cause", on_change="rerun")
    if not box.open:
        return
    with box:
        rows = assigned.groupby(["cause", "label"]).size().reset_index(name="n")
        rows["label"] = rows["label"].map(LABELS)
        rows["meaning"] = rows["cause"].map(review_notes.CAUSES)
        totals = assigned["cause"].value_counts()
        rows = rows.sort_values("cause", key=lambda cause: -cause.map(totals), kind="stable")
        chart_block.show_chart(
            "High-confidence errors by cause",
            evaluation_charts.causes(rows),
            rows,
            "Errors by cause: " + ", ".join(f"{cause} {n}" for cause, n in totals.items()),
            key=_CAUSES,
            on_select=_list_cause,
        )
        st.caption(
            f"{len(assigned):,} of {counted(n, 'high-confidence error')} categorised by hand (one main cause each). "
            "Click a bar to list its reviews."
        )


def _list_cause() -> None:
    for each in filters.clicked(_CAUSES, "cause"):
        filters.open_errors(**{filters.CAUSE: each["cause"]})

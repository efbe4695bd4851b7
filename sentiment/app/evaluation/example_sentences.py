"""Labelled example sentences that come with the app, scored by the chosen model."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sentiment.app.evaluation import filters, neighbours, review_table, selected_review
from sentiment.app.shared import chart_block, current_run
from sentiment.app.shared.scored_reviews import EVERYTHING, LABELS, ScoredReviews
from sentiment.behaviour import contrast
from sentiment.behaviour.cases import cases
from sentiment.behaviour.sentences import sentences
from sentiment.formatting import counted
from sentiment.model.decision import DecisionRule

_SOURCES = ("Behavioural test", "Short text", "Contrast pair")


def example_sentences() -> pd.DataFrame:
    """Returns the sentences: ``source``, ``kind``, ``label`` (1 positive, 0 negative), ``text``.

    They are the first case of each behavioural template with a fixed label, the short texts without mixed feelings, and
    the contrast pairs for development.
    """
    behaviour, short, pair = _SOURCES
    first = {
        (case.behaviour.name, case.template): (
            behaviour,
            case.behaviour.capability,
            case.behaviour.expected,
            *case.texts,
        )
        for case in reversed(cases())
        if case.behaviour.kind == "must be"
    }
    rows = [*first.values()]
    rows += [(short, each.domain, each.mood, each.text) for each in sentences() if each.mood != "mixed"]
    rows += [(pair, each.kind, each.label, each.text) for each in contrast.texts() if each.part == contrast.DEVELOPMENT]
    table = pd.DataFrame(rows, columns=["source", "kind", "label", "text"])
    return table.assign(label=(table["label"] == "positive").astype("int8")).drop_duplicates("text", ignore_index=True)


def show(threshold: float) -> None:
    """Shows the sentences that pass a filter, the most confident errors first, and explains the selected one."""
    scored = ScoredReviews.from_predictions(_scored(*current_run.location()), DecisionRule(), threshold)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        outcome = filters.choose_outcome()
        source = st.selectbox(
            "Sentences", [EVERYTHING, *_SOURCES], format_func=filters.shown_name, key="sentences", width=220
        )
    rows = scored.select(outcome, EVERYTHING, (0.0, 1.0))
    rows = rows[rows["source"] == source] if source != EVERYTHING else rows
    frame = pd.DataFrame({"label": rows["label"].map(LABELS), "probability": rows["probability"]})
    frame = frame.assign(**{name: rows[name] for name in ("text", "kind", "source")})
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        n = f"{counted(len(rows), 'sentence')} of {len(scored.table):,}"
        st.markdown(f"**{n}**, most confident errors first. Select one to explain it.", width="content")
        chart_block.show_csv_button(frame, "example_sentences")
    chosen = review_table.show_frame(frame, "examples", "Example sentences with labels and scores", selectable=True)
    if chosen is not None:
        row = rows.iloc[chosen]
        label = LABELS[row["label"]]
        selected_review.show(row["text"], label, "examples", lambda: _pool(scored), row["text"])


def _pool(scored: ScoredReviews) -> neighbours.Pool:
    if stored := neighbours.stored_pool():
        return stored
    table = scored.table
    reviews = table[["text", "probability"]].assign(id=table["text"], label=table["label"].map(LABELS))
    return neighbours.text_pool(reviews, f"these {len(reviews):,} sentences")


@st.cache_data(max_entries=4, show_spinner="Scoring the example sentences, once")
def _scored(path: str, stamp: int) -> pd.DataFrame:
    """Returns the sentences with calibrated ``logit`` and ``probability``. ``path`` and ``stamp`` are the cache key."""
    table = example_sentences()
    classifier = current_run.classifier()
    predictions = classifier.predict(table["text"].tolist())
    logits = [classifier.rule.calibrated(each.logit) for each in predictions]
    return table.assign(logit=logits, probability=[each.probability for each in predictions])

"""The Calibration tab: the reliability diagram, the accuracy of each confidence level, and the error by length."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sentiment.app.evaluation import columns
from sentiment.app.evaluation.header import Evaluated
from sentiment.app.shared import chart_block, evaluation_charts
from sentiment.app.shared.scored_reviews import ScoredReviews
from sentiment.evaluation import metrics
from sentiment.formatting import LEVELS, confidence_header, percent


def show(evaluated: Evaluated) -> None:
    """Shows how well predicted probabilities match observed frequencies: overall, by confidence level and by length."""
    left, right = st.columns(2, gap="medium")
    with left:
        _reliability(evaluated.scored)
    with right:
        _confidence_levels(evaluated.scored)
        _by_length(evaluated.scored)


def _reliability(scored: ScoredReviews) -> None:
    bins, histogram = scored.calibration(), scored.histogram()
    chart_block.show_chart(
        "Reliability diagram",
        evaluation_charts.reliability(bins, scored.threshold),
        bins,
        f"Predicted probability against observed frequency; ECE {percent(scored.reliability.error, 2)}",
    )
    st.altair_chart(evaluation_charts.counts(histogram), alt="Number of reviews by predicted probability")
    st.caption(
        f"Log loss {scored.log_loss:.3f} (chance 0.693) · Brier score "
        f"{metrics.brier(scored.probabilities, scored.labels):.3f} · ECE {percent(scored.reliability.error, 2)}. "
        "Vertical lines: 95% CI. Dashed diagonal: perfect calibration."
    )


def _confidence_levels(scored: ScoredReviews) -> None:
    levels = confidence_levels(scored)
    chart_block.show_heading("Confidence levels", levels)
    level, probability, *_ = confidence_header(scored.threshold)
    st.dataframe(
        columns.in_percent(levels, ["share", "accuracy"]),
        hide_index=True,
        alt="Share and accuracy of the predictions of each confidence level",
        column_config={
            "level": level,
            "probability": probability,
            "n": st.column_config.NumberColumn("Reviews", format="localized"),
            "share": columns.share("Share"),
            "accuracy": columns.share("Accuracy"),
        },
    )


def _by_length(scored: ScoredReviews) -> None:
    bands = scored.calibration_by_length()
    chart_block.show_chart(
        "Calibration error by review length",
        evaluation_charts.calibration_by_length(bands),
        bands,
        f"ECE by length in tokens, from {percent(bands['error'].min(), 2)} to {percent(bands['error'].max(), 2)}",
    )
    st.caption(
        "Grey bar: ECE that a perfectly calibrated model shows by chance at this sample size (95th percentile; "
        "tick: median). n in parentheses."
    )


def confidence_levels(scored: ScoredReviews) -> pd.DataFrame:
    """Returns ``level``, ``probability`` (its bounds as text), ``n``, ``share`` and ``accuracy`` of each level."""
    rows = []
    for level, bounds in LEVELS.items():
        mask = scored.confidence == level
        accuracy = float(scored.right[mask].mean()) if mask.any() else None
        rows.append((level, bounds, int(mask.sum()), float(mask.mean()), accuracy))
    return pd.DataFrame(rows, columns=["level", "probability", "n", "share", "accuracy"])

"""Why a text got its score: the text itself, the ranked words, the way from starting point to score."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sentiment.app import charts, wording
from sentiment.app.analyses import Analysis
from sentiment.app.highlight import highlight
from sentiment.classifier import Classifier
from sentiment.records import Explanation

_STEPS = 12  # words the waterfall names; the others stand in one step


@st.fragment
def show(analysis: Analysis, classifier: Classifier) -> None:
    """The explanation of an analysis; changing a view redraws this part alone."""
    with st.skeleton(height=300):
        explanation = analysis.explained(classifier)
    st.header("Why")
    st.text(wording.reasons(explanation))
    _marked_text(explanation)
    ranked, way = st.tabs(["Ranked words", "From start to score"], key="reasons_view", on_change="rerun")
    if ranked.open:
        with ranked:
            _ranked(explanation)
    if way.open:
        with way:
            _waterfall(explanation)
    st.caption(_sum(explanation))


def _marked_text(explanation: Explanation) -> None:
    prediction = explanation.prediction
    spans = [
        (token.start, token.end, value, unknown)
        for token, value, unknown in zip(
            explanation.tokens, explanation.contributions.tolist(), explanation.unknown.tolist(), strict=True
        )
    ]
    unread = prediction.tokens_total - prediction.tokens_read
    note = f"Not read by the model: {unread:,} words and signs" if unread else ""
    highlight(explanation.text, spans, key="highlight", rest_note=note)


def _ranked(explanation: Explanation) -> None:
    frame = pd.DataFrame(
        {
            "word": [token.text for token in explanation.tokens],
            "contribution": explanation.contributions.astype(float),
            "place": range(1, len(explanation.tokens) + 1),
            "known": ~explanation.unknown,
        }
    )
    order = frame["contribution"].abs().sort_values(ascending=False, kind="stable").index
    st.dataframe(
        frame.loc[order],
        hide_index=True,
        height=320,
        alt="Words by the size of their contribution",
        column_config={
            "contribution": st.column_config.NumberColumn("contribution (logits)", format="%+.3f"),
            "place": st.column_config.NumberColumn("place in the text"),
            "known": st.column_config.CheckboxColumn("known to the model"),
        },
    )


def _waterfall(explanation: Explanation) -> None:
    steps = waterfall_steps(explanation)
    st.altair_chart(
        charts.waterfall(steps),
        alt=f"From {explanation.baseline_logit:+.2f} to {explanation.logit:+.2f}: {len(steps)} steps",
    )


def waterfall_steps(explanation: Explanation) -> pd.DataFrame:
    """The starting point, the words that weigh most, the others together, the score.

    Returns:
        Columns ``name`` (unique), ``start``, ``end``, ``value`` (logits), ``side``.
    """
    values = explanation.contributions.astype(float)
    order = sorted(range(len(values)), key=lambda i: -abs(values[i]))
    named = sorted(order[:_STEPS])
    others = float(values[order[_STEPS:]].sum()) + explanation.residual
    steps = [(f"{explanation.tokens[i].text} ({i + 1})", float(values[i])) for i in named]
    steps.append((f"{max(0, len(values) - _STEPS)} other words", others))
    rows = [("start", 0.0, explanation.baseline_logit)]
    for name, value in steps:
        rows.append((name, rows[-1][2], rows[-1][2] + value))
    rows.append(("score", 0.0, explanation.logit))
    frame = pd.DataFrame(rows, columns=["name", "start", "end"])
    frame["value"] = frame["end"] - frame["start"]
    frame["side"] = frame["value"].map(lambda value: "positive" if value >= 0 else "negative")
    return frame


def _sum(explanation: Explanation) -> str:
    total = float(explanation.contributions.sum(dtype=float))
    return (
        f"Starting point {wording.signed(explanation.baseline_logit)} + contributions {wording.signed(total)} = score "
        f"{wording.signed(explanation.logit)} in logits (left over by rounding: {explanation.residual:+.1e})."
    )

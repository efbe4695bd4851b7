"""The expander "How the score adds up": from baseline and words to the probability, and how reliable that is."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pandas as pd
import streamlit as st

from sentiment.app.review import turns
from sentiment.app.shared import charts
from sentiment.app.shared.analyses import Analysis
from sentiment.explain.grouping import Group
from sentiment.explain.stability import SEGMENTS, reliability, stability
from sentiment.formatting import counted, likelihood, signed
from sentiment.model.classifier import Classifier
from sentiment.model.decision import DecisionRule
from sentiment.types import Explanation

_STEPS = 12  # named in the waterfall; the rest is summed into one step
_AUTO_CHECK_TOKENS = 400  # a longer text is checked only on request; this many take about a third of a second
_METHOD = """
- **Score (logit)**: what the model computes. Larger means more positive.
- **Baseline**: the score of a text of the same length made of unknown words.
- **Contribution**: how much a word raises or lowers the score in its context (DeepLIFT's rescale rule).
- **Sum**: baseline + contributions = score. Nothing is rescaled to fit; the numerical error is shown.
- **Probability**: sigmoid of the score, temperature-scaled on held-out reviews.
"""
_MARKS = {
    "high": (":green-badge[:material/verified: High]", "four of the five strongest words"),
    "medium": (":gray-badge[:material/check: Medium]", "three of the five strongest words"),
    "low": (":red-badge[:material/warning: Low]", "only two of the five strongest words"),
}


@st.fragment
def show(analysis: Analysis, explanation: Explanation, groups: list[Group], classifier: Classifier | None) -> None:
    """Shows the terms that add up to the score, in an expander.

    Args:
        analysis: the analysis.
        explanation: its explanation.
        groups: the words, phrases or sentences to list.
        classifier: the model that made it; if None, calibration and reliability are not shown.
    """
    expander = st.expander("How the score adds up", icon=":material/calculate:", key="arithmetic", on_change="rerun")
    if not expander.open:
        return
    with expander:
        left, right = st.columns(2, gap="medium")
        with left:
            _sum(explanation, classifier)
            if classifier:
                _reliability(analysis, explanation, classifier)
            _ranking(explanation, groups)
        with right:
            _waterfall(explanation, groups)
            st.caption(_METHOD)


def _sum(explanation: Explanation, classifier: Classifier | None) -> None:
    rows = sum_rows(explanation, classifier)
    st.table(pd.DataFrame(rows, columns=["Step", "Value", "Meaning"]).set_index("Step"), border="horizontal")


def sum_rows(explanation: Explanation, classifier: Classifier | None) -> list[tuple[str, str, str]]:
    """Returns the steps from baseline to probability as (name, formatted value, meaning in plain words)."""
    values = explanation.contributions.astype(float)
    up, down = values[values > 0], values[values < 0]
    label = explanation.prediction.label
    rows = [
        ("Baseline", signed(explanation.baseline_logit, 3), "score of a text of unknown words"),
        ("Positive contributions", signed(float(up.sum()), 3), f"from {counted(len(up), 'token')}"),
        ("Negative contributions", signed(float(down.sum()), 3), f"from {counted(len(down), 'token')}"),
        ("Numerical error", _scientific(explanation.residual), "left over by rounding"),
        ("Score", signed(explanation.logit, 3), _decision(explanation)),
    ]
    if explanation.prediction.status != "mostly_unknown":
        shown = likelihood(explanation.prediction.probability, 1)
        rows.append(("P(positive)", shown, _calibration(classifier.rule) if classifier else f"so {label}"))
    return rows


def _decision(explanation: Explanation) -> str:
    side = "above" if explanation.prediction.label == "positive" else "below"
    boundary = signed(explanation.boundary) if explanation.boundary else "0"
    return f"{side} {boundary}, so {explanation.prediction.label}"


def _calibration(rule: DecisionRule) -> str:
    score = f"(score {'+' if rule.bias > 0 else '−'} {abs(rule.bias):.3f})" if rule.bias else "score"
    return f"sigmoid({score} / {rule.temperature:.3f})"


def _scientific(value: float) -> str:
    return f"{value:+.0e}".replace("e-0", "e-").replace("e+00", "").replace("-", "−")


def _reliability(analysis: Analysis, explanation: Explanation, classifier: Classifier) -> None:
    """Shows how well the contributions agree with a finer computation."""
    label = "**Reliability of this explanation:**"
    if analysis.agreement is None:
        long = len(explanation.tokens) > _AUTO_CHECK_TOKENS
        if long and not st.button("Check reliability", icon=":material/fact_check:", help="Takes a few seconds."):
            return
        with turns.in_turn(analysis), st.spinner("Checking reliability"):
            analysis.agreement = stability(classifier, explanation)
    mark = reliability(analysis.agreement)
    if mark is None:
        st.markdown(f"{label} too few words to check.")
        return
    badge, kept = _MARKS[mark]
    st.markdown(f"{label} {badge}")
    st.caption(
        f"Agreement with a {SEGMENTS}-step attribution: r = {analysis.agreement:.2f}".replace("-0.", "−0.")
        + f". At this level, {kept} usually stay the same."
    )


def _waterfall(explanation: Explanation, groups: list[Group]) -> None:
    st.altair_chart(
        charts.waterfall(waterfall_steps(explanation, groups)),
        alt=f"Waterfall from {signed(explanation.baseline_logit)} to {signed(explanation.logit)}",
    )


def waterfall_steps(explanation: Explanation, groups: list[Group]) -> pd.DataFrame:
    """Returns the steps from the baseline to the score; small contributions are summed into one step.

    Returns:
        Columns ``name`` (unique), ``start``, ``end`` and ``value`` (logits), ``side`` ("positive" or "negative").
    """
    largest = sorted(groups, key=lambda each: -abs(each.value))[:_STEPS]
    rest = sum(each.value for each in groups) - sum(each.value for each in largest) + explanation.residual
    rows = [("Baseline", 0.0, explanation.baseline_logit)]
    for each in sorted(largest, key=lambda each: each.start):
        name = " ".join(explanation.text[each.start : each.end].split())[:40]
        rows.append((name, rows[-1][2], rows[-1][2] + each.value))
    if others := len(groups) - len(largest):
        rows.append((counted(others, "other"), rows[-1][2], rows[-1][2] + rest))
    rows.append(("Score", 0.0, explanation.logit))
    frame = pd.DataFrame(rows, columns=["name", "start", "end"])
    frame["name"] = _unique(frame["name"].tolist())
    frame["value"] = frame["end"] - frame["start"]
    frame["side"] = frame["value"].map(lambda value: "positive" if value >= 0 else "negative")
    return frame


def _unique(names: list[str]) -> list[str]:
    """Numbers repeated names, which would otherwise share a row of the chart."""
    seen: Counter[str] = Counter()
    result: list[str] = []
    for name in names:
        seen[name] += 1
        new = name if seen[name] == 1 else f"{name} ({seen[name]})"
        while new in result:
            new += " "
        result.append(new)
    return result


def _ranking(explanation: Explanation, groups: list[Group]) -> None:
    """Lists the words by the size of their contributions, with a column for unknown ones if there are any."""
    ranked = sorted(groups, key=lambda each: -abs(each.value))
    strongest = max((abs(each.value) for each in groups), default=0.0) or 1.0
    frame = pd.DataFrame(
        {
            "word": [explanation.text[each.start : each.end] for each in ranked],
            "contribution": [each.value for each in ranked],
            "strength": [100 * abs(each.value) / strongest for each in ranked],
            "towards": [["positive" if each.value >= 0 else "negative"] for each in ranked],  # lists appear as badges
        }
    )
    if any(each.unknown for each in ranked):
        frame["vocabulary"] = ["unknown" if each.unknown else "" for each in ranked]
    st.dataframe(
        frame.style.format({"contribution": partial(signed, digits=3)}),
        hide_index=True,
        height=353,
        alt="Words by the size of their contribution",
        column_config={
            "word": st.column_config.TextColumn("Word", width=110),
            "contribution": st.column_config.NumberColumn("Contribution", width=90, help="In logits."),
            "strength": st.column_config.ProgressColumn(
                "Strength", format="%.0f%%", max_value=100, width=110, help="Relative to the strongest word."
            ),
            "towards": st.column_config.MultiselectColumn(
                "Towards", options=["positive", "negative"], color=["blue", "orange"]
            ),
            "vocabulary": st.column_config.TextColumn("Vocabulary"),
        },
    )

"""Explanation of a score: the marked text, the ranked words, and the steps from starting point to score."""

from __future__ import annotations

import bisect
import math
from typing import Any, get_args

import pandas as pd
import streamlit as st

from sentiment.app.review import turns, what_if
from sentiment.app.shared import charts, uploads, wording
from sentiment.app.shared.analyses import Analysis
from sentiment.app.shared.highlight import highlight
from sentiment.explain.grouping import Group, Level, group
from sentiment.explain.negation import negations, negators
from sentiment.explain.prefixes import score_prefixes
from sentiment.explain.reasons import reasons
from sentiment.explain.stability import SEGMENTS, stability
from sentiment.formatting import likelihood, signed
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation

_STEPS = 12  # named in the waterfall; the rest is summed into one step
_LEVELS = [level for level in get_args(Level) if level != "token"]
_TERMS = """
- **Score**: what the model computes, in *logits*. Above zero is positive; the further from zero, the surer.
- **Starting point**: the score of a text of the same length that holds only unknown words.
- **Contribution**: what a word adds to the score where it stands. All of them and the starting point make up the score.
- **Probability**: the score, squeezed between 0 and 1 and calibrated on reviews that the model had not learned from.
"""


@st.fragment
def show(analysis: Analysis, classifier: Classifier) -> None:
    """Shows the explanation of an analysis. It is a fragment: changing the view reruns only this part."""
    with turns.in_turn(analysis):
        _show(analysis, classifier)


def _show(analysis: Analysis, classifier: Classifier) -> None:
    st.header("Why", help=_TERMS)
    same_model = analysis.is_made_by(classifier)
    if not same_model:
        run = uploads.escape_markdown(analysis.run)
        st.caption(f"Made by {run}, which is not the model chosen now: this can be read but not varied.")
        if analysis.explanation is None:
            st.caption("Choose that model to see the reasons.")
            return
    with st.skeleton(height=300):
        explanation = analysis.get_explanation(classifier)
    sentence = reasons(explanation)
    st.text(f"{sentence[:1].upper()}{sentence[1:]}\n{wording.score_summary(explanation)}")
    left, right = st.columns([3, 2], gap="medium")
    names = ["Ranked", "Start to score", *(["What if", "Negation"] if same_model else [])]
    with right:
        views = dict(zip(names, st.tabs(names, key="reasons_view", on_change="rerun"), strict=True))
    open_view = next((name for name, view in views.items() if view.open), names[0])
    with left:
        groups = _highlighted_text(explanation, classifier if same_model else None, pick=open_view == "What if")
    with views[open_view]:
        match open_view:
            case "Ranked":
                _ranking(explanation, groups)
                if same_model:
                    _stability_check(explanation, classifier)
            case "Start to score":
                _waterfall(explanation, groups)
            case "What if":
                what_if.show(analysis, explanation, classifier)
            case "Negation":
                _negations(explanation, classifier)


def _highlighted_text(explanation: Explanation, classifier: Classifier | None, *, pick: bool) -> list[Group]:
    """Shows the text with contributions at the chosen level; returns the groups shown.

    Without a classifier, the curve over prefixes cannot be shown.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        level = st.segmented_control(
            "Contributions by",
            _LEVELS,
            default="word",
            format_func="by {}".format,
            key="level",
            bind="query-params",
            required=True,
            label_visibility="collapsed",
        )
        along = st.toggle(
            "As the model reads",
            key="along",
            bind="query-params",
            disabled=classifier is None,
            help=(
                "The probability after each word, as if the text ended there; over 100 words, at evenly spaced ones."
            ),
        )
    groups = group(explanation, level)
    prediction = explanation.prediction
    unread = prediction.tokens_total - prediction.tokens_read
    picked = highlight(
        explanation.text,
        [(each.start, each.end, each.value, each.unknown) for each in groups],
        key="highlight",
        rest_note=f"Not read by the model: {wording.words_and_signs(unread)}" if unread else "",
        curve=_prefix_curve(explanation.text, groups, classifier) if along and classifier else None,
        pick=pick,
    )
    if picked is not None and pick and picked < len(groups):
        what_if.drop(range(groups[picked].first, groups[picked].stop))
    st.caption(wording.equation(explanation))
    return groups


def _prefix_curve(text: str, groups: list[Group], classifier: Classifier) -> dict[str, Any]:
    """Returns the curve of the probability over prefixes of the text, placed at the groups where they end."""
    points = score_prefixes(classifier, text)
    firsts = [each.first for each in groups]
    places = {bisect.bisect_right(firsts, point.place) - 1: round(point.probability, 4) for point in points}
    low, high = min(places.values()), max(places.values())
    return {
        "points": [(place, probability, likelihood(probability)) for place, probability in places.items()],
        "title": "Probability of “positive” as the model reads on, from 0 % (bottom) to 100 % (top)",
        "description": f"From {likelihood(low)} to {likelihood(high)}, at the end {likelihood(points[-1].probability)}",
    }


def _ranking(explanation: Explanation, groups: list[Group]) -> None:
    ranked = sorted(groups, key=lambda each: -abs(each.value))
    st.dataframe(
        pd.DataFrame(
            {
                "part": [explanation.text[each.start : each.end] for each in ranked],
                "value": [each.value for each in ranked],
                "place": [each.first + 1 for each in ranked],
                "known": ["no" if each.unknown else "yes" for each in ranked],
            }
        ),
        hide_index=True,
        height=420,
        alt="Parts of the text by the size of their contribution",
        column_config={
            "part": st.column_config.TextColumn("part", width="medium"),
            "value": st.column_config.NumberColumn("adds", format="%+.3f", help="in logits"),
            "place": st.column_config.NumberColumn("place"),
        },
    )


def _stability_check(explanation: Explanation, classifier: Classifier) -> None:
    """Offers to compare the contributions with a finer computation, which takes many times as long."""
    if st.button("Check with a finer computation", icon=":material/fact_check:"):
        agreement = stability(classifier, explanation)
        if math.isnan(agreement):
            st.caption("There are too few words to compare.")
        else:
            st.caption(
                f"Computed in {SEGMENTS} steps instead of one, the contributions correlate with these by "
                f"{agreement:.3f}; the nearer to 1, the less they depend on how they are computed."
            )


def _waterfall(explanation: Explanation, groups: list[Group]) -> None:
    st.altair_chart(
        charts.waterfall(waterfall_steps(explanation, groups)),
        alt=f"From {signed(explanation.baseline_logit)} to {signed(explanation.logit)}",
    )


def waterfall_steps(explanation: Explanation, groups: list[Group]) -> pd.DataFrame:
    """Returns the steps from the starting point to the score; small contributions are summed into one step.

    Returns:
        Columns ``name`` (unique), ``start``, ``end``, ``value`` (logits), ``side``.
    """
    largest = sorted(groups, key=lambda each: -abs(each.value))[:_STEPS]
    rest = sum(each.value for each in groups) - sum(each.value for each in largest) + explanation.residual
    rows = [("start", 0.0, explanation.baseline_logit)]
    for each in sorted(largest, key=lambda each: each.start):
        name = " ".join(explanation.text[each.start : each.end].split())
        rows.append((f"{name[:40]} ({each.first + 1})", rows[-1][2], rows[-1][2] + each.value))
    if others := len(groups) - len(largest):
        rows.append((f"{others} other{'s' if others > 1 else ''}", rows[-1][2], rows[-1][2] + rest))
    rows.append(("score", 0.0, explanation.logit))
    frame = pd.DataFrame(rows, columns=["name", "start", "end"])
    frame["value"] = frame["end"] - frame["start"]
    frame["side"] = frame["value"].map(lambda value: "positive" if value >= 0 else "negative")
    return frame


def _negations(explanation: Explanation, classifier: Classifier) -> None:
    """Shows the effective negations with the opinion word of each, and the number of the others."""
    negated = negations(classifier, explanation.text)
    unlisted = len(negators(classifier, explanation.text)) - len(negated)
    if unlisted:
        st.caption(wording.unlisted_negations(unlisted, more=bool(negated)))
    elif not negated:
        st.caption("There is no negation before another word in this text.")
    if not negated:
        return
    words = {place: each for each in group(explanation, "word") for place in range(each.first, each.stop)}
    pairs = [(words[one.negator], words[one.opinion]) for one in negated]
    texts = [[explanation.text[each.start : each.end] for each in pair] for pair in pairs]
    st.dataframe(
        pd.DataFrame(
            {
                "pair": [" … ".join(dict.fromkeys(pair)) for pair in texts],
                "with": [one.negated for one in negated],
                "alone": [one.alone for one in negated],
                "joint": [one.joint for one in negated],
            }
        ),
        hide_index=True,
        alt="Negators with the opinion after them",
        column_config={
            "with": st.column_config.NumberColumn("adds", format="%+.2f", help="what the opinion adds"),
            "alone": st.column_config.NumberColumn(
                "alone", format="%+.2f", help="what it would add without the negator"
            ),
            "joint": st.column_config.NumberColumn("joint", format="%+.2f", help="the difference of the two"),
        },
    )
    st.caption(
        "In logits: what the opinion adds, what it would add without its negator, and the joint effect of the two, "
        "f(x) − f(without one) − f(without the other) + f(without both)."
    )

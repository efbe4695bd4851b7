"""Explanation of a score: the marked text, what-if versions, negations, and how the score adds up."""

from __future__ import annotations

import bisect
from typing import Any, get_args

import pandas as pd
import streamlit as st

from sentiment.app.review import arithmetic, turns, what_if
from sentiment.app.shared import wording
from sentiment.app.shared.analyses import Analysis
from sentiment.app.shared.highlight import highlight
from sentiment.explain.grouping import Group, Level, group
from sentiment.explain.negation import negations, negators
from sentiment.explain.prefixes import score_prefixes
from sentiment.explain.reasons import reasons
from sentiment.formatting import likelihood
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation

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
    if not same_model and analysis.explanation is None:
        st.caption("The model that made this isn't available, so its reasons aren't either.")
        return
    with st.skeleton(height=300):
        explanation = analysis.get_explanation(classifier)
    sentence = reasons(explanation)
    st.text(f"{sentence[:1].upper()}{sentence[1:]}")
    if same_model:
        groups = _varied(analysis, explanation, classifier)
    else:
        groups = _highlighted_text(explanation, None, pick=False)
    arithmetic.show(analysis, explanation, groups, classifier if same_model else None)


def _varied(analysis: Analysis, explanation: Explanation, classifier: Classifier) -> list[Group]:
    """Shows the text beside its variations; returns the groups shown."""
    left, right = st.columns([3, 2], gap="medium")
    names = ["What if", "Negation"]
    with right:
        views = dict(zip(names, st.tabs(names, key="reasons_view", on_change="rerun"), strict=True))
    open_view = next((name for name, view in views.items() if view.open), names[0])
    with left:
        groups = _highlighted_text(explanation, classifier, pick=open_view == "What if")
    with views[open_view]:
        if open_view == "What if":
            what_if.show(analysis, explanation, classifier)
        else:
            _negations(explanation, classifier)
    return groups


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

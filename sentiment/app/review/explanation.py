"""The explanation of a score: the coloured text, the top words, what-if versions, and negations."""

from __future__ import annotations

import bisect
from functools import partial
from typing import Any, get_args

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sentiment.app.review import arithmetic, editor, ranking, turns, views, what_if
from sentiment.app.shared import segments, wording
from sentiment.app.shared.analyses import Analysis
from sentiment.explain.grouping import Group, Level, group
from sentiment.explain.negation import negations, negators
from sentiment.explain.prefixes import score_prefixes
from sentiment.explain.reasons import reasons
from sentiment.formatting import likelihood, signed
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation

_LEVELS: list[Level] = [level for level in get_args(Level) if level != "token"]
_LEVEL, _ALONG = "level", "along"  # keys of widgets


def show(
    analysis: Analysis,
    version: Explanation | None,
    classifier: Classifier | None,
    place: DeltaGenerator,
    below: DeltaGenerator,
) -> None:
    """Shows the coloured text and its top words at a place, and the explanation in tabs below.

    Args:
        analysis: the analysis to explain.
        version: the explanation of a changed version, if one is shown.
        classifier: the model that made the analysis, None if it is not available.
        place: the container of the editor.
        below: the container of its settings.
    """
    names = [name for name in views.NAMES if classifier or name not in views.OTHER_TEXTS]
    open_view = views.open_view(names)
    with turns.in_turn(analysis):
        explanation = analysis.get_explanation(classifier) if classifier else analysis.explanation
        if explanation is None:
            with place:
                editor.show(analysis.text)
            st.caption("The model that made this analysis isn't available, so there is no explanation.")
            return
        with below:
            level, along = _settings(classifier)  # first, because the URL may set them
        groups = group(explanation, level)
        curve = _prefix_curve(explanation.text, groups, classifier) if along and classifier else None
        with place:
            _text(analysis, explanation, version, groups, curve, open_view)
        tabs = dict(zip(names, st.tabs(names, key=views.KEY, on_change="rerun"), strict=True))
        with tabs[open_view]:
            if open_view == views.TOP_WORDS:
                ranking.show(explanation.text, groups, level)
            elif open_view == views.WHAT_IF and classifier:
                what_if.show(analysis, explanation, version, classifier)
            elif classifier:
                _negations(explanation, classifier)
        arithmetic.show(analysis, explanation, groups, classifier)


def _text(
    analysis: Analysis,
    explanation: Explanation,
    version: Explanation | None,
    groups: list[Group],
    curve: dict[str, Any] | None,
    open_view: str,
) -> None:
    """Shows the editor with the contributions of the groups, taken from the changed version if there is one."""
    spans = [(each.start, each.end, each.value, each.unknown) for each in groups]
    if version is not None:
        values = what_if.values_in(version, explanation)
        spans = [
            (each.start, each.end, sum(values.get(place, 0.0) for place in range(each.first, each.stop)), each.unknown)
            for each in groups
        ]
    prediction = explanation.prediction
    unread = prediction.tokens_total - prediction.tokens_read
    editor.show(
        explanation.text,
        spans,
        rest_note=f"Grey: {wording.tokens(unread)} not used, beyond the limit of {prediction.tokens_read:,}."
        if unread
        else "",
        curve=curve,
        marks=what_if.marks(analysis, groups) if version is not None else None,
        on_pick=partial(what_if.pick, analysis, explanation, groups) if open_view == views.WHAT_IF else None,
        on_edit=views.leave_what_if,
    )
    st.text(reasons(version or explanation))


def _settings(classifier: Classifier | None) -> tuple[Level, bool]:
    """Shows the choice of a level, and the switch of the curve, which needs a classifier; returns their values."""
    with st.container(horizontal=True, vertical_alignment="center"):
        level = segments.choose(
            "Contributions by",
            _LEVELS,
            default=_LEVELS[0],
            format_func=lambda level: f"{level.capitalize()}s",
            key=_LEVEL,
            bind="query-params",
            label_visibility="collapsed",
        )
        along = st.toggle(
            "Running probability",
            key=_ALONG,
            bind="query-params",
            disabled=classifier is None,
            help="P(positive) if the review ended at each word. Long reviews: at 100 points.",
        )
    return level, along


def _prefix_curve(text: str, groups: list[Group], classifier: Classifier) -> dict[str, Any]:
    """Returns the curve for ``editor.show``: P(positive) of prefixes, each at the group in which the prefix ends."""
    points = score_prefixes(classifier, text)
    firsts = [each.first for each in groups]
    places = {bisect.bisect_right(firsts, point.place) - 1: round(point.probability, 4) for point in points}
    low, high = min(places.values()), max(places.values())
    return {
        "points": [(place, probability, likelihood(probability)) for place, probability in places.items()],
        "title": "P(positive) word by word",
        "description": f"From {likelihood(low)} to {likelihood(high)}, at the end {likelihood(points[-1].probability)}",
    }


def _negations(explanation: Explanation, classifier: Classifier) -> None:
    """Shows the effective negations, each with its opinion word, and the number of the others."""
    negated = negations(classifier, explanation.text)
    unlisted = len(negators(classifier, explanation.text)) - len(negated)
    if unlisted:
        st.caption(wording.unlisted_negations(unlisted, more=bool(negated)))
    elif not negated:
        st.caption("This text has no negated words.")
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
        ).style.format(dict.fromkeys(("with", "alone", "joint"), partial(signed, digits=2))),
        hide_index=True,
        alt="Negated phrases, with the effect of each",
        column_config={
            "pair": "Negated phrase",
            "with": st.column_config.NumberColumn("Effect with negation"),
            "alone": st.column_config.NumberColumn("Effect without"),
            "joint": st.column_config.NumberColumn("Interaction", help="Effect with negation minus effect without."),
        },
    )
    st.caption("Effect of the opinion word with and without its negator, in logits.")

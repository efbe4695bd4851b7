"""Two models, or two attribution methods, side by side on the same text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from sentiment.app.review import comparison, turns
from sentiment.app.review.comparison import Side
from sentiment.app.shared import current_run, segments, uploads
from sentiment.app.shared.analyses import Analysis
from sentiment.artifacts import ArtifactError
from sentiment.explain.stability import correlation
from sentiment.faithfulness.methods import Ids, leave_one_out
from sentiment.formatting import signed
from sentiment.model.attribution import Attribution, integrated_gradients
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation

_OURS, _GRADIENTS, _LEAVE_ONE_OUT = "Ours (rescale rule)", "Integrated gradients", "Leave-one-out"
_METHODS = (_OURS, _GRADIENTS, _LEAVE_ONE_OUT)
_POINTS = 16  # quadrature points of integrated gradients, as in the committed proofs
_MAX_LEAVE_ONE_OUT = 400  # tokens; leave-one-out scores a text once for each of its tokens
_STRONGEST = 5  # words compared in the summary
_HELP = """
- **Ours**: DeepLIFT's rescale rule; adds up to the score.
- **Integrated gradients**: mean gradient along the path from the baseline; adds up approximately.
- **Leave-one-out**: the drop in score when a word is deleted; does not add up.
"""


@st.fragment
def show(analysis: Analysis, classifier: Classifier) -> None:
    """Shows the comparison in an expander.

    Args:
        analysis: the analysis.
        classifier: the model that made it; the chosen model if that one is not available.
    """
    expander = st.expander(
        "Compare models or methods", icon=":material/compare:", key="side_by_side", on_change="rerun"
    )
    if not expander.open:
        return
    with expander:
        what = segments.choose(
            "Compare",
            ["Models", "Methods"],
            default="Models",
            key="side_by_side_kind",
            label_visibility="collapsed",
        )
        (_models if what == "Models" else _methods)(analysis, classifier)


def _models(analysis: Analysis, classifier: Classifier) -> None:
    names = [path.name for path in current_run.run_paths()]
    others = [name for name in names if name != classifier.run.name]
    if not others:
        st.caption("There is only one model here. Train or import another one to compare.")
        return
    first, second = _choose("Model", [classifier.run.name, *others])
    try:
        sides = [_explain(analysis, current_run.named_classifier(name), _OURS) for name in (first, second)]
    except ArtifactError as error:
        st.error(uploads.escape_markdown(str(error)), icon=":material/error:")
        return
    comparison.show(
        [
            Side(uploads.escape_markdown(name), analysis.text, explanation.prediction, explanation)
            for name, explanation in zip((first, second), sides, strict=True)
        ],
        key="compared_models",
    )


def _methods(analysis: Analysis, classifier: Classifier) -> None:
    long = analysis.prediction.tokens_read > _MAX_LEAVE_ONE_OUT
    methods = [name for name in _METHODS if not (long and name == _LEAVE_ONE_OUT)]
    if long:
        st.caption(f"Leave-one-out is limited to {_MAX_LEAVE_ONE_OUT} tokens: it scores the text once for each token.")
    chosen = _choose("Method", methods, help=_HELP)
    sides = [_explain(analysis, classifier, name) for name in chosen]
    st.markdown(_agreement(*sides))
    comparison.show(
        [
            Side(name, analysis.text, None, explanation, _total(explanation))
            for name, explanation in zip(chosen, sides, strict=True)
        ],
        key="compared_methods",
    )


def _choose(label: str, names: list[str], help: str | None = None) -> tuple[str, str]:
    """Shows two selectboxes and returns the chosen names, by default the first two."""
    columns = st.columns(2, gap="medium")
    first, second = (
        column.selectbox(f"{place} {label.lower()}", names, index=index, key=f"side_by_side_{label}_{index}", help=help)
        for index, (column, place) in enumerate(zip(columns, ("First", "Second"), strict=True))
    )
    return first, second


def _explain(analysis: Analysis, classifier: Classifier, method: str) -> Explanation:
    """Returns the explanation of the text by a model and a method, computed once for each analysis."""
    key = (classifier.run.name, method)
    if key not in analysis.others:
        with turns.in_turn(analysis), st.spinner("Computing"):
            analysis.others[key] = _compute(analysis, classifier, method)
    return analysis.others[key]


def _compute(analysis: Analysis, classifier: Classifier, method: str) -> Explanation:
    explained = analysis.explanation if analysis.explanation and analysis.run == classifier.run.name else None
    explanation = explained or classifier.explain(analysis.text)
    attribute = attribution_methods(classifier).get(method)
    if attribute is None or not explanation.tokens:
        return explanation
    return _attributed(explanation, attribute, classifier.preprocessor.ids(analysis.text)[0])


def attribution_methods(classifier: Classifier) -> dict[str, Callable[[list[Ids]], list[Attribution]]]:
    """Returns the methods other than the classifier's own, by name."""
    return {
        _GRADIENTS: partial(classifier.attributor, rule=partial(integrated_gradients, points=_POINTS)),
        _LEAVE_ONE_OUT: partial(leave_one_out, classifier.logits),
    }


def _attributed(explanation: Explanation, attribute: Callable[[list[Ids]], list[Attribution]], ids: Ids) -> Explanation:
    """Returns the explanation with the contributions of another method; the residual is what they do not add up to."""
    [other] = attribute([ids])
    total = float(other.contributions.sum(dtype=np.float64))
    return replace(
        explanation,
        contributions=other.contributions,
        baseline_logit=other.baseline_logit,
        residual=explanation.logit - other.baseline_logit - total,
    )


def _total(explanation: Explanation) -> str:
    if abs(explanation.residual) < 0.005:
        return "Adds up to the score."
    return f"Adds up to the score with a residual of {signed(explanation.residual)}."


def _agreement(first: Explanation, second: Explanation) -> str:
    """Returns a sentence on how far two methods agree on the same tokens."""
    if len(first.tokens) < 2:
        return "Too few words to compare."
    same = len(_strongest(first) & _strongest(second))
    agreement = f"r = {correlation(first.contributions, second.contributions):.2f}".replace("-", "−")
    return f"Agreement {agreement}; {same} of the {len(_strongest(first))} strongest words are the same."


def _strongest(explanation: Explanation) -> set[int]:
    return set(np.argsort(-np.abs(explanation.contributions), kind="stable")[:_STRONGEST].tolist())

"""The verdict card: the prediction in the colour of its side, its probability on a bar, and its caveats.

An inline component, so that the card is marked as outdated the moment the text in the editor changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from sentiment.app.shared import analyses, examples, wording
from sentiment.app.shared.analyses import Analysis
from sentiment.explain.prediction_text import headline, probability_sentence
from sentiment.formatting import likelihood
from sentiment.model.decision import DecisionRule
from sentiment.types import Prediction

_HERE = Path(__file__).parent
_COMPONENT = st.components.v2.component(
    "sentiment_verdict",
    html=(_HERE / "verdict.html").read_text(encoding="utf-8"),
    css=(_HERE / "verdict.css").read_text(encoding="utf-8"),
    js=(_HERE / "verdict.js").read_text(encoding="utf-8"),
)


def show(analysis: Analysis, rule: DecisionRule, version: Prediction | None = None) -> None:
    """Shows the prediction of an analysis, or that of a changed version next to it.

    Args:
        analysis: the analysis.
        rule: the decision rule of its model.
        version: the prediction for a changed version of its text.
    """
    _COMPONENT(key="verdict", data=_card(analysis, rule, version, changed=analyses.text_changed()))


def _card(analysis: Analysis, rule: DecisionRule, version: Prediction | None, *, changed: bool) -> dict[str, Any]:
    shown = version or analysis.prediction
    probability = _stated_probability(shown)
    return {
        "text": analyses.normalise_line_ends(analysis.text),
        "changed": changed,
        "revision": analyses.revision(),
        "side": "unsure" if shown.label is None or shown.confidence == "unsure" else shown.label,
        "headline": headline(shown),
        "percent": _percent(shown),
        "probability": probability,
        "threshold": rule.threshold,
        "zone": rule.unsure_zone,
        "meter": "" if probability is None else f"Probability of positive: {likelihood(probability, 1)}",
        "line": _line(analysis, shown),
        "notes": [*_notes(shown), *filter(None, [examples.expectation(analysis.text)] if version is None else [])],
        "before": _before(analysis.prediction) if version else None,
    }


def _stated_probability(prediction: Prediction) -> float | None:
    """Returns P(positive); None without words, or with mostly unknown ones, for which it is not calibrated."""
    unknown = prediction.label is None or prediction.status == "mostly_unknown"
    return None if unknown else prediction.probability


def _percent(prediction: Prediction) -> str:
    """Returns the probability of the predicted label; an unsure headline does not name the label, so this does."""
    probability = _stated_probability(prediction)
    if probability is None:
        return ""
    stated = likelihood(probability if prediction.label == "positive" else 1 - probability, 1)
    return f"{stated} {prediction.label}" if prediction.confidence == "unsure" else stated


def _line(analysis: Analysis, prediction: Prediction) -> str:
    read = [f"{wording.tokens(prediction.tokens_read)} read"] if prediction.tokens_read else []
    source = ["loaded from file"] if analysis.milliseconds is None else []
    return " · ".join([*filter(None, [prediction.confidence]), *read, analysis.run, *source])


def _notes(prediction: Prediction) -> list[str]:
    """Returns the caveats of the verdict as sentences."""
    stated = _stated_probability(prediction) is not None
    return [*([] if stated else [probability_sentence(prediction)]), *wording.caveats(prediction)]


def _before(prediction: Prediction) -> dict[str, Any]:
    probability = _stated_probability(prediction)
    text = " ".join(filter(None, ["Before:", headline(prediction), _percent(prediction)]))
    return {"text": text, "probability": 0.5 if probability is None else probability}

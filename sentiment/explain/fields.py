"""The fields of a prediction and of an explanation in the JSON of ``score.py --text`` and the API."""

from __future__ import annotations

from typing import Any

from sentiment.types import Explanation, Prediction


def prediction_fields(prediction: Prediction) -> dict[str, Any]:
    """Returns a prediction's fields; label, probability, logit and confidence are None if there is nothing to score."""
    scored = prediction.label is not None
    return {
        "label": prediction.label,
        "probability": prediction.probability if scored else None,
        "logit": prediction.logit if scored else None,
        "confidence": prediction.confidence,
        "status": prediction.status,
        "tokens_read": prediction.tokens_read,
        "tokens_total": prediction.tokens_total,
        "unknown_rate": prediction.unknown_rate,
    }


def explanation_fields(explanation: Explanation) -> dict[str, Any]:
    """Returns the fields that an explanation adds to those of its prediction; offsets are in characters of the text."""
    return {
        "baseline_logit": explanation.baseline_logit,
        "residual": explanation.residual,
        "contributions": [
            {"token": token.text, "start": token.start, "end": token.end, "value": value}
            for token, value in zip(explanation.tokens, explanation.contributions.tolist(), strict=True)
        ],
    }

"""Turns a logit into a prediction: probability, label and confidence are defined only here."""

from __future__ import annotations

import math

from sentiment.types import Confidence, Label, Prediction, Status

# Lower bounds on the calibrated probability of the predicted label.
CONFIDENT = 0.90
LEANING = 0.70
# A text with a smaller share of known words gets a label, but is always "unsure".
KNOWN_WORDS = 0.5


def probability_of(logit: float, temperature: float) -> float:
    """Returns the calibrated P(positive), ``sigmoid(logit / temperature)`` (Guo et al. 2017, section 4.2)."""
    z = logit / temperature
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def label_of(probability: float) -> Label:
    """Returns "positive" for a probability of one half or more."""
    return "positive" if probability >= 0.5 else "negative"


def confidence_of(probability: float, status: Status = "ok") -> Confidence:
    """Returns the confidence level for a calibrated probability of "positive"."""
    certainty = max(probability, 1 - probability)
    if status == "mostly_unknown" or certainty < LEANING:
        return "unsure"
    return "confident" if certainty >= CONFIDENT else "leaning"


def scored_prediction(
    logit: float, temperature: float, status: Status, read: int, total: int, unknown_rate: float
) -> Prediction:
    """Returns the prediction for a text that was scored."""
    probability = probability_of(logit, temperature)
    confidence = confidence_of(probability, status)
    return Prediction(label_of(probability), probability, logit, confidence, status, read, total, unknown_rate)


def unscored_prediction(status: Status) -> Prediction:
    """Returns the prediction for a text without a score: ``unreadable`` or ``empty``."""
    return Prediction(None, 0.5, 0.0, None, status, 0, 0, 0.0)

"""From a logit to a verdict: the one place that says what a score means in words."""

from __future__ import annotations

import math

from sentiment.types import Confidence, Label, Prediction, Status

# Bounds on the calibrated probability of the verdict given.
CONFIDENT = 0.90
LEANING = 0.70
# A text in which fewer of the words are known is judged, but never with confidence.
KNOWN_WORDS = 0.5


def probability_of(logit: float, temperature: float) -> float:
    """Calibrated probability of "positive": ``sigmoid(logit / temperature)`` (Guo et al. 2017, section 4.2)."""
    z = logit / temperature
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def label_of(probability: float) -> Label:
    """The side of one half on which a probability lies."""
    return "positive" if probability >= 0.5 else "negative"


def confidence_of(probability: float, status: Status = "ok") -> Confidence:
    """How far a verdict with this calibrated probability of "positive" can be trusted."""
    certainty = max(probability, 1 - probability)
    if status == "mostly_unknown" or certainty < LEANING:
        return "unsure"
    return "confident" if certainty >= CONFIDENT else "leaning"


def verdict(logit: float, temperature: float, status: Status, read: int, total: int, unknown_rate: float) -> Prediction:
    """The prediction for a text that was scored."""
    probability = probability_of(logit, temperature)
    confidence = confidence_of(probability, status)
    return Prediction(label_of(probability), probability, logit, confidence, status, read, total, unknown_rate)


def no_verdict(status: Status) -> Prediction:
    """The prediction for a text with nothing to judge: ``unreadable`` or ``empty``."""
    return Prediction(None, 0.5, 0.0, None, status, 0, 0, 0.0)

"""Describes a prediction in words; the page, saved files and notebooks share them."""

from __future__ import annotations

from sentiment.formatting import likelihood
from sentiment.types import Prediction


def headline(prediction: Prediction) -> str:
    """Returns the prediction in a few words that reflect the model's confidence."""
    if prediction.label is None:
        return "Nothing to judge"
    if prediction.status == "mostly_unknown":
        return "Mostly words the model does not know"
    if prediction.confidence == "unsure":
        return "Unsure"
    return prediction.label.capitalize() if prediction.confidence == "confident" else f"Leaning {prediction.label}"


def probability_sentence(prediction: Prediction) -> str:
    """Returns the calibrated probability in a sentence.

    A text of mostly unknown words gets no probability, because the model was not calibrated on such texts.
    """
    if prediction.label is None:
        return "There is not a word in it."
    if prediction.status == "mostly_unknown":
        return f"If it had to choose, it would say {prediction.label}; how often it would be right is not known."
    stated = likelihood(prediction.probability if prediction.label == "positive" else 1 - prediction.probability)
    if prediction.confidence == "unsure":
        return f"If it had to choose, it would say {prediction.label}, and be right {stated} of the time."
    return f"Of reviews it judges like this one, {stated} are {prediction.label}."

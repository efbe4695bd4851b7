"""A verdict in words: the same ones on the page, in a saved file and in a notebook."""

from __future__ import annotations

from sentiment.formatting import likelihood
from sentiment.types import Prediction


def headline(prediction: Prediction) -> str:
    """Returns the verdict in a few words, never surer than the model is."""
    if prediction.label is None:
        return "Nothing to judge"
    if prediction.status == "mostly_unknown":
        return "Mostly words the model does not know"
    if prediction.confidence == "unsure":
        return "Unsure"
    return prediction.label.capitalize() if prediction.confidence == "confident" else f"Leaning {prediction.label}"


def chance(prediction: Prediction) -> str:
    """Returns the calibrated probability in a sentence.

    There is none of a text of unknown words, because nothing was calibrated on such texts.
    """
    if prediction.label is None:
        return "There is not a word in it."
    if prediction.status == "mostly_unknown":
        return f"If it had to choose, it would say {prediction.label}; how often it would be right is not known."
    stated = likelihood(max(prediction.probability, 1 - prediction.probability))
    if prediction.confidence == "unsure":
        return f"If it had to choose, it would say {prediction.label}, and be right {stated} of the time."
    return f"Of reviews it judges like this one, {stated} are {prediction.label}."

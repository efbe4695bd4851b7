"""Describes a prediction in words; the page, saved files and notebooks share them."""

from __future__ import annotations

from sentiment.formatting import likelihood
from sentiment.types import Prediction


def headline(prediction: Prediction) -> str:
    """Returns the prediction in a few words that reflect the model's confidence."""
    if prediction.label is None:
        return "No text to analyse"
    if prediction.status == "mostly_unknown":
        return "Not enough known words"
    if prediction.confidence == "unsure":
        return "Unsure"
    return prediction.label.capitalize() if prediction.confidence == "confident" else f"Leaning {prediction.label}"


def probability_sentence(prediction: Prediction) -> str:
    """Returns the calibrated probability in a sentence.

    A text of mostly unknown words gets no probability, because the model was not calibrated on such texts.
    """
    if prediction.label is None:
        return "Enter a review first."
    if prediction.status == "mostly_unknown":
        return f"Best guess: {prediction.label}. The model knows few of these words, so don't rely on this."
    probability = prediction.probability if prediction.label == "positive" else 1 - prediction.probability
    stated = likelihood(probability)
    if probability < 0.5:  # with a threshold far from one half
        return f"{prediction.label.capitalize()} at the threshold of this model, but only {stated} likely."
    if prediction.confidence == "unsure":
        return f"Slightly more likely {prediction.label} ({stated})."
    return f"{stated} likely {prediction.label}."

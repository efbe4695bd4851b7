"""How the verdict builds up as the text is read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sentiment.model.classifier import Classifier
from sentiment.model.decision import probability_of

POINTS = 100  # prefixes scored at most


@dataclass(frozen=True, slots=True)
class ReadingPoint:
    """The text up to and with one token, scored as if it ended there.

    Attributes:
        place: of that token among the tokens read.
        end: where it ends in the text.
        logit: the prefix's score.
        probability: calibrated, of "positive".
    """

    place: int
    end: int
    logit: float
    probability: float


def read_along(classifier: Classifier, text: str, points: int = POINTS) -> list[ReadingPoint]:
    """The score after each token, in order; of a longer text after ``points`` evenly spaced ones, the last included.

    Each prefix is scored anew, so that the backward direction too has read no further. Nothing for an empty text.
    """
    review = classifier.preprocessor(text)
    if not review.tokens:
        return []
    places = np.unique(np.linspace(0, review.tokens_read - 1, min(points, review.tokens_read)).round().astype(int))
    logits = classifier.logits([review.ids[: place + 1] for place in places]).tolist()
    return [
        ReadingPoint(place, review.tokens[place].end, logit, probability_of(logit, classifier.temperature))
        for place, logit in zip(places.tolist(), logits, strict=True)
    ]

"""Scores the prefixes of a text, to show how the prediction changes as it is read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sentiment.model.classifier import Classifier

POINTS = 100  # prefixes scored at most


@dataclass(frozen=True, slots=True)
class PrefixScore:
    """The score of the text up to and including one token.

    Attributes:
        place: index of that token among the tokens read.
        end: the end of that token in the text.
        logit: the prefix's score.
        probability: calibrated probability of "positive".
    """

    place: int
    end: int
    logit: float
    probability: float


def score_prefixes(classifier: Classifier, text: str, points: int = POINTS) -> list[PrefixScore]:
    """Returns the score after each token, in order; for a longer text, after ``points`` evenly spaced tokens.

    The last token is always included. Each prefix is scored separately, so the backward direction reads no further
    either. An empty text gives an empty list.
    """
    review = classifier.preprocessor(text)
    if not review.tokens:
        return []
    places = np.unique(np.linspace(0, review.tokens_read - 1, min(points, review.tokens_read)).round().astype(int))
    logits = classifier.logits([review.ids[: place + 1] for place in places]).tolist()
    return [
        PrefixScore(place, review.tokens[place].end, logit, classifier.rule.probability(logit))
        for place, logit in zip(places.tolist(), logits, strict=True)
    ]

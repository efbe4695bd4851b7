"""Suggests words that could replace one word of a text to move its score the other way.

Candidates are found in the model's own embedding: the word's vector is reflected across the plane between positive and
negative words, and the nearest words to the reflection are candidates. The text is then scored with each of them, and
only words that move the score are suggested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.model.classifier import Classifier
from sentiment.text.vocabulary import UNK
from sentiment.types import Explanation, Prediction

_POSITIVE = ("good", "great", "excellent", "wonderful", "superb", "fun")
_NEGATIVE = ("bad", "terrible", "awful", "poor", "dull", "boring")
_FIRST = UNK + 1  # the id of the first word
_CANDIDATES = 16  # number of words to score


@dataclass(frozen=True, slots=True)
class Replacement:
    """A word that can replace a token.

    Attributes:
        word: the word, in lower case.
        prediction: the prediction for the text with this word.
    """

    word: str
    prediction: Prediction


def suggest_replacements(
    classifier: Classifier, explanation: Explanation, place: int, count: int = 5
) -> list[Replacement]:
    """Returns up to ``count`` words for the token at ``place`` that move the score away from its contribution.

    The strongest comes first. For a word without contribution, the score moves away from the predicted label. The list
    is empty if the token, or the words that define the two sides, are not in the vocabulary.
    """
    ids, total = classifier.preprocessor.ids(explanation.text)
    candidates = _counterparts(classifier, int(ids[place]))
    if not candidates:
        return []
    contribution = float(explanation.contributions[place])
    side = np.sign(contribution) or (1.0 if explanation.prediction.label == "positive" else -1.0)
    versions = np.tile(ids, (len(candidates), 1))
    versions[:, place] = candidates
    words = classifier.preprocessor.vocabulary.tokens
    moved = [
        Replacement(words[word - _FIRST], classifier.decide(logit, version, total))
        for word, version, logit in zip(candidates, versions, classifier.logits(list(versions)).tolist(), strict=True)
        if side * (explanation.logit - logit) > 0
    ]
    return sorted(moved, key=lambda each: side * each.prediction.logit)[:count]


def _counterparts(classifier: Classifier, word: int) -> list[int]:
    """Returns the ids of the words nearest to the reflection of a word across the plane between the two sides."""
    vocabulary = classifier.preprocessor.vocabulary
    positive, negative = ([vocabulary.id(each) for each in side] for side in (_POSITIVE, _NEGATIVE))
    positive, negative = ([each for each in side if each > UNK] for side in (positive, negative))
    if word <= UNK or not positive or not negative:
        return []
    embedding = classifier.embedding.astype(np.float32)
    axis = embedding[positive].mean(0) - embedding[negative].mean(0)
    axis /= np.linalg.norm(axis) or 1.0
    middle = (embedding[positive].mean(0) + embedding[negative].mean(0)) / 2
    reflection = embedding[word] - 2 * ((embedding[word] - middle) @ axis) * axis
    near = _cosine(embedding, reflection)
    near[[*range(_FIRST), word]] = -np.inf
    best = np.argpartition(-near, min(_CANDIDATES, len(near) - 1))[:_CANDIDATES]
    ranked = best[np.argsort(-near[best], kind="stable")].tolist()
    return [each for each in ranked if np.isfinite(near[each]) and vocabulary.tokens[each - _FIRST].isalpha()]


def _cosine(embedding: npt.NDArray[Any], vector: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Returns the cosine similarity of each row with a vector; 0 for a row of zeros."""
    lengths = np.linalg.norm(embedding, axis=1) * np.linalg.norm(vector)
    return embedding @ vector / np.where(lengths > 0, lengths, 1)

"""Which cases a model fails.

- ``must be`` fails where the label is not the expected one.
- ``must not change`` fails where the label of the second text is not that of the first.
- ``must move`` fails where the probability of "positive" is not higher ("up") or lower ("down") for the second text,
  by however little.

CheckList itself is more lenient with pairs: it lets a probability differ, or go the wrong way, by up to 0.1. What is
beyond that is counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from sentiment.behaviour.cases import Case
from sentiment.types import Prediction

Predict = Callable[[Sequence[str]], Sequence[Prediction]]

TOLERANCE = 0.1  # of probability


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a model made of a case.

    Attributes:
        case: what was tried.
        probabilities: of "positive", one a text.
        failed: whether it was not as expected.
        beyond: whether a pair also differs, or goes the wrong way, by more than ``TOLERANCE``.
    """

    case: Case
    probabilities: tuple[float, ...]
    failed: bool
    beyond: bool


def check(predict: Predict, cases: Sequence[Case]) -> list[Outcome]:
    """The outcome of every case, in order."""
    predictions = iter(predict([text for case in cases for text in case.texts]))
    return [_outcome(case, list(islice(predictions, len(case.texts)))) for case in cases]


def _outcome(case: Case, predictions: Sequence[Prediction]) -> Outcome:
    probabilities = tuple(prediction.probability for prediction in predictions)
    rise = probabilities[-1] - probabilities[0]
    match case.behaviour.expected:
        case "same":
            failed, beyond = predictions[0].label != predictions[1].label, abs(rise) > TOLERANCE
        case "up":
            failed, beyond = rise <= 0, rise < -TOLERANCE
        case "down":
            failed, beyond = rise >= 0, rise > TOLERANCE
        case label:
            failed, beyond = predictions[0].label != label, False
    return Outcome(case, probabilities, failed, beyond)

"""Checks a model's predictions of test cases.

- ``must be`` fails if the label is not the expected one.
- ``must not change`` fails if the two texts have different labels.
- ``must move`` fails if the probability of "positive" is not higher ("up") or lower ("down") for the second text. Any
  difference counts.

CheckList tolerates changes of the probability of up to 0.1 in pairs, in the wrong direction too. Changes beyond that
tolerance are counted separately.
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
    """The result of a model on a case.

    Attributes:
        case: the case.
        probabilities: of "positive", one for each text.
        failed: whether the expectation was not met.
        beyond: whether the probability of a pair changes, or moves in the wrong direction, by more than ``TOLERANCE``.
    """

    case: Case
    probabilities: tuple[float, ...]
    failed: bool
    beyond: bool


def check(predict: Predict, cases: Sequence[Case]) -> list[Outcome]:
    """Returns the outcome of every case, in order."""
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

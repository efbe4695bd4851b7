"""Whether a finer computation would say the same: a sign, review by review, of how far contributions can be trusted."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.model.attribution import path_secants
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation

SEGMENTS = 16


def stability(classifier: Classifier, explanation: Explanation) -> float:
    """The correlation of the contributions with those along a path cut into ``SEGMENTS``; NaN below two tokens.

    Both are complete; what differs is how much of what tokens do together each of them gets.
    """
    if len(explanation.tokens) < 2:
        return math.nan
    ids = classifier.preprocessor.ids(explanation.text)[0]
    [finer] = classifier.attributor([ids], partial(path_secants, segments=SEGMENTS))
    return correlation(explanation.contributions, finer.contributions)


def correlation(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> float:
    """Pearson's; 0 where one of them does not vary."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])

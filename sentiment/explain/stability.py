"""Compares contributions with a finer computation, as a sign per review of how far they can be trusted."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.model.attribution import rescale_rule
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation

SEGMENTS = 16


def stability(classifier: Classifier, explanation: Explanation) -> float:
    """Returns the correlation of the contributions with those along a path in ``SEGMENTS``; NaN below two tokens.

    Both are complete; they differ in how they divide the interactions between tokens.
    """
    if len(explanation.tokens) < 2:
        return math.nan
    ids = classifier.preprocessor.ids(explanation.text)[0]
    [finer] = classifier.attributor([ids], partial(rescale_rule, segments=SEGMENTS))
    return correlation(explanation.contributions, finer.contributions)


def correlation(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> float:
    """Returns Pearson's correlation; 0 if one of the arrays is constant."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])

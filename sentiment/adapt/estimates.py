"""Estimates the share of positive rows and the accuracy in a file from the labels of some of its rows.

The labelled rows must be a random sample of the file; rows selected in another way, such as by active learning, must be
left out. The intervals are 95% intervals for this finite file, so they have no width if every row is labelled. The
caller leaves out rows without a score, or with a skipped label, from sample and file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.evaluation.metrics import Z, wilson_interval

Array = npt.NDArray[Any]

# Squared errors added to those observed, one quarter for each row that Agresti & Coull (1998) add. Without them, the
# interval from a few labels without an error would have no width.
_ADDED = Z * Z / 4


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate of a share, with its 95% interval.

    Attributes:
        value: the estimate.
        low, high: the interval; it contains the value.
        n: number of labelled rows.
    """

    value: float
    low: float
    high: float
    n: int


def share_positive(labels: Array, probabilities: Array, all_probabilities: Array) -> Estimate | None:
    """Returns the share of positive rows in a file, by prediction-powered inference; None without labels.

    The mean probability of all rows is corrected by the mean error on the labelled rows (Angelopoulos, Bates,
    Fannjiang, Jordan & Zrnic 2023). The weight of the model's probabilities, from 0 to 1, minimises the variance, so a
    poor model does not widen the interval (PPI++, Angelopoulos, Duchi & Zrnic 2023). The interval is Wilson's for the
    number of rows that would give this variance without a model.

    Args:
        labels: <int>[n], 1 positive and 0 negative, of the rows drawn at random.
        probabilities: <float>[n], P(positive) of the same rows.
        all_probabilities: <float>[N], P(positive) of all rows of the file, the labelled ones included.
    """
    labels, probabilities = np.asarray(labels, np.float64), np.asarray(probabilities, np.float64)
    n, population = len(labels), len(all_probabilities)
    if not n:
        return None
    spread = probabilities - probabilities.mean()
    variance = float(spread @ spread)
    weight = float(np.clip(spread @ labels / variance, 0, 1)) if variance else 0.0
    value = labels.mean() - weight * (probabilities.mean() - float(np.mean(all_probabilities)))
    errors = labels - weight * probabilities
    value = min(1.0, max(0.0, float(value)))
    variance = (float(((errors - errors.mean()) ** 2).sum()) + _ADDED) / max(n - 2, 1)  # of one row
    return _estimate(value, n, max(1.0, value * (1 - value) / variance), population)


def accuracy(correct: int, n: int, population: int) -> Estimate | None:
    """Returns the accuracy of a model on a file with a Wilson interval; None without labels.

    Args:
        correct: rows that the model classifies correctly, among those drawn at random.
        n: labelled rows drawn at random.
        population: rows of the file that have a score, the labelled ones included.
    """
    if not n:
        return None
    return _estimate(correct / n, n, 1.0, population)


def _estimate(value: float, n: int, gain: float, population: int) -> Estimate:
    """Returns an estimate with Wilson's interval for the effective number of rows (Korn & Graubard 1998).

    Args:
        value: the estimate.
        n: labelled rows.
        gain: factor by which the model's probabilities multiply them.
        population: rows of the file, for the finite population correction (Cochran 1977, section 2.6).
    """
    unseen = (population - n) / max(population - 1, 1)
    if unseen <= 0:
        return Estimate(value, value, value, n)
    rows = n * gain / unseen
    low, high = wilson_interval(value * rows, rows)
    return Estimate(value, low, high, n)

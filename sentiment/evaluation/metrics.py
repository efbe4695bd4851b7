"""Metrics of binary classification in NumPy, each with the source of its definition.

``labels`` are <int>[n], 1 positive and 0 negative. ``logits`` and ``probabilities`` are <float>[n]; higher means more
positive. A text is predicted positive if its score is at or above the threshold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

BALANCED = 0.55  # largest share of the more frequent class for which accuracy alone is informative
BINS = 15  # of the calibration error
HISTOGRAM_BINS = 25  # of a chart of probabilities
Z = 1.959963984540054  # the normal quantile of a two-sided 95% interval
_TEMPERATURES = (0.05, 20.0)  # bounds of the fit, which would diverge on separable data


@dataclass(frozen=True, slots=True)
class Confusion:
    """The confusion matrix: counts of predicted against true labels."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def accuracy(self) -> float:
        """The share of correct predictions."""
        return _share(self.tp + self.tn, self.tp + self.fp + self.fn + self.tn)

    @property
    def precision(self) -> float:
        """The share of true positives among the predicted positives; 0 if there are none."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """The share of true positives among the positives; 0 if there are none."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """The recall of the negative class: the share of true negatives among the negatives; 0 if there are none."""
        return _share(self.tn, self.tn + self.fp)

    @property
    def balanced_accuracy(self) -> float:
        """The mean recall of the two classes; one half for a model that always predicts the same class."""
        return (self.recall + self.specificity) / 2

    @property
    def mcc(self) -> float:
        """The Matthews correlation coefficient (Matthews 1975); 0 if all predictions or all labels are equal."""
        product = (self.tp + self.fp) * (self.tp + self.fn) * (self.tn + self.fp) * (self.tn + self.fn)
        return (self.tp * self.tn - self.fp * self.fn) / math.sqrt(product) if product else 0.0

    @property
    def majority(self) -> float:
        """The accuracy of always predicting the more frequent class."""
        return _share(max(self.tp + self.fn, self.tn + self.fp), self.tp + self.fp + self.fn + self.tn)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def confusion(scores: Array, labels: Array, threshold: float = 0.0) -> Confusion:
    """Counts predictions against labels at a threshold: 0 for logits, 0.5 for probabilities."""
    predicted, true = np.asarray(scores) >= threshold, np.asarray(labels) == 1
    counts = (predicted & true, predicted & ~true, ~predicted & true, ~predicted & ~true)
    return Confusion(*(int(each.sum()) for each in counts))


def sigmoid(logits: Array) -> npt.NDArray[np.float64]:
    """Returns <float64>[n], ``1 / (1 + exp(-logit))``, without overflow."""
    return np.exp(-np.logaddexp(0, -np.asarray(logits, np.float64)))


def log_loss(logits: Array, labels: Array) -> float:
    """Returns the mean binary cross-entropy in nats."""
    return float(log_losses(logits, labels).mean())


def log_losses(logits: Array, labels: Array) -> npt.NDArray[np.float64]:
    """Returns each review's binary cross-entropy in nats, <float64>[n], without overflow for large logits."""
    return np.logaddexp(0, -_signs(labels) * np.asarray(logits, np.float64))


def brier(probabilities: Array, labels: Array) -> float:
    """Returns the mean squared difference of probability and label (Brier 1950)."""
    return float(np.mean((np.asarray(probabilities, np.float64) - labels) ** 2))


# --- Curves


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """True and false positives at every threshold, from above the highest score down to the lowest.

    Attributes:
        thresholds: <float64>[k], infinity, then every distinct score in descending order.
        tp: <int64>[k], true positives at each threshold, from 0 to all positives.
        fp: <int64>[k], false positives at each threshold, from 0 to all negatives.
    """

    thresholds: npt.NDArray[np.float64]
    tp: npt.NDArray[np.int64]
    fp: npt.NDArray[np.int64]

    @property
    def recall(self) -> npt.NDArray[np.float64]:
        """<float64>[k], the true-positive rate, the y axis of the ROC curve; 0 without positives."""
        return self.tp / max(self.tp[-1], 1)

    @property
    def false_positive_rate(self) -> npt.NDArray[np.float64]:
        """<float64>[k], the x axis of the ROC curve; 0 without negatives."""
        return self.fp / max(self.fp[-1], 1)

    @property
    def precision(self) -> npt.NDArray[np.float64]:
        """<float64>[k], the share of true positives among the predicted positives; 1 if there are none."""
        called = self.tp + self.fp
        return np.where(called > 0, self.tp / np.maximum(called, 1), 1.0)

    @property
    def auc(self) -> float:
        """The area under the ROC curve; NaN if a class is missing.

        It is the probability that a positive review scores above a negative one, ties counting half (Hanley & McNeil
        1982).
        """
        if not (self.tp[-1] and self.fp[-1]):
            return math.nan
        return float(np.trapezoid(self.recall, self.false_positive_rate))

    @property
    def average_precision(self) -> float:
        """Precision averaged over the steps in recall, without interpolation; NaN without a positive review."""
        return float(np.sum(np.diff(self.recall) * self.precision[1:])) if self.tp[-1] else math.nan

    def cost(self, ratio: float) -> npt.NDArray[np.float64]:
        """Returns the cost per review, <float64>[k], if a false negative costs 1 and a false positive ``ratio``."""
        return (self.tp[-1] - self.tp + ratio * self.fp) / (self.tp[-1] + self.fp[-1])

    def cheapest(self, ratio: float) -> float:
        """Returns the threshold with the lowest cost.

        With calibrated probabilities it is about ``ratio / (1 + ratio)`` (Elkan 2001).
        """
        return float(self.thresholds[np.argmin(self.cost(ratio))])

    def thin(self, points: int = 300) -> Sweep:
        """Returns at most ``points`` thresholds for a chart, evenly spaced along the ROC curve, with both ends."""
        if len(self.thresholds) <= points:
            return self
        distance = self.recall + self.false_positive_rate
        kept = np.unique(np.searchsorted(distance, np.linspace(distance[0], distance[-1], points)))
        return Sweep(self.thresholds[kept], self.tp[kept], self.fp[kept])


def sweep(scores: Array, labels: Array) -> Sweep:
    """Counts true and false positives at every distinct score."""
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels)
    order = np.argsort(-scores, kind="stable")
    descending, true = scores[order], labels[order] == 1
    last = np.append(np.flatnonzero(np.diff(descending)), len(descending) - 1)  # tied scores share a threshold
    return Sweep(
        np.append(np.inf, descending[last]),
        np.append(0, np.cumsum(true)[last]),
        np.append(0, np.cumsum(~true)[last]),
    )


# --- Calibration


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Predicted probability against observed frequency, in bins of equal size.

    Attributes:
        count: <int64>[bins], reviews in each bin.
        stated: <float64>[bins], their mean probability of "positive".
        observed: <float64>[bins], the share of positives among them.
    """

    count: npt.NDArray[np.int64]
    stated: npt.NDArray[np.float64]
    observed: npt.NDArray[np.float64]

    @property
    def error(self) -> float:
        """The expected calibration error: the mean gap, weighted by count (Naeini et al. 2015; Nixon et al. 2019)."""
        return float(np.average(np.abs(self.stated - self.observed), weights=self.count))


def reliability(probabilities: Array, labels: Array, bins: int = BINS) -> Reliability:
    """Sorts reviews by probability and splits them into ``bins`` bins of equal size."""
    probabilities, labels = np.asarray(probabilities, np.float64), np.asarray(labels, np.float64)
    parts = np.array_split(np.argsort(probabilities, kind="stable"), min(bins, len(probabilities)))
    return Reliability(
        np.array([len(part) for part in parts]),
        np.array([probabilities[part].mean() for part in parts]),
        np.array([labels[part].mean() for part in parts]),
    )


def chance_error(probabilities: Array, bins: int = BINS, *, samples: int = 300, seed: int = 0) -> tuple[float, float]:
    """Estimates the calibration error that a perfectly calibrated model would show by chance.

    Labels are drawn from the probabilities repeatedly (consistency resampling, Bröcker & Smith 2007, section 3).

    Returns:
        The median and the 95th percentile of ``reliability(probabilities, drawn labels, bins).error``.
    """
    stated, rng = np.sort(np.asarray(probabilities, np.float64)), np.random.default_rng(seed)
    starts = np.cumsum([0, *(len(part) for part in np.array_split(stated, min(bins, len(stated))))])[:-1]
    gaps = ((rng.random(len(stated)) < stated) - stated for _ in range(samples))
    errors = [np.abs(np.add.reduceat(each, starts)).sum() / len(stated) for each in gaps]
    median, high = np.quantile(errors, [0.5, 0.95])
    return float(median), float(high)


def fit_temperature(logits: Array, labels: Array) -> float:
    """Fits the temperature T that minimises the log loss of ``logits / T`` (Guo et al. 2017, section 4.2).

    The loss is convex in 1 / T, so bisection finds the zero of its derivative. If the logits separate the classes
    perfectly, or not at all, the result is a bound of the range 0.05 to 20.
    """
    signed = _signs(labels) * np.asarray(logits, np.float64)
    low, high = _TEMPERATURES
    for _ in range(60):
        middle = math.sqrt(low * high)
        slope = -(signed * sigmoid(-signed / middle)).mean()  # of the loss, in 1 / T
        low, high = (low, middle) if slope < 0 else (middle, high)
    return math.sqrt(low * high)


# --- Confidence intervals


def wilson_interval(successes: float, n: float, z: float = Z) -> tuple[float, float]:
    """Returns the score interval of a proportion (Wilson 1927), 95% by default; (0, 1) if ``n`` is 0."""
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low, high = max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
    return min(low, share), max(high, share)  # against rounding: the interval always contains the share


def difference_interval(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, float]:
    """Returns the 95% interval of the first proportion minus the second, for independent samples.

    Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10.

    Args:
        first: successes and size of the first sample.
        second: the same of the second.
    """
    (low_1, high_1), (low_2, high_2) = wilson_interval(*first), wilson_interval(*second)
    share_1, share_2 = _share(*first), _share(*second)
    down, up = math.hypot(share_1 - low_1, high_2 - share_2), math.hypot(high_1 - share_1, share_2 - low_2)
    return share_1 - share_2 - down, share_1 - share_2 + up


def _signs(labels: Array) -> npt.NDArray[np.float64]:
    """Returns <float64>[n], +1 for positive and -1 for negative."""
    return 2.0 * np.asarray(labels, np.float64) - 1.0


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0

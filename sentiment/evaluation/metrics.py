"""How good scores are: NumPy only, every figure with the source of its definition.

``labels`` are <int>[n], 1 positive and 0 negative; ``logits`` and ``probabilities`` are <float>[n], a higher one
speaking for positive. A text counts as positive when its score is at or above the threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

BINS = 15  # of the calibration error
HISTOGRAM_BINS = 25  # of a chart of probabilities
SAMPLES = 500  # of a bootstrap over all figures
_DRAWN = 50  # bootstrap samples held in memory at a time
Z = 1.959963984540054  # the normal quantile of a two-sided 95 % interval
_TEMPERATURES = (0.05, 20.0)  # a fit ends here where the data alone would have no end


@dataclass(frozen=True, slots=True)
class Confusion:
    """The four counts of verdicts against labels, "positive" being the side that is sought."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def accuracy(self) -> float:
        """The share of verdicts that are right."""
        return _share(self.tp + self.tn, self.tp + self.fp + self.fn + self.tn)

    @property
    def precision(self) -> float:
        """The share of positive among those called positive, 0 where none is called so."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """The share called positive among the positive, 0 where there are none."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def confusion(scores: Array, labels: Array, threshold: float = 0.0) -> Confusion:
    """Counts the verdicts at a threshold: 0 for logits, 0.5 for probabilities."""
    called, true = np.asarray(scores) >= threshold, np.asarray(labels) == 1
    counts = (called & true, called & ~true, ~called & true, ~called & ~true)
    return Confusion(*(int(each.sum()) for each in counts))


def sigmoid(logits: Array) -> npt.NDArray[np.float64]:
    """<float64>[n], ``1 / (1 + exp(-logit))``, without overflow."""
    return np.exp(-np.logaddexp(0, -np.asarray(logits, np.float64)))


def log_loss(logits: Array, labels: Array) -> float:
    """Mean binary cross-entropy in nats, from logits so that a sure score loses no digits."""
    return float(np.logaddexp(0, -_signs(labels) * np.asarray(logits, np.float64)).mean())


def brier(probabilities: Array, labels: Array) -> float:
    """Mean squared distance of probability and outcome (Brier 1950)."""
    return float(np.mean((np.asarray(probabilities, np.float64) - labels) ** 2))


# --- Curves


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """What becomes of the verdicts as the threshold sinks from above every score to the lowest.

    Attributes:
        thresholds: <float64>[k], infinity, then every distinct score, falling.
        tp: <int64>[k], true positives at each threshold, from 0 to all the positive.
        fp: <int64>[k], false positives at each threshold, from 0 to all the negative.
    """

    thresholds: npt.NDArray[np.float64]
    tp: npt.NDArray[np.int64]
    fp: npt.NDArray[np.int64]

    @property
    def recall(self) -> npt.NDArray[np.float64]:
        """<float64>[k], true positives among the positive; the ROC curve's height; 0 where there are none."""
        return self.tp / max(self.tp[-1], 1)

    @property
    def false_positive_rate(self) -> npt.NDArray[np.float64]:
        """<float64>[k], false positives among the negative; the ROC curve's abscissa; 0 where there are none."""
        return self.fp / max(self.fp[-1], 1)

    @property
    def precision(self) -> npt.NDArray[np.float64]:
        """<float64>[k], true positives among those called positive; 1 where none is called so."""
        called = self.tp + self.fp
        return np.where(called > 0, self.tp / np.maximum(called, 1), 1.0)

    @property
    def auc(self) -> float:
        """The area under the ROC curve; NaN where one class is missing.

        It is the chance that a positive review scores above a negative one, ties counting half (Hanley & McNeil 1982).
        """
        if not (self.tp[-1] and self.fp[-1]):
            return math.nan
        return float(np.trapezoid(self.recall, self.false_positive_rate))

    @property
    def average_precision(self) -> float:
        """Precision averaged over the steps in recall, without interpolation; NaN without a positive review."""
        return float(np.sum(np.diff(self.recall) * self.precision[1:])) if self.tp[-1] else math.nan

    def cost(self, ratio: float) -> npt.NDArray[np.float64]:
        """<float64>[k], cost per review, where a missed positive costs 1 and a false positive ``ratio``."""
        return (self.tp[-1] - self.tp + ratio * self.fp) / (self.tp[-1] + self.fp[-1])

    def cheapest(self, ratio: float) -> float:
        """The threshold of least cost; with calibrated probabilities about ``ratio / (1 + ratio)`` (Elkan 2001)."""
        return float(self.thresholds[np.argmin(self.cost(ratio))])

    def thin(self, points: int = 300) -> Sweep:
        """A sweep of at most ``points`` thresholds for a chart, spread evenly along the ROC curve, both ends kept."""
        if len(self.thresholds) <= points:
            return self
        way = self.tp / max(self.tp[-1], 1) + self.fp / max(self.fp[-1], 1)
        kept = np.unique(np.searchsorted(way, np.linspace(way[0], way[-1], points)))
        return Sweep(self.thresholds[kept], self.tp[kept], self.fp[kept])


def sweep(scores: Array, labels: Array) -> Sweep:
    """Counts true and false positives at every distinct score."""
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels)
    order = np.argsort(-scores, kind="stable")
    falling, true = scores[order], labels[order] == 1
    last = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)  # tied scores pass the threshold together
    return Sweep(
        np.append(np.inf, falling[last]),
        np.append(0, np.cumsum(true)[last]),
        np.append(0, np.cumsum(~true)[last]),
    )


# --- Calibration


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Stated probability against observed frequency, in bins of equal mass.

    Attributes:
        count: <int64>[bins], reviews in each bin.
        stated: <float64>[bins], their mean probability of "positive".
        observed: <float64>[bins], the share of them that is positive.
    """

    count: npt.NDArray[np.int64]
    stated: npt.NDArray[np.float64]
    observed: npt.NDArray[np.float64]

    @property
    def error(self) -> float:
        """Expected calibration error: the mean gap, weighted by count (Naeini et al. 2015; Nixon et al. 2019)."""
        return float(np.average(np.abs(self.stated - self.observed), weights=self.count))


def reliability(probabilities: Array, labels: Array, bins: int = BINS) -> Reliability:
    """Sorts reviews by probability and cuts them into ``bins`` bins of the same number."""
    probabilities, labels = np.asarray(probabilities, np.float64), np.asarray(labels, np.float64)
    parts = np.array_split(np.argsort(probabilities, kind="stable"), min(bins, len(probabilities)))
    return Reliability(
        np.array([len(part) for part in parts]),
        np.array([probabilities[part].mean() for part in parts]),
        np.array([labels[part].mean() for part in parts]),
    )


def chance_error(probabilities: Array, bins: int = BINS, *, samples: int = 300, seed: int = 0) -> tuple[float, float]:
    """The calibration error of a model whose every probability is true: it is not 0, for outcomes vary.

    Labels are drawn from the probabilities again and again (Bröcker & Smith 2007, section 3: consistency resampling).

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
    """The temperature T for which the log loss of ``logits / T`` is least (Guo et al. 2017, section 4.2).

    The loss is convex in 1 / T, so its slope has one zero, found by bisection. Where the scores separate the classes
    without error, or not at all, the answer is the end of the range 0.05 to 20.
    """
    signed = _signs(labels) * np.asarray(logits, np.float64)
    low, high = _TEMPERATURES
    for _ in range(60):
        middle = math.sqrt(low * high)
        slope = -(signed * sigmoid(-signed / middle)).mean()  # of the loss, in 1 / T
        low, high = (low, middle) if slope < 0 else (middle, high)
    return math.sqrt(low * high)


# --- Intervals and comparisons


def wilson_interval(successes: int, n: int, z: float = Z) -> tuple[float, float]:
    """The interval for a share, 95 % unless ``z`` says otherwise (Wilson 1927); (0, 1) where ``n`` is 0."""
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low, high = max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
    return min(low, share), max(high, share)  # rounding must not put the share outside its own interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two classifiers on the same reviews.

    Attributes:
        n: reviews judged by both.
        first_only: reviews only the first has right.
        second_only: reviews only the second has right.
        difference: accuracy of the second minus that of the first.
        interval: of the difference, 95 %, by a bootstrap over reviews (Efron 1979).
        p_value: of McNemar's exact test, two-sided: how often two equally good ones would differ as much.
    """

    n: int
    first_only: int
    second_only: int
    difference: float
    interval: tuple[float, float]
    p_value: float


def compare(first_right: Array, second_right: Array, *, samples: int = 10_000, seed: int = 0) -> Comparison:
    """Compares two classifiers by <bool>[n] each: which reviews they have right.

    Drawing reviews anew decides only how often each of three things is drawn (right by the first alone, by the second
    alone, neither), so one multinomial draw stands for a whole bootstrap sample.
    """
    first, second = np.asarray(first_right, bool), np.asarray(second_right, bool)
    n, first_only, second_only = len(first), int((first & ~second).sum()), int((second & ~first).sum())
    shares = np.array([first_only, second_only, n - first_only - second_only]) / n
    draws = np.random.default_rng(seed).multinomial(n, shares, size=samples)
    low, high = np.quantile((draws[:, 1] - draws[:, 0]) / n, [0.025, 0.975])
    difference = (second_only - first_only) / n
    p_value = mcnemar(first_only, second_only)
    return Comparison(n, first_only, second_only, difference, (float(low), float(high)), p_value)


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of two classifiers on the same reviews.

    Attributes:
        first: the first one's figure; NaN where it is not defined.
        second: the second one's.
        interval: of the second minus the first, 95 %; NaN where that is not defined either.
    """

    first: float
    second: float
    interval: tuple[float, float]

    @property
    def difference(self) -> float:
        """The second minus the first."""
        return self.second - self.first


def changes(
    first: Array, second: Array, labels: Array, threshold: float = 0.5, *, samples: int = SAMPLES, seed: int = 0
) -> dict[str, Change]:
    """Accuracy, F1, AUC, log loss and calibration error of two classifiers, and how sure their differences are.

    The intervals are percentiles of a paired bootstrap (Efron 1979): both are judged on the same reviews, drawn anew.
    That of the AUC is of those draws that hold both classes.

    Args:
        first: <float>[n], calibrated logits of the first.
        second: <float>[n], of the second.
        labels: <int>[n].
        threshold: on the probability; accuracy and F1 follow it.
        samples: how often reviews are drawn.
        seed: of the draws.
    """
    n, rng = len(labels), np.random.default_rng(seed)
    figures = [_weighted_figures(np.asarray(logits, np.float64), labels, threshold) for logits in (first, second)]
    drawn: dict[str, list[Array]] = {}
    for start in range(0, samples, _DRAWN):
        draws = [np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(min(_DRAWN, samples - start))]
        before, after = (figure(np.array(draws, np.float64)) for figure in figures)
        for name, values in after.items():
            drawn.setdefault(name, []).append(values - before[name])
    before, after = (figure(np.ones((1, n))) for figure in figures)
    found = {}
    for name, differences in drawn.items():
        values = np.concatenate(differences)
        defined = values[~np.isnan(values)]
        low, high = np.quantile(defined, [0.025, 0.975]) if len(defined) else (np.nan, np.nan)
        found[name] = Change(float(before[name][0]), float(after[name][0]), (float(low), float(high)))
    return found


def _weighted_figures(logits: Array, labels: Array, threshold: float) -> Callable[[Array], dict[str, Array]]:
    """The figures of a classifier as a function of weights: <float>[draws, n] to <float>[draws] each.

    All but the AUC follow from weighted sums, so that one product of matrices gives them for all draws.
    """
    true, probabilities = np.asarray(labels) == 1, sigmoid(logits)
    called = probabilities >= threshold
    losses = np.logaddexp(0, -_signs(labels) * logits)
    order = np.argsort(logits, kind="stable")
    gaps = np.zeros((len(true), min(BINS, len(true))))  # of stated and observed, each in its bin
    for place, rows in enumerate(np.array_split(order, gaps.shape[1])):
        gaps[rows, place] = probabilities[rows] - true[rows]
    sums = np.column_stack([called == true, called & true, called.astype(int) + true, losses, gaps])
    positive, negative = (order[true[order] == side] for side in (True, False))
    under, upto = (np.searchsorted(logits[negative], logits[positive], side) for side in ("left", "right"))

    def figures(weights: Array) -> dict[str, Array]:
        totals, n = weights @ sums, weights.sum(axis=1)
        passed = np.pad(weights[:, negative].cumsum(axis=1), ((0, 0), (1, 0)))
        won = np.einsum("ij,ij->i", weights[:, positive], passed[:, under] + passed[:, upto]) / 2  # ties count half
        pairs = weights[:, positive].sum(axis=1) * passed[:, -1]
        with np.errstate(invalid="ignore", divide="ignore"):  # NaN where a class is missing
            auc = won / pairs
        return {
            "accuracy": totals[:, 0] / n,
            "f1": 2 * totals[:, 1] / np.maximum(totals[:, 2], 1),
            "auc": auc,
            "log_loss": totals[:, 3] / n,
            "calibration_error": np.abs(totals[:, 4:]).sum(axis=1) / n,
        }

    return figures


def mcnemar(first_only: int, second_only: int) -> float:
    """The exact two-sided p-value for two counts of discordant pairs (McNemar 1947): a fair coin's binomial tails."""
    n, fewer = first_only + second_only, min(first_only, second_only)
    tail = term = 1  # exact integers: the number of outcomes with at most `fewer` heads
    for k in range(fewer):
        term = term * (n - k) // (k + 1)
        tail += term
    return min(1.0, 2 * tail / 2**n)


def _signs(labels: Array) -> npt.NDArray[np.float64]:
    """<float64>[n], +1 for positive and -1 for negative."""
    return 2.0 * np.asarray(labels, np.float64) - 1.0


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0

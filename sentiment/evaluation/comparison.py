"""Compares two binary classifiers on the same reviews, with bootstrap intervals and McNemar's test.

``labels`` are <int>[n], 1 positive and 0 negative; logits are <float>[n].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.evaluation.metrics import BINS, log_losses, sigmoid

Array = npt.NDArray[Any]

SAMPLES = 500  # bootstrap samples for all metrics
_BATCH = 50  # bootstrap samples held in memory at a time


@dataclass(frozen=True, slots=True)
class Comparison:
    """The accuracy of two classifiers on the same reviews.

    Attributes:
        n: number of reviews.
        first_only: number of reviews that only the first classifies correctly.
        second_only: number of reviews that only the second classifies correctly.
        difference: accuracy of the second minus accuracy of the first.
        interval: 95% interval of the difference, by a bootstrap over reviews (Efron 1979).
        p_value: of McNemar's exact two-sided test.
    """

    n: int
    first_only: int
    second_only: int
    difference: float
    interval: tuple[float, float]
    p_value: float


def compare(first_correct: Array, second_correct: Array, *, samples: int = 10_000, seed: int = 0) -> Comparison:
    """Compares the accuracy of two classifiers on the same reviews.

    The difference depends on a bootstrap sample only through three counts: reviews that only the first classifies
    correctly, only the second, and all others. One multinomial draw therefore replaces a sample.

    Args:
        first_correct: <bool>[n], whether the first classifies each review correctly.
        second_correct: <bool>[n], the same for the second.
        samples: number of bootstrap samples.
        seed: of the bootstrap.
    """
    first, second = np.asarray(first_correct, bool), np.asarray(second_correct, bool)
    n, first_only, second_only = len(first), int((first & ~second).sum()), int((second & ~first).sum())
    shares = np.array([first_only, second_only, n - first_only - second_only]) / n
    draws = np.random.default_rng(seed).multinomial(n, shares, size=samples)
    low, high = np.quantile((draws[:, 1] - draws[:, 0]) / n, [0.025, 0.975])
    difference = (second_only - first_only) / n
    p_value = mcnemar(first_only, second_only)
    return Comparison(n, first_only, second_only, difference, (float(low), float(high)), p_value)


@dataclass(frozen=True, slots=True)
class Change:
    """A metric of two classifiers on the same reviews.

    Attributes:
        first: the metric of the first; NaN if undefined.
        second: the metric of the second.
        interval: 95% interval of the second minus the first; NaN if undefined.
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
    """Compares accuracy, F1, AUC, log loss and calibration error of two classifiers, with intervals.

    The intervals are percentiles of a paired bootstrap (Efron 1979): each sample of reviews is used for both
    classifiers. For the AUC, samples with a single class are ignored.

    Args:
        first: <float>[n], calibrated logits of the first.
        second: <float>[n], of the second.
        labels: <int>[n].
        threshold: on the probability, for accuracy and F1.
        samples: number of bootstrap samples.
        seed: of the bootstrap.

    Returns:
        ``accuracy``, ``f1``, ``auc``, ``log_loss`` and ``calibration_error``, each as a ``Change``.
    """
    n, rng = len(labels), np.random.default_rng(seed)
    evaluators = [_weighted_metrics(np.asarray(logits, np.float64), labels, threshold) for logits in (first, second)]
    differences: dict[str, list[Array]] = {}
    for start in range(0, samples, _BATCH):
        draws = [np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(min(_BATCH, samples - start))]
        before, after = (evaluate(np.array(draws, np.float64)) for evaluate in evaluators)
        for name, values in after.items():
            differences.setdefault(name, []).append(values - before[name])
    before, after = (evaluate(np.ones((1, n))) for evaluate in evaluators)
    found = {}
    for name, batches in differences.items():
        values = np.concatenate(batches)
        defined = values[~np.isnan(values)]
        low, high = np.quantile(defined, [0.025, 0.975]) if len(defined) else (np.nan, np.nan)
        found[name] = Change(float(before[name][0]), float(after[name][0]), (float(low), float(high)))
    return found


def _weighted_metrics(logits: Array, labels: Array, threshold: float) -> Callable[[Array], dict[str, Array]]:
    """Returns a function from weights of the reviews, <float>[draws, n], to the metrics, <float>[draws] each.

    All but the AUC are functions of weighted sums, so one matrix product computes them for all draws.
    """
    true, probabilities = np.asarray(labels) == 1, sigmoid(logits)
    called = probabilities >= threshold
    losses = log_losses(logits, labels)
    order = np.argsort(logits, kind="stable")
    gaps = np.zeros((len(true), min(BINS, len(true))))  # predicted minus observed, each in the column of its bin
    for number, rows in enumerate(np.array_split(order, gaps.shape[1])):
        gaps[rows, number] = probabilities[rows] - true[rows]
    sums = np.column_stack([called == true, called & true, called.astype(int) + true, losses, gaps])
    positive, negative = (order[true[order] == side] for side in (True, False))
    under, upto = (np.searchsorted(logits[negative], logits[positive], side) for side in ("left", "right"))

    def evaluate(weights: Array) -> dict[str, Array]:
        totals, n = weights @ sums, weights.sum(axis=1)
        passed = np.pad(weights[:, negative].cumsum(axis=1), ((0, 0), (1, 0)))
        won = np.einsum("ij,ij->i", weights[:, positive], passed[:, under] + passed[:, upto]) / 2  # ties count half
        pairs = weights[:, positive].sum(axis=1) * passed[:, -1]
        with np.errstate(invalid="ignore", divide="ignore"):  # NaN if a class is missing
            auc = won / pairs
        return {
            "accuracy": totals[:, 0] / n,
            "f1": 2 * totals[:, 1] / np.maximum(totals[:, 2], 1),
            "auc": auc,
            "log_loss": totals[:, 3] / n,
            "calibration_error": np.abs(totals[:, 4:]).sum(axis=1) / n,
        }

    return evaluate


def mcnemar(first_only: int, second_only: int) -> float:
    """Returns the exact two-sided p-value for two counts of discordant pairs (McNemar 1947), a binomial test."""
    n, fewer = first_only + second_only, min(first_only, second_only)
    tail = term = 1  # exact integers: the number of outcomes with at most `fewer` heads
    for k in range(fewer):
        term = term * (n - k) // (k + 1)
        tail += term
    return min(1.0, 2 * tail / 2**n)

"""Estimates the share of positive reviews in a file, corrected for the model's error rates."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

from sentiment.artifacts import Run
from sentiment.evaluation.metrics import Z


@dataclass(frozen=True, slots=True)
class Share:
    """A share of positive reviews.

    Attributes:
        raw: the share of reviews predicted positive, among those with a verdict.
        corrected: the estimate of the true share.
        low: the lower bound of its 95% interval.
        high: the upper bound.
    """

    raw: float
    corrected: float
    low: float
    high: float


def adjusted_count(positive: int, n: int, confusion: dict[str, int]) -> Share | None:
    """Returns the adjusted count (Forman 2008, section 2.2): ``(raw - fpr) / (tpr - fpr)``, clipped to 0 and 1.

    The interval, by the delta method, covers two sources of variance: the errors on this file and the estimated rates.
    For its width only, one success and one failure are added to the reviews behind each rate (Lang & Reiczigel 2014),
    because a rate of 0 or 1 would have no variance. The interval assumes that the error rates on this file are those of
    the test reviews.

    Args:
        positive: reviews predicted positive.
        n: reviews with a verdict.
        confusion: counts ``tp``, ``fp``, ``fn``, ``tn`` on reviews with known labels.

    Returns:
        None if no review has a verdict, or if the rates are not informative.
    """
    positives, negatives = confusion["tp"] + confusion["fn"], confusion["fp"] + confusion["tn"]
    if not (n and positives and negatives):
        return None
    tpr, fpr = confusion["tp"] / positives, confusion["fp"] / negatives
    if tpr <= fpr:
        return None
    raw = positive / n
    share = min(1.0, max(0.0, (raw - fpr) / (tpr - fpr)))
    tpr_variance, fpr_variance = _variance(confusion["tp"], positives), _variance(confusion["fp"], negatives)
    from_file = (share * tpr_variance + (1 - share) * fpr_variance) / n
    from_rates = share**2 * tpr_variance / (positives + 2) + (1 - share) ** 2 * fpr_variance / (negatives + 2)
    spread = Z * sqrt(from_file + from_rates) / (tpr - fpr)
    return Share(raw, share, max(0.0, share - spread), min(1.0, share + spread))


def _variance(k: int, n: int) -> float:
    """Returns the variance of a single verdict with ``k`` successes in ``n``, after adding a success and a failure."""
    rate = (k + 1) / (n + 2)
    return rate * (1 - rate)


def error_rates(run: Run) -> dict[str, Any] | None:
    """Returns the confusion counts of a run on its test reviews, or else on validation; None if it has neither."""
    for part, split in (("test.json", "test"), ("metrics.json", "validation")):
        if run.has(part):
            return run.json(part)[split]["confusion"]
    return None

"""How many of a file's reviews are positive, once the model's errors are taken out."""

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
        raw: called positive, among those judged.
        corrected: the estimate of the true share.
        low, high: its 95 % interval.
    """

    raw: float
    corrected: float
    low: float
    high: float


def adjusted_count(positive: int, n: int, confusion: dict[str, int]) -> Share | None:
    """The adjusted count (Forman 2008, section 2.2): ``(raw - fpr) / (tpr - fpr)``, kept within 0 and 1.

    The interval, by the delta method, covers the chance in which reviews of this file are misjudged and that in the
    rates themselves. For its width alone, a success and a failure are added to the reviews behind each rate (Lang &
    Reiczigel 2014), since a rate of 0 or 1 would have no chance in it. It supposes that the model errs here as it did
    there.

    Args:
        positive: reviews called positive.
        n: reviews judged.
        confusion: counts ``tp``, ``fp``, ``fn``, ``tn`` on reviews with known labels.

    Returns:
        None where nothing was judged or the rates say nothing.
    """
    positives, negatives = confusion["tp"] + confusion["fn"], confusion["fp"] + confusion["tn"]
    if not (n and positives and negatives):
        return None
    tpr, fpr = confusion["tp"] / positives, confusion["fp"] / negatives
    if tpr <= fpr:
        return None
    raw = positive / n
    share = min(1.0, max(0.0, (raw - fpr) / (tpr - fpr)))
    of_tpr, of_fpr = _variance(confusion["tp"], positives), _variance(confusion["fp"], negatives)
    here = (share * of_tpr + (1 - share) * of_fpr) / n
    there = share**2 * of_tpr / (positives + 2) + (1 - share) ** 2 * of_fpr / (negatives + 2)
    spread = Z * sqrt(here + there) / (tpr - fpr)
    return Share(raw, share, max(0.0, share - spread), min(1.0, share + spread))


def _variance(k: int, n: int) -> float:
    """Of a single verdict that turned out so ``k`` times in ``n``, with a success and a failure added."""
    rate = (k + 1) / (n + 2)
    return rate * (1 - rate)


def error_rates(run: Run) -> dict[str, Any] | None:
    """The confusion counts of a run on test reviews, on validation where it has none of those, None without either."""
    for part, split in (("test.json", "test"), ("metrics.json", "validation")):
        if run.has(part):
            return run.json(part)[split]["confusion"]
    return None

"""How many of a file's reviews are positive, once the model's errors are taken out."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

from sentiment.artifacts import Run
from sentiment.metrics import Z


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
    rates themselves. It supposes that the model errs here as it did there.

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
    here = (share * tpr * (1 - tpr) + (1 - share) * fpr * (1 - fpr)) / n
    there = share**2 * tpr * (1 - tpr) / positives + (1 - share) ** 2 * fpr * (1 - fpr) / negatives
    spread = Z * sqrt(here + there) / (tpr - fpr)
    return Share(raw, share, max(0.0, share - spread), min(1.0, share + spread))


def error_rates(run: Run) -> dict[str, Any] | None:
    """The confusion counts of a run on test reviews, on validation where it has none of those, None without either."""
    for part, split in (("test.json", "test"), ("metrics.json", "validation")):
        if run.has(part):
            return run.json(part)[split]["confusion"]
    return None

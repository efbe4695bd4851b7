"""Measures comprehensiveness and sufficiency by removing tokens (DeYoung et al. 2020, section 4.2).

Tokens are ranked by their contribution to the predicted label. *Comprehensiveness* is the fall in the label's
probability when the top 1, 5, 10, 20 and 50% are removed; *sufficiency* is the fall when only they are kept. Both are
averaged over the five shares. A faithful method has high comprehensiveness and low sufficiency.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sentiment.evaluation.metrics import sigmoid
from sentiment.faithfulness.methods import Floats, Ids, Logits
from sentiment.model.decision import DecisionRule
from sentiment.text.vocabulary import UNK

Removal = Literal["deletion", "unknown word"]

BINS = (0.01, 0.05, 0.10, 0.20, 0.50)
REMOVALS: tuple[Removal, ...] = ("deletion", "unknown word")
_SAMPLES = 10_000  # of the bootstrap


@dataclass(frozen=True, slots=True, eq=False)
class Erasure:
    """The comprehensiveness and sufficiency of one method for each review.

    Attributes:
        comprehensiveness: <float64>[reviews]
        sufficiency: <float64>[reviews]
    """

    comprehensiveness: npt.NDArray[np.float64]
    sufficiency: npt.NDArray[np.float64]


def erase(
    logits: Logits, rule: DecisionRule, reviews: Sequence[Ids], values: Sequence[Floats], removal: Removal
) -> Erasure:
    """Computes both measures of each review for one method, from calibrated probabilities.

    Args:
        logits: scores encoded reviews.
        rule: the run's decision rule.
        reviews: <int32>[length] for each encoded review.
        values: <float>[length] for each review, the method's contributions.
        removal: whether tokens are deleted or replaced by the unknown token.
    """
    scores = logits(reviews)
    variants: list[Ids] = []
    for review, score, value in zip(reviews, scores, values, strict=True):
        order = np.argsort(-value if score >= rule.boundary else value, kind="stable")
        for count in _counts(len(review)):
            top = np.zeros(len(review), bool)
            top[order[:count]] = True
            variants += [_remove(review, top, removal), _remove(review, ~top, removal)]
    sides = np.where(scores >= rule.boundary, 1, -1)
    certainty = sigmoid(sides * rule.calibrated(scores))
    left = logits(variants).reshape(len(reviews), len(BINS), 2)
    falls = certainty[:, None, None] - sigmoid(sides[:, None, None] * rule.calibrated(left))
    comprehensiveness, sufficiency = falls.mean(axis=1).T
    return Erasure(comprehensiveness, sufficiency)


def mean_interval(values: npt.NDArray[np.float64], seed: int = 0) -> tuple[float, float, float]:
    """Returns the mean over reviews and its 95% bootstrap interval (Efron 1979): mean, low, high."""
    rng = np.random.default_rng(seed)
    means = [float(values[rng.integers(len(values), size=len(values))].mean()) for _ in range(_SAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)


def _counts(length: int) -> Iterable[int]:
    """Returns the number of tokens of each bin, at least one."""
    return (max(1, math.ceil(share * length)) for share in BINS)


def _remove(review: Ids, removed: npt.NDArray[np.bool_], removal: Removal) -> Ids:
    """Removes tokens from a review; a review without remaining tokens becomes one unknown word."""
    if removal == "unknown word":
        return np.where(removed, np.int32(UNK), review)
    kept = review[~removed]
    return kept if len(kept) else np.array([UNK], np.int32)

"""Does the verdict fall with the words pointed at, and stand on them alone? (DeYoung et al. 2020, section 4.2).

Tokens are ranked by what they add to the verdict. *Comprehensiveness* is how far the probability of the verdict
falls when the first 1, 5, 10, 20 and 50 % are removed, *sufficiency* how far it falls when only they are kept, both
averaged over the five: the words matter where the first is high and the second low.
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
from sentiment.text.vocabulary import UNK

Way = Literal["deletion", "unknown word"]

BINS = (0.01, 0.05, 0.10, 0.20, 0.50)
WAYS: tuple[Way, ...] = ("deletion", "unknown word")
_SAMPLES = 10_000  # of a bootstrap


@dataclass(frozen=True, slots=True, eq=False)
class Erasure:
    """One method's figures.

    Attributes:
        comprehensiveness: <float64>[reviews]
        sufficiency: <float64>[reviews]
    """

    comprehensiveness: npt.NDArray[np.float64]
    sufficiency: npt.NDArray[np.float64]


def erase(logits: Logits, temperature: float, reviews: Sequence[Ids], values: Sequence[Floats], way: Way) -> Erasure:
    """Both figures of each review under one method's ``values``; probabilities are the calibrated ones."""
    scores = logits(reviews)
    variants: list[Ids] = []
    for review, score, value in zip(reviews, scores, values, strict=True):
        order = np.argsort(-value if score >= 0 else value, kind="stable")
        for count in _counts(len(review)):
            top = np.zeros(len(review), bool)
            top[order[:count]] = True
            variants += [_remove(review, top, way), _remove(review, ~top, way)]
    sides = np.where(scores >= 0, 1, -1)
    certainty = sigmoid(sides * scores / temperature)
    left = logits(variants).reshape(len(reviews), len(BINS), 2)
    falls = certainty[:, None, None] - sigmoid(sides[:, None, None] * left / temperature)
    comprehensiveness, sufficiency = falls.mean(axis=1).T
    return Erasure(comprehensiveness, sufficiency)


def mean_interval(values: npt.NDArray[np.float64], seed: int = 0) -> tuple[float, float, float]:
    """A mean over reviews and its 95 % interval by bootstrap (Efron 1979); for a difference, give differences."""
    rng = np.random.default_rng(seed)
    means = [float(values[rng.integers(len(values), size=len(values))].mean()) for _ in range(_SAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)


def _counts(length: int) -> Iterable[int]:
    """How many tokens each bin holds: at least one."""
    return (max(1, math.ceil(share * length)) for share in BINS)


def _remove(review: Ids, removed: npt.NDArray[np.bool_], way: Way) -> Ids:
    """The review without some of its tokens; if none is left, one unknown word stands for it."""
    if way == "unknown word":
        return np.where(removed, np.int32(UNK), review)
    kept = review[~removed]
    return kept if len(kept) else np.array([UNK], np.int32)

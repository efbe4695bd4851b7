"""Exact Shapley values of short texts: what every method above estimates in its way (Shapley 1953)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sentiment.faithfulness.methods import Ids, Logits
from sentiment.text.vocabulary import UNK

LONGEST = 12  # tokens; their number of subsets is what has to be scored


def shapley_values(logits: Logits, review: Ids) -> npt.NDArray[np.float64]:
    """<float64>[length]: each token's gain, averaged over all orders in which tokens take the place of unknown words.

    Args:
        logits: scores encoded reviews.
        review: at most ``LONGEST`` tokens.
    """
    n = len(review)
    present = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1  # subset s holds token i where bit i of s is set
    scores = logits(list(np.where(present, review, np.int32(UNK)))).astype(np.float64)
    sizes = present.sum(axis=1)
    weights = np.array([1 / (n * math.comb(n - 1, size)) for size in range(n)])
    values = np.empty(n)
    for token in range(n):
        absent = np.flatnonzero(~present[:, token])
        values[token] = (weights[sizes[absent]] * (scores[absent | 1 << token] - scores[absent])).sum()
    return values

"""Computes exact Shapley values of short texts (Shapley 1953), as a reference for the methods."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sentiment.faithfulness.methods import Ids, Logits
from sentiment.text.vocabulary import UNK

LONGEST = 12  # tokens; all 2**12 subsets have to be scored


def shapley_values(logits: Logits, review: Ids) -> npt.NDArray[np.float64]:
    """Returns each token's mean gain in the logit over all orders in which tokens replace unknown words.

    Args:
        logits: scores encoded reviews.
        review: <int32>[length], at most ``LONGEST`` tokens.

    Returns:
        <float64>[length], in logits.
    """
    n = len(review)
    present = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1  # subset s holds token i if bit i of s is set
    scores = logits(list(np.where(present, review, np.int32(UNK)))).astype(np.float64)
    sizes = present.sum(axis=1)
    weights = np.array([1 / (n * math.comb(n - 1, size)) for size in range(n)])
    values = np.empty(n)
    for token in range(n):
        absent = np.flatnonzero(~present[:, token])
        values[token] = (weights[sizes[absent]] * (scores[absent | 1 << token] - scores[absent])).sum()
    return values

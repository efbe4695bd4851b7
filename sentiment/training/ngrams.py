"""NB-LR: logistic regression on n-grams with naive Bayes features (Wang & Manning 2012, section 2.3).

As a teacher it gives soft targets for unlabelled reviews. It ignores order beyond three tokens, so its errors differ
from those of an LSTM. It is fitted in seconds by L-BFGS.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse

_LONGEST = 3  # tokens in an n-gram
_MIN_REVIEWS = 2  # reviews in which an n-gram must occur
_PENALTY = 0.1  # weight of the squared norm; the best of 0.1, 0.3 and 1 on validation
_ITERATIONS = 60

Ids = npt.NDArray[np.int32]


class NgramModel:
    """A linear model of the presence of n-grams.

    Args:
        reviews: <int32>[tokens] for each review, none of them empty.
        labels: <int8>[reviews], 1 positive, 0 negative.
        vocabulary_size: number of ids.
        weights: <float>[reviews], sample weights; equal if None.
    """

    def __init__(
        self,
        reviews: Sequence[Ids],
        labels: npt.NDArray[np.int8],
        vocabulary_size: int,
        weights: npt.NDArray[np.floating] | None = None,
    ) -> None:
        self._size = vocabulary_size
        keys = [self._ngrams(review) for review in reviews]
        ngrams, seen = np.unique(np.concatenate(keys), return_counts=True)
        self._known = ngrams[seen >= min(_MIN_REVIEWS, seen.max())]  # all n-grams if no two reviews share one
        present = self._present(keys)
        counts = np.ones(len(labels), np.float32) if weights is None else weights.astype(np.float32)
        self._ratios = _log_count_ratios(present, labels, counts)
        fitted = fit_logistic(_weighted(present, self._ratios), labels, counts, _PENALTY)
        self._weights, self._bias = fitted[:-1], fitted[-1]

    def logits(self, reviews: Sequence[Ids]) -> npt.NDArray[np.float64]:
        """Returns the log-odds of "positive", <float64>[reviews]."""
        present = self._present([self._ngrams(review) for review in reviews])
        return _weighted(present, self._ratios) @ self._weights + self._bias

    def _ngrams(self, review: Ids) -> npt.NDArray[np.int64]:
        """Returns the distinct n-grams of a review, each as a number in base ``vocabulary_size``."""
        ids = review.astype(np.int64)
        grams = [ids]
        for n in range(1, _LONGEST):
            grams.append(grams[-1][:-1] * self._size + ids[n:])
        return np.unique(np.concatenate(grams))

    def _present(self, keys: Sequence[npt.NDArray[np.int64]]) -> sparse.csr_matrix:
        """Returns <float32>[reviews, known n-grams], 1 if the n-gram occurs in the review."""
        flat = np.concatenate(keys)
        rows = np.repeat(np.arange(len(keys)), [len(each) for each in keys])
        columns = np.minimum(np.searchsorted(self._known, flat), len(self._known) - 1)
        known = self._known[columns] == flat
        shape = (len(keys), len(self._known))
        return sparse.csr_matrix((np.ones(known.sum(), np.float32), (rows[known], columns[known])), shape)


def _log_count_ratios(
    present: sparse.csr_matrix, labels: npt.NDArray[np.int8], counts: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Returns the log-count ratio of each n-gram, <float32>[known n-grams], with add-one smoothing."""
    positive, negative = (1 + present.T @ (counts * (labels == label)) for label in (1, 0))
    return np.log(positive / positive.sum()) - np.log(negative / negative.sum())


def _weighted(present: sparse.csr_matrix, ratios: npt.NDArray[np.float32]) -> sparse.csr_matrix:
    """Returns the features multiplied by the ratios, with rows scaled to length 1."""
    weighted = present.multiply(ratios).tocsr()
    norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(1)).ravel())
    return (sparse.diags((1 / np.maximum(norms, 1e-9)).astype(np.float32)) @ weighted).tocsr()


def fit_logistic(
    features: sparse.csr_matrix, labels: npt.NDArray[np.int8], counts: npt.NDArray[np.float32], penalty: float
) -> npt.NDArray[np.float64]:
    """Fits a logistic regression with an L2 penalty.

    Args:
        features: <float>[reviews, features].
        labels: <int8>[reviews], 1 positive, 0 negative.
        counts: <float32>[reviews], sample weights.
        penalty: the weight of half the squared norm of the coefficients; the bias is not penalised.

    Returns:
        <float64>[features + 1], the coefficients and, last, the bias.
    """
    signs = 2.0 * labels - 1
    transposed = features.T.tocsr()

    def objective(w: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        margins = signs * (features @ w[:-1] + w[-1])
        slopes = -counts * signs / (1 + np.exp(margins))
        loss = (counts * np.logaddexp(0, -margins)).sum() + penalty / 2 * w[:-1] @ w[:-1]
        return loss, np.append(transposed @ slopes + penalty * w[:-1], slopes.sum())

    start = np.zeros(features.shape[1] + 1)
    return optimize.minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS}).x

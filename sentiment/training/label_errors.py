"""Finds suspected label errors by confident learning, and measures whether training without them helps.

Every training review is scored by an n-gram model that was trained without any review of its film. The label is
suspected if the calibrated probability of the other class is at least the mean over the reviews of that class: the
off-diagonal of the confident joint (Northcutt et al. 2021, section 3.1). The effect of dropping such reviews, or of
halving their weight, is measured on held-out films whose labels were not used to find them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

from sentiment.dataset import DatasetError
from sentiment.dataset.splits import draw
from sentiment.evaluation import metrics
from sentiment.evaluation.comparison import compare
from sentiment.text.vocabulary import Vocabulary
from sentiment.training.corpus import Corpus
from sentiment.training.ngrams import Ids, NgramModel

FOLDS = 5
TREATMENTS = {"dropped": 0.0, "halved": 0.5}  # treatment of suspected reviews -> their weight in training

_VOCABULARY, _MIN_COUNT = 50_000, 2  # maximum number of tokens, and minimum number of occurrences of each

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Reviews:
    """Reviews encoded for the n-gram model, each with at least one token.

    Attributes:
        ids: <int32>[tokens] for each review.
        labels: <int8>[reviews], 1 positive, 0 negative.
        folds: <int64>[reviews], from 0 to ``FOLDS`` - 1; the reviews of a film share one.
        size: of the vocabulary, in ids.
    """

    ids: list[Ids]
    labels: npt.NDArray[np.int8]
    folds: npt.NDArray[np.int64]
    size: int

    def fit(self, weights: npt.NDArray[np.floating]) -> NgramModel:
        """Fits a model to the reviews with a positive weight; ``weights`` is <float>[reviews]."""
        kept = np.flatnonzero(weights)
        return NgramModel([self.ids[row] for row in kept], self.labels[kept], self.size, weights[kept])

    def logits(self, model: NgramModel, fold: int) -> npt.NDArray[np.float64]:
        """Returns a model's logits of the reviews of a fold, <float64>[reviews of the fold]."""
        return model.logits([self.ids[row] for row in np.flatnonzero(self.folds == fold)])


def prepare(frame: pd.DataFrame, seed: int = 0) -> tuple[pd.DataFrame, Reviews]:
    """Returns the rows of a training table that have a token, and the same encoded for the model.

    Args:
        frame: ``text``, ``label``, ``film``, ``fingerprint``, as in ``dataset.Dataset``.
        seed: of the assignment to folds.

    Raises:
        DatasetError: there are too few films or reviews for folds with both classes.
    """
    corpus = Corpus()
    read = corpus.read(frame["text"])
    vocabulary = Vocabulary.from_counts(corpus.counts(read), max_size=_VOCABULARY, min_count=_MIN_COUNT)
    filled = np.array([len(review) > 0 for review in read])
    rows = frame[filled].reset_index(drop=True)
    ids = [review for review in corpus.encode(read, vocabulary) if len(review)]
    folds = assign_folds(rows, FOLDS, np.random.default_rng(seed))
    if rows["label"].groupby(folds).nunique().reindex(range(FOLDS)).ne(2).any():
        what = "films" if rows["film"].ne("").any() else "reviews"
        raise DatasetError(f"There are too few {what} for {FOLDS} folds with both classes.")
    return rows, Reviews(ids, rows["label"].to_numpy(np.int8), folds, len(vocabulary))


def assign_folds(frame: pd.DataFrame, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Returns the fold of each row, <int64>[rows], from 0 to ``count`` - 1; stratified, and no film is in two folds."""
    folds = np.full(len(frame), count - 1)
    left = np.arange(len(frame))
    for fold in range(count - 1):
        taken = draw(frame.iloc[left], "film", round(len(frame) / count), rng)
        folds[left[taken]] = fold
        left = left[~taken]
    return folds


def cross_fit(reviews: Reviews, say: Say) -> npt.NDArray[np.float64]:
    """Returns logits for nested cross-validation, <float64>[folds, reviews].

    Row k has, for each review, the logit of a model that was trained without fold k and without the review's own fold.
    If k is its own fold, this is the ordinary out-of-fold logit. A model without folds j and k serves both rows, so
    ``FOLDS`` * (``FOLDS`` + 1) / 2 models are fitted.

    Args:
        reviews: all reviews.
        say: called with a line of progress for each model.
    """
    logits = np.full((FOLDS, len(reviews.labels)), np.nan)
    for j, k in combinations_with_replacement(range(FOLDS), 2):
        say(f"fitting without folds {j + 1} and {k + 1} ..." if j != k else f"fitting without fold {j + 1} ...")
        model = reviews.fit(~np.isin(reviews.folds, (j, k)) * 1.0)
        for row, fold in {(j, k), (k, j)}:
            logits[row, reviews.folds == fold] = reviews.logits(model, fold)
    return logits


def suspect(labels: npt.NDArray[np.int8], logits: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Finds suspected label errors by confident learning.

    Args:
        labels: <int8>[reviews], the given labels.
        logits: <float64>[reviews], out of fold.

    Returns:
        A row for each review, in order, with ``probability`` (calibrated, of "positive"), ``quality`` (the calibrated
        probability of the given label) and ``suspected``.
    """
    positive = metrics.sigmoid(logits / metrics.fit_temperature(logits, labels))
    both = np.column_stack([1 - positive, positive])
    suspected = find_label_issues(labels.astype(np.int64), both, filter_by="confident_learning", n_jobs=1)
    quality = get_label_quality_scores(labels.astype(np.int64), both, method="self_confidence")
    return pd.DataFrame({"probability": positive, "quality": quality, "suspected": suspected})


def out_of_fold(reviews: Reviews, logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Returns the out-of-fold logit of each review, <float64>[reviews], from the result of ``cross_fit``."""
    return logits[reviews.folds, np.arange(len(reviews.folds))]


def measure(reviews: Reviews, logits: npt.NDArray[np.float64], say: Say) -> dict[str, Any]:
    """Measures by cross-validation whether the treatments of suspected reviews improve accuracy.

    For each held-out fold, suspects among the other folds are found by models that were not trained on the held-out
    one. Accuracy is measured against the given labels, including wrong ones.

    Args:
        reviews: all reviews.
        logits: <float64>[folds, reviews], from ``cross_fit``.
        say: called with a line of progress for each model.

    Returns:
        ``n`` (reviews), ``accuracy`` (of the untreated model) and ``treatments``, each with ``name``, ``accuracy``,
        ``difference`` (from the accuracy of the untreated model), its 95% ``interval`` and ``p_value``, paired by
        review.
    """
    treated = {name: np.empty(len(reviews.labels)) for name in TREATMENTS}
    for fold in range(FOLDS):
        seen = reviews.folds != fold
        suspected = np.zeros(len(seen), bool)
        suspected[seen] = suspect(reviews.labels[seen], logits[fold, seen])["suspected"]
        for name, weight in TREATMENTS.items():
            say(f"evaluating fold {fold + 1} with {suspected.sum():,} suspected reviews {name} ...")
            model = reviews.fit(np.where(suspected, weight, 1.0) * seen)
            treated[name][reviews.folds == fold] = reviews.logits(model, fold)
    plain = (out_of_fold(reviews, logits) >= 0) == reviews.labels
    found = {name: compare(plain, (scores >= 0) == reviews.labels) for name, scores in treated.items()}
    return {
        "n": len(plain),
        "accuracy": float(plain.mean()),
        "treatments": [
            {
                "name": name,
                "accuracy": float(plain.mean() + each.difference),
                "difference": each.difference,
                "interval": each.interval,
                "p_value": each.p_value,
            }
            for name, each in found.items()
        ],
    }

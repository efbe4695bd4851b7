"""Suspected wrong labels, by confident learning, and whether training without them helps (Northcutt et al. 2021).

Every training review is scored by an n-gram model that saw neither it nor any other review of its film. Where the
calibrated score for the other class is at least what reviews of that class get on average, the label is suspected
(section 3.1, the off-diagonal of the confident joint). Whether it helps to leave such reviews out, or to count them
half, is measured on films set aside, among whose labels nothing was suspected beforehand.
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
TREATMENTS = {"dropped": 0.0, "halved": 0.5}  # what is done with suspected reviews -> how much each then counts

_VOCABULARY, _MIN_COUNT = 50_000, 2  # tokens known at most, and the occurrences each of them needs

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Reviews:
    """Reviews ready for the n-gram model, each with a token at least.

    Attributes:
        ids: <int32>[tokens] a review.
        labels: <int8>[reviews], 1 positive, 0 negative.
        folds: <int64>[reviews], from 0 to ``FOLDS`` - 1; the reviews of a film share one.
        size: of the vocabulary.
    """

    ids: list[Ids]
    labels: npt.NDArray[np.int8]
    folds: npt.NDArray[np.int64]
    size: int

    def fit(self, weights: npt.NDArray[np.floating]) -> NgramModel:
        """The model of the reviews whose weight is above 0."""
        kept = np.flatnonzero(weights)
        return NgramModel([self.ids[row] for row in kept], self.labels[kept], self.size, weights[kept])

    def logits(self, model: NgramModel, fold: int) -> npt.NDArray[np.float64]:
        """<float64>[reviews of the fold], what a model makes of them."""
        return model.logits([self.ids[row] for row in np.flatnonzero(self.folds == fold)])


def prepare(frame: pd.DataFrame, seed: int = 0) -> tuple[pd.DataFrame, Reviews]:
    """The rows of a training table that hold a token, and the same ready for the model.

    Args:
        frame: ``text``, ``label``, ``film``, ``fingerprint``, as in ``dataset.Dataset``.
        seed: of the draw of the folds.

    Raises:
        DatasetError: the films or reviews are too few to make folds of both classes.
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
        raise DatasetError(f"The {what} are too few to divide into {FOLDS} parts that hold both classes.")
    return rows, Reviews(ids, rows["label"].to_numpy(np.int8), folds, len(vocabulary))


def assign_folds(frame: pd.DataFrame, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """<int64>[rows], a fold from 0 to ``count`` - 1 for each; equally many of each class, no film in two."""
    folds = np.full(len(frame), count - 1)
    left = np.arange(len(frame))
    for fold in range(count - 1):
        taken = draw(frame.iloc[left], "film", round(len(frame) / count), rng)
        folds[left[taken]] = fold
        left = left[~taken]
    return folds


def cross_fit(reviews: Reviews, say: Say) -> npt.NDArray[np.float64]:
    """<float64>[folds, reviews], in row k what models make of each review that saw neither its fold nor fold k.

    Where k is a review's own fold, that is its out-of-fold score; the rest of a row is as good within the other folds
    as if fold k did not exist. Leaving out j and k serves both, so it takes ``FOLDS`` (``FOLDS`` + 1) / 2 models.
    """
    logits = np.full((FOLDS, len(reviews.labels)), np.nan)
    for j, k in combinations_with_replacement(range(FOLDS), 2):
        say(f"scores without folds {j + 1} and {k + 1} ..." if j != k else f"scores without fold {j + 1} ...")
        model = reviews.fit(~np.isin(reviews.folds, (j, k)) * 1.0)
        for row, fold in {(j, k), (k, j)}:
            logits[row, reviews.folds == fold] = reviews.logits(model, fold)
    return logits


def suspect(labels: npt.NDArray[np.int8], logits: npt.NDArray[np.float64]) -> pd.DataFrame:
    """What confident learning makes of out-of-fold scores.

    Args:
        labels: <int8>[reviews], as given.
        logits: <float64>[reviews].

    Returns:
        Columns ``probability`` (calibrated, of "positive"), ``quality`` (of the label: its own calibrated probability)
        and ``suspected``, in the order given.
    """
    positive = metrics.sigmoid(logits / metrics.fit_temperature(logits, labels))
    both = np.column_stack([1 - positive, positive])
    suspected = find_label_issues(labels.astype(np.int64), both, filter_by="confident_learning", n_jobs=1)
    quality = get_label_quality_scores(labels.astype(np.int64), both, method="self_confidence")
    return pd.DataFrame({"probability": positive, "quality": quality, "suspected": suspected})


def out_of_fold(reviews: Reviews, logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """<float64>[reviews], each review's score by the model that saw all folds but its own, from ``cross_fit``."""
    return logits[reviews.folds, np.arange(len(reviews.folds))]


def measure(reviews: Reviews, logits: npt.NDArray[np.float64], say: Say) -> dict[str, Any]:
    """Whether treating suspected reviews otherwise helps, on every fold in turn.

    What is suspected among the other folds is told by models that never saw the fold judged. The labels judged by are
    those given, wrong ones among them.

    Args:
        reviews: all of them.
        logits: from ``cross_fit``.
        say: is told what is being done.

    Returns:
        ``n`` (reviews judged), ``accuracy`` (of the plain model) and ``treatments``, each with ``name``, ``accuracy``,
        ``difference`` (of accuracy, to the plain model) and its 95% ``interval`` and ``p_value``, paired by review.
    """
    treated = {name: np.empty(len(reviews.labels)) for name in TREATMENTS}
    for fold in range(FOLDS):
        seen = reviews.folds != fold
        suspected = np.zeros(len(seen), bool)
        suspected[seen] = suspect(reviews.labels[seen], logits[fold, seen])["suspected"]
        for name, weight in TREATMENTS.items():
            say(f"fold {fold + 1} judged with {suspected.sum():,} suspected reviews {name} ...")
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

"""Computes the learning curve: accuracy by number of labels, for the new head and for baselines on the same folds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from sentiment.adapt.head import Head, fit_head, folds
from sentiment.evaluation.logistic import Basis, fit_best

WORDS = 5_000  # maximum size of the baseline's vocabulary

_PARTS = 5
_SIZES = (10, 20, 40, 80, 160, 320, 640, 1_280)
_WORD = re.compile(r"\w+(?:['’]\w+)?")
_FLAT = 0.01  # gain in accuracy per doubling of the labels, below which more of them hardly help

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Point:
    """Mean accuracies on held-out texts after training on ``n`` labels.

    Attributes:
        n: number of labels.
        head: accuracy of the new head.
        words: accuracy of logistic regression on TF-IDF features, trained on these texts alone.
        start: accuracy of the run before adaptation.
        majority: accuracy of the majority baseline.
    """

    n: int
    head: float
    words: float
    start: float
    majority: float


@threadpool_limits.wrap(limits=1)
def learning_curve(states: Array, labels: Array, texts: Sequence[str], head: Head, *, seed: int = 0) -> list[Point]:
    """Returns a point for each number of labels, up to four fifths of them; none if a class has fewer than five labels.

    Args:
        states: <float>[n, features], as for ``adapt``.
        labels: <int>[n], 1 positive and 0 negative.
        texts: the labelled texts.
        head: the run's head.
        seed: of the folds.
    """
    labels = np.asarray(labels, np.int64)
    if min(np.bincount(labels, minlength=2)) < _PARTS:
        return []
    right: dict[int, list[list[float]]] = {}
    for rest, held_out in folds(labels, seed, _PARTS):
        rest = np.random.default_rng(seed).permutation(rest)
        for n in [*(size for size in _SIZES if size < len(rest)), len(rest)]:
            rows, size = rest[:n], n if n < len(rest) else 0  # the folds differ in size by one
            if len(np.unique(labels[rows])) == 2:
                right.setdefault(size, []).append(_accuracies(states, labels, texts, head, rows, held_out))
    whole = len(labels) - len(labels) // _PARTS
    return [Point(size or whole, *map(float, np.mean(found, axis=0))) for size, found in right.items()]


def advice(points: Sequence[Point]) -> str:
    """Returns a sentence on whether more labels are likely to help; empty without a curve."""
    last = points[-1] if points else None
    first = next((point for point in reversed(points) if last and point.n <= last.n / 2), None)
    if first is None or last is None:
        return ""
    gain = (last.head - first.head) / np.log2(last.n / first.n)
    if gain > _FLAT:
        return f"The last doubling of the labels gained {100 * gain:.1f} points, so more labels are likely to help."
    return "The last labels gained little, so more labels are unlikely to help much."


def _accuracies(
    states: Array, labels: Array, texts: Sequence[str], head: Head, rows: Array, held_out: Array
) -> list[float]:
    """Returns the accuracies of a ``Point`` on the rows ``held_out``, after training on ``rows``."""
    truth = labels[held_out] == 1
    new, _ = fit_head(states[rows], labels[rows], head)
    known, unknown = tf_idf([texts[row] for row in rows], [texts[row] for row in held_out])
    basis, zeros = Basis.of(known), np.zeros(len(rows))
    by_words = basis.coordinates(unknown) @ fit_best(basis.coordinates(known), labels[rows], zeros, zeros + 1).beta
    majority = labels[rows].mean() >= 0.5
    called = (new.positive(states[held_out]), by_words >= 0, head.positive(states[held_out]), majority)
    return [float(np.mean(each == truth)) for each in called]


def tf_idf(texts: Sequence[str], others: Sequence[str]) -> tuple[Array, Array]:
    """Returns TF-IDF features of texts and of others, <float32>[n, words], with the vocabulary of the first.

    Weights are ``(1 + log tf) * (1 + log((1 + n) / (1 + df)))``, and rows have length 1 (Manning, Raghavan & Schütze
    2008, section 6.4, smoothed).
    """
    counted = [[Counter(word.lower() for word in _WORD.findall(text)) for text in part] for part in (texts, others)]
    documents = Counter(word for counts in counted[0] for word in counts)
    places = {word: place for place, (word, _) in enumerate(documents.most_common(WORDS))}
    rarity = np.array([1 + np.log((1 + len(texts)) / (1 + documents[word])) for word in places], np.float32)
    return _rows(counted[0], places, rarity), _rows(counted[1], places, rarity)


def _rows(counted: Sequence[Counter[str]], places: dict[str, int], rarity: Array) -> Array:
    rows = np.zeros((len(counted), len(places)), np.float32)
    for row, counts in zip(rows, counted, strict=True):
        for word, count in counts.items():
            if word in places:
                row[places[word]] = 1 + np.log(count)
    rows *= rarity
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)

"""Summarises a run's data: the statistics in ``dataset.json`` and the counts in ``word_counts.parquet``.

``dataset.json``, by key:

- ``labels``: rows of split, positive, negative, unlabelled (reviews) and films (distinct known titles).
- ``ratings``: rows of split, rating (1 to 10; 0 unknown), n.
- ``lengths``: ``edges``, the lower bounds in tokens of the bins, the last of which has no upper bound; ``counts``, rows
  of split, label and n (reviews in each bin); ``by_split``, rows of split, median, longest, and truncated, the share of
  reviews longer than ``max_length``.
- ``cleaning``: repeats and leaks that were removed, as ``dataset.Removed``, and ``films_in_train_and_test``.
- ``coverage``: rows of size and share, the share of train's running tokens covered by the ``size`` most frequent ones.
- ``frequencies``: rows of rank, token, count, at ranks evenly spaced on a logarithmic scale.
- ``telling``: for "positive" and "negative", rows of token, positive, negative (counts), log_odds and z, the most
  distinctive first.

``word_counts.parquet`` has token (str, in vocabulary order), positive and negative (int64): how often each vocabulary
token occurs in the positive and in the negative training reviews.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment.dataset import Dataset
from sentiment.dataset.records import NAMES, NEGATIVE, POSITIVE, UNLABELLED
from sentiment.text.reading import LATEST, READINGS
from sentiment.text.vocabulary import PAD, UNK, Vocabulary

LONGEST_BIN = 1_000  # tokens; the last bin has all reviews from this length on
_BINS = 40
_WIDTHS = (1, 2, 5, 10, 25)  # possible widths of a bin, in tokens
DISTINCTIVE_WORDS = 50  # words listed for each class
PRIOR_TOKENS = 10_000  # weight of the prior, in tokens of average text added to each class


def word_counts(
    ids: Sequence[npt.NDArray[np.int32]], labels: npt.NDArray[np.int8], vocabulary: Vocabulary
) -> pd.DataFrame:
    """Counts how often each vocabulary token occurs in each class, for ``word_counts.parquet``.

    Args:
        ids: <int32>[tokens] for each training review, not truncated.
        labels: <int8>[reviews], 1 positive, 0 negative.
        vocabulary: maps ids to tokens.
    """
    own = slice(max(PAD, UNK) + 1, None)  # the ids of tokens, without padding and unknown
    columns = {NAMES[label]: _occurrences(ids, labels == label, len(vocabulary))[own] for label in (POSITIVE, NEGATIVE)}
    return pd.DataFrame({"token": pd.Series(vocabulary.tokens, dtype="str"), **columns})


def summarise(
    dataset: Dataset, lengths: Mapping[str, Sequence[int]], counts: pd.DataFrame, max_length: int
) -> dict[str, Any]:
    """Returns the content of ``dataset.json``, as the module's docstring describes it.

    Args:
        dataset: the reviews.
        lengths: the number of tokens in each review of "train" and "validation", and optionally of "test", which is
            counted here otherwise.
        counts: from ``word_counts``.
        max_length: the number of tokens of a review that the model reads.
    """
    splits = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    measured = {split: np.asarray(lengths[split], dtype=np.int64) for split in splits if split in lengths}
    if "test" not in measured:
        measured["test"] = np.array(
            [len(READINGS[LATEST].words(text)) for text in dataset.test["text"]], dtype=np.int64
        )
    read = int(measured["train"].sum())
    return {
        "labels": [_labels(split, frame) for split, frame in {**splits, "unlabelled": dataset.unlabelled}.items()],
        "ratings": [row for split, frame in splits.items() for row in _ratings(split, frame)],
        "lengths": _lengths({split: (frame, measured[split]) for split, frame in splits.items()}, max_length),
        "cleaning": {
            **dataclasses.asdict(dataset.source.removed),
            "films_in_train_and_test": len(_films(dataset.train, dataset.validation) & _films(dataset.test)),
        },
        "coverage": _coverage(counts, read),
        "frequencies": _frequencies(counts),
        "telling": _distinctive_words(counts),
    }


def log_odds(counts: pd.DataFrame, prior_tokens: float = PRIOR_TOKENS) -> pd.DataFrame:
    """Computes the log-odds ratio of each token between the classes, with an informative Dirichlet prior.

    Monroe, Colaresi and Quinn 2008, "Fightin' Words", section 3, equations 16 to 22. The prior of a token is
    proportional to its frequency in both classes together. Positive values are for the positive class.

    Args:
        counts: columns ``positive`` and ``negative``.
        prior_tokens: the sum of the prior.

    Returns:
        Columns ``log_odds`` and ``z`` (log-odds ratio over its standard deviation), float64.
    """
    positive, negative = (counts[name].to_numpy(dtype=np.float64) for name in ("positive", "negative"))
    both = positive + negative
    prior = prior_tokens * both / max(both.sum(), 1.0)
    tiny = np.finfo(np.float64).tiny  # gives log-odds 0 to a token without occurrences, or to the only token
    ratios, variances = [], []
    for observed in (positive, negative):
        weight = np.maximum(observed + prior, tiny)
        ratios.append(np.log(weight) - np.log(np.maximum(observed.sum() + prior_tokens - weight, tiny)))
        variances.append(1 / weight)
    difference = ratios[0] - ratios[1]
    return pd.DataFrame({"log_odds": difference, "z": difference / np.sqrt(sum(variances))}, index=counts.index)


def length_edges(longest: int) -> list[int]:
    """Returns the lower bounds of at least two bins of equal width for reviews of up to ``longest`` tokens."""
    width = next((width for width in _WIDTHS if width * _BINS > longest), _WIDTHS[-1])
    return list(range(0, max(width, min(longest, LONGEST_BIN)) + 1, width))


def _occurrences(
    ids: Sequence[npt.NDArray[np.int32]], chosen: npt.NDArray[np.bool_], size: int
) -> npt.NDArray[np.int64]:
    """Returns <int64>[size], how often each id occurs in the chosen reviews."""
    kept = [review for review, is_chosen in zip(ids, chosen, strict=True) if is_chosen]
    return np.bincount(np.concatenate(kept), minlength=size) if kept else np.zeros(size, np.int64)


def _labels(split: str, frame: pd.DataFrame) -> dict[str, Any]:
    names = {**NAMES, UNLABELLED: "unlabelled"}
    numbers = {name: int((frame["label"] == label).sum()) for label, name in names.items()}
    return {"split": split, **numbers, "films": len(_films(frame))}


def _films(*frames: pd.DataFrame) -> set[str]:
    return set().union(*(frame["film"] for frame in frames)) - {""}


def _ratings(split: str, frame: pd.DataFrame) -> list[dict[str, Any]]:
    ratings, numbers = np.unique(frame["rating"], return_counts=True)
    pairs = zip(ratings.tolist(), numbers.tolist(), strict=True)
    return [{"split": split, "rating": rating, "n": n} for rating, n in pairs]


def _lengths(splits: Mapping[str, tuple[pd.DataFrame, npt.NDArray[np.int64]]], max_length: int) -> dict[str, Any]:
    edges = np.array(length_edges(max((int(lengths.max(initial=0)) for _, lengths in splits.values()), default=0)))
    counts, by_split = [], []
    for split, (frame, lengths) in splits.items():
        for label, name in NAMES.items():
            chosen = lengths[frame["label"].to_numpy() == label]
            bins = np.bincount(np.searchsorted(edges, chosen, side="right") - 1, minlength=len(edges))
            counts.append({"split": split, "label": name, "n": bins.tolist()})
        by_split.append(
            {
                "split": split,
                "median": float(np.median(lengths)) if len(lengths) else 0.0,
                "longest": int(lengths.max(initial=0)),
                "truncated": float((lengths > max_length).mean()) if len(lengths) else 0.0,
            }
        )
    return {"edges": edges.tolist(), "max_length": max_length, "counts": counts, "by_split": by_split}


def _spaced(last: int, points: int = 60) -> list[int]:
    """Returns at most ``points`` integers from 1 to ``last``, evenly spaced on a logarithmic scale."""
    return sorted({round(rank) for rank in np.geomspace(1, last, points).tolist()}) if last else []


def _coverage(counts: pd.DataFrame, tokens_read: int) -> list[dict[str, Any]]:
    covered = np.sort((counts["positive"] + counts["negative"]).to_numpy())[::-1].cumsum()
    return [{"size": size, "share": float(covered[size - 1] / max(tokens_read, 1))} for size in _spaced(len(counts))]


def _frequencies(counts: pd.DataFrame) -> list[dict[str, Any]]:
    both = (counts["positive"] + counts["negative"]).sort_values(ascending=False, kind="stable")
    tokens, numbers = counts["token"].loc[both.index].tolist(), both.tolist()
    return [{"rank": rank, "token": tokens[rank - 1], "count": numbers[rank - 1]} for rank in _spaced(len(both))]


def _distinctive_words(counts: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    words = counts.assign(**log_odds(counts))
    words = words[words["token"].map(lambda token: any(map(str.isalnum, token))).astype(bool)]
    words = words[words["positive"] + words["negative"] > 0].sort_values("z", kind="stable")
    most = {
        "positive": words[words["z"] > 0].tail(DISTINCTIVE_WORDS)[::-1],
        "negative": words[words["z"] < 0].head(DISTINCTIVE_WORDS),
    }
    names = list(words.columns)
    return {
        name: [dict(zip(names, row, strict=True)) for row in frame.to_numpy(dtype=object).tolist()]
        for name, frame in most.items()
    }

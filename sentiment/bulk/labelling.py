"""Labels that a user gives to rows of a scored file: the row to label next, and the rows that estimates may use.

The first rows are drawn at random, so that estimates from them hold for the whole file. Later ones are those that the
model is least sure of, from which it learns most (uncertainty sampling, Lewis & Gale 1994); no estimate uses them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from sentiment.bulk.results import Results, Rows

Answer = Literal["positive", "negative", "skip"]

RANDOM = 40  # labelled rows that are drawn at random, before those that the model is least sure of
MOST_ANSWERS = 2_000  # of one file
_POOL = 50_000  # rows that can be labelled; of a larger file a random sample


@dataclass(frozen=True)
class Pool:
    """The rows of a file that can be labelled: those with a prediction that counts.

    Attributes:
        rows: row numbers, <int64>[pool], in random order, which is the same for every session.
        probabilities: P(positive) of each, <float64>[pool].
        positive: whether each is predicted positive, <bool>[pool].
        known: the label of each in the file, <int8>[pool]: 1 positive, 0 negative, -1 none.
        all_probabilities: P(positive) of all such rows, <float64>[rows], including those beyond the pool.
    """

    rows: Rows
    probabilities: npt.NDArray[np.float64]
    positive: npt.NDArray[np.bool_]
    known: npt.NDArray[np.int8]
    all_probabilities: npt.NDArray[np.float64]

    @classmethod
    def of(cls, results: Results, seed: str) -> Pool:
        """Draws the pool of a file.

        Args:
            results: the scored rows.
            seed: decides the order. Rows that are scored later do not change the order of those already there.
        """
        predicted = results.predicted
        digest = hashlib.sha256(seed.encode()).digest()
        keys = np.random.default_rng(int.from_bytes(digest)).random(results.rows)[predicted.index]
        chosen = predicted.iloc[np.argsort(keys, kind="stable")[:_POOL]]
        labels = chosen["label"].fillna(-1) if "label" in chosen else np.full(len(chosen), -1)
        return cls(
            chosen.index.to_numpy(np.int64),
            chosen["p_positive"].to_numpy(np.float64),
            (chosen["sentiment"] == "positive").to_numpy(bool),
            np.asarray(labels, np.int8),
            predicted["p_positive"].to_numpy(np.float64),
        )


@dataclass(frozen=True)
class Labelling:
    """The answers given so far.

    Attributes:
        pool: the rows that can be labelled.
        answers: the answer for each row, in the order in which they were given.
        from_file: whether the labels in the file count as well.
        threshold: the probability from which on the model predicts positive.
    """

    pool: Pool
    answers: Mapping[int, Answer]
    from_file: bool = False
    threshold: float = 0.5

    @cached_property
    def labels(self) -> npt.NDArray[np.int8]:
        """The label of each row of the pool, <int8>[pool], -1 without one; a user's own answer replaces the file's."""
        labels = self.pool.known.copy() if self.from_file else np.full(len(self.pool.rows), -1, np.int8)
        places = self._places
        for row, answer in self.answers.items():
            if row in places:
                labels[places[row]] = {"positive": 1, "negative": 0, "skip": -1}[answer]
        return labels

    @cached_property
    def labelled(self) -> npt.NDArray[np.intp]:
        """The places in the pool of all labelled rows."""
        return np.flatnonzero(self.labels >= 0)

    @property
    def own(self) -> npt.NDArray[np.intp]:
        """The places in the pool of the rows that the user labelled, in the order of the answers."""
        places = [self._places[row] for row in self.answers if row in self._places]
        return np.array([place for place in places if self.labels[place] >= 0], np.intp)

    @cached_property
    def sample(self) -> npt.NDArray[np.intp]:
        """The places in the pool of the labelled rows that were drawn at random; skipped ones are left out."""
        return np.array([place for place in self._drawn() if self.labels[place] >= 0], np.intp)

    @property
    def next_place(self) -> int | None:
        """The place in the pool of the row to label next; None if every row has an answer, or the limit is reached."""
        if len(self.answers) >= MOST_ANSWERS:
            return None
        open_places = np.flatnonzero(~self._is_answered)
        if not len(open_places):
            return None
        if self.is_random:
            return int(open_places[0])
        doubt = self._doubt
        return int(open_places[np.argmin(doubt[open_places])])

    @property
    def is_random(self) -> bool:
        """Whether the next row is one drawn at random."""
        return len(self.sample) < RANDOM

    @cached_property
    def _doubt(self) -> npt.NDArray[np.float64]:
        """How far each probability is from the threshold, 0 to 1 on either side of it."""
        distance = self.pool.probabilities - self.threshold
        return np.where(distance < 0, -distance / self.threshold, distance / (1 - self.threshold))

    @cached_property
    def _places(self) -> dict[int, int]:
        return {int(row): place for place, row in enumerate(self.pool.rows)}

    @cached_property
    def _is_answered(self) -> npt.NDArray[np.bool_]:
        """Whether each row of the pool has an answer; "skip" is one."""
        return (self.labels >= 0) | np.isin(self.pool.rows, list(self.answers))

    def _drawn(self) -> Iterator[int]:
        """Yields the places of the rows drawn at random that are answered, up to ``RANDOM`` labels.

        More of them count only as far as the file itself has labels. A row that was labelled because the model was
        unsure of it, and comes next in the random order by chance, does not count as random.
        """
        labels = 0
        for place in range(len(self.pool.rows)):
            known = self.from_file and self.pool.known[place] >= 0
            if not self._is_answered[place] or (labels >= RANDOM and not known):
                return
            labels += int(self.labels[place] >= 0)
            yield place

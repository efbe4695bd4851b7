"""Training batches of reviews of similar length, in an order that depends only on seed and epoch.

A training that is resumed at epoch n therefore has the same batches as an uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sentiment.model.batching import pad
from sentiment.text.vocabulary import PAD, UNK

_POOL = 50  # number of batches whose shuffled reviews are sorted by length together

Ids = npt.NDArray[np.int32]
Batch = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]
Source = Callable[[np.random.Generator], tuple[Ids, float]]  # draws an example: its ids and its target


class Batches(Protocol):
    """The batches of every epoch."""

    def __len__(self) -> int:
        """Returns the number of steps in an epoch."""

    def epoch(self, number: int) -> Iterator[Batch]:
        """Returns the batches of one epoch: ids <int32>[batch, time] and targets <float32>[batch, 1]."""


class TrainingBatches:
    """Reviews with targets, shuffled in each epoch.

    Args:
        reviews: <int32>[tokens] for each review.
        targets: <float32>[reviews], the probability of "positive".
        batch_size: reviews in a batch.
        length: maximum number of tokens; a longer review is cropped at random in each epoch.
        unknown_rate: rate at which tokens are replaced by the unknown token.
        seed: of every random draw.
        always: number of reviews, from the first, that are in every epoch; all if None. Of the others, each half is in
            every second epoch.
    """

    def __init__(
        self,
        reviews: Sequence[Ids],
        targets: npt.NDArray[np.float32],
        *,
        batch_size: int,
        length: int,
        unknown_rate: float,
        seed: int,
        always: int | None = None,
    ) -> None:
        self._reviews, self._targets = reviews, targets
        self._batch_size, self._length = batch_size, length
        self._unknown_rate, self._seed = unknown_rate, seed
        always = len(reviews) if always is None else always
        self._always, self._half = np.arange(always), (len(reviews) - always) // 2
        self._in_turn = always + np.random.default_rng(seed).permutation(len(reviews) - always)

    def __len__(self) -> int:
        """Returns the number of steps in an epoch."""
        return -(-(len(self._always) + self._half) // self._batch_size)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Returns the batches of one epoch: ids <int32>[batch, time] and targets <float32>[batch, 1]."""
        rng = np.random.default_rng([self._seed, number])
        turn = self._half * (number % 2)
        members = np.concatenate([self._always, self._in_turn[turn : turn + self._half]])
        order = members[rng.permutation(len(members))]
        crops = [_crop(self._reviews[i], self._length, rng) for i in order]
        yield from _batches(crops, self._targets[order], self._batch_size, self._unknown_rate, rng)


class Mixture:
    """Examples that are drawn from several sources at given rates.

    Args:
        sources: functions that draw an example, with their rates; the rates add up to 1.
        examples: number of examples in an epoch.
        batch_size: examples in a batch.
        length: maximum number of tokens; a longer example is cropped at random.
        unknown_rate: rate at which tokens are replaced by the unknown token.
        seed: of every random draw.
    """

    def __init__(
        self,
        sources: Sequence[tuple[Source, float]],
        *,
        examples: int,
        batch_size: int,
        length: int,
        unknown_rate: float,
        seed: int,
    ) -> None:
        self._sources, self._rates = zip(*sources, strict=True)
        self._examples, self._batch_size, self._length = examples, batch_size, length
        self._unknown_rate, self._seed = unknown_rate, seed

    def __len__(self) -> int:
        """Returns the number of steps in an epoch."""
        return -(-self._examples // self._batch_size)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Returns the batches of one epoch: ids <int32>[batch, time] and targets <float32>[batch, 1]."""
        rng = np.random.default_rng([self._seed, number])
        chosen = rng.choice(len(self._sources), self._examples, p=self._rates)
        pool = _POOL * self._batch_size
        for start in range(0, len(chosen), pool):  # drawn pool by pool, so that the first step does not wait for all
            drawn = [self._sources[place](rng) for place in chosen[start : start + pool]]
            crops = [_crop(ids, self._length, rng) for ids, _ in drawn]
            targets = np.array([target for _, target in drawn], np.float32)
            yield from _batches(crops, targets, self._batch_size, self._unknown_rate, rng)


def _crop(review: Ids, length: int, rng: np.random.Generator) -> Ids:
    """Returns ``length`` consecutive tokens of a review, or all of a shorter one."""
    surplus = len(review) - length
    start = int(rng.integers(surplus + 1)) if surplus > 0 else 0
    return review[start : start + length]


def _batches(
    crops: Sequence[Ids], targets: npt.NDArray[np.float32], size: int, unknown_rate: float, rng: np.random.Generator
) -> Iterator[Batch]:
    """Returns batches of crops of similar length, in random order, with some tokens unknown."""
    for chosen in _shuffled(np.array([len(crop) for crop in crops]), size, rng):
        ids = pad([crops[i] for i in chosen])
        if unknown_rate:
            ids[(rng.random(ids.shape) < unknown_rate) & (ids != PAD)] = UNK
        yield ids, targets[chosen, None]


def _shuffled(lengths: npt.NDArray[np.intp], size: int, rng: np.random.Generator) -> list[npt.NDArray[np.intp]]:
    """Returns the indices in each batch: reviews of similar length together, the batches in random order."""
    batches: list[npt.NDArray[np.intp]] = []
    for start in range(0, len(lengths), _POOL * size):
        pool = start + np.argsort(lengths[start : start + _POOL * size], kind="stable")
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    return [batches[i] for i in rng.permutation(len(batches))]


class ScoringBatches:
    """Labelled reviews in order of length, for validation."""

    def __init__(self, reviews: Sequence[Ids], labels: npt.NDArray[np.float32], *, batch_size: int = 128) -> None:
        order = np.argsort([len(review) for review in reviews], kind="stable")
        self._batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
        self._reviews, self._labels = reviews, labels

    def __iter__(self) -> Iterator[Batch]:
        """Returns ids <int32>[batch, time] and labels <float32>[batch, 1]."""
        for chosen in self._batches:
            yield pad([self._reviews[i] for i in chosen]), self._labels[chosen, None]

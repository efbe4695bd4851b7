"""Training batches: reviews of like length together, in an order that depends on seed and epoch alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from sentiment.model.batching import pad
from sentiment.text.vocabulary import PAD, UNK

_CROP_SENTENCES = 3  # in a crop at most
_CROP_TOKENS = 60  # likewise
_POOL = 50  # batches' worth of shuffled reviews that are sorted by length before they are cut into batches

Ids = npt.NDArray[np.int32]
Batch = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]


class TrainingBatches:
    """Reviews with the target of each, shuffled again in each epoch.

    All is drawn from seed and epoch: a run that is broken off and resumed at epoch n sees what the unbroken run sees.

    Args:
        reviews: <int32>[tokens] a review.
        targets: <float32>[reviews]
        batch_size: reviews and crops in a batch.
        length: tokens; a longer review shows another stretch of that length each epoch.
        unknown_rate: share of all tokens that are hidden as unknown.
        seed: of everything drawn.
        crop_rate: how many crops are shown besides, as a multiple of the reviews in every epoch, of which they are:
            one to three sentences, 60 tokens at most, so that short texts are no strangers. A review without the end
            of a sentence shows its first 60.
        sentence_ends: ids of the tokens that end a sentence.
        always: how many reviews, the first, are in every epoch, all where None; the others take turns, half an epoch.
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
        crop_rate: float = 0.0,
        sentence_ends: Sequence[int] = (),
        always: int | None = None,
    ) -> None:
        self._reviews, self._targets = reviews, targets
        self._batch_size, self._length = batch_size, length
        self._unknown_rate, self._sentence_ends, self._seed = unknown_rate, sentence_ends, seed
        always = len(reviews) if always is None else always
        self._always, self._half = np.arange(always), (len(reviews) - always) // 2
        self._crops = round(crop_rate * always)
        self._in_turn = always + np.random.default_rng(seed).permutation(len(reviews) - always)

    def __len__(self) -> int:
        """Steps in an epoch."""
        return -(-(len(self._always) + self._half + self._crops) // self._batch_size)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch: ids <int32>[batch, time] and targets <float32>[batch, 1]."""
        rng = np.random.default_rng([self._seed, number])
        turn = self._half * (number % 2)
        members = np.concatenate([self._always, self._in_turn[turn : turn + self._half]])
        cropped = rng.integers(len(self._always), size=self._crops)
        places = rng.permutation(len(members) + self._crops)
        order = np.concatenate([members, cropped])[places]
        whole = places < len(members)
        stretches = [
            self._stretch(self._reviews[i], rng) if is_whole else crop(self._reviews[i], self._sentence_ends, rng)
            for i, is_whole in zip(order, whole, strict=True)
        ]
        for chosen in self._shuffled(np.array([len(stretch) for stretch in stretches]), rng):
            ids = pad([stretches[i] for i in chosen])
            if self._unknown_rate:
                ids[(rng.random(ids.shape) < self._unknown_rate) & (ids != PAD)] = UNK
            yield ids, self._targets[order[chosen], None]

    def _stretch(self, review: Ids, rng: np.random.Generator) -> Ids:
        surplus = len(review) - self._length
        start = int(rng.integers(surplus + 1)) if surplus > 0 else 0
        return review[start : start + self._length]

    def _shuffled(self, lengths: npt.NDArray[np.intp], rng: np.random.Generator) -> list[npt.NDArray[np.intp]]:
        """The places of reviews of like length in a batch, the batches in any order."""
        size = self._batch_size
        batches: list[npt.NDArray[np.intp]] = []
        for start in range(0, len(lengths), _POOL * size):
            pool = start + np.argsort(lengths[start : start + _POOL * size], kind="stable")
            batches += [pool[i : i + size] for i in range(0, len(pool), size)]
        return [batches[i] for i in rng.permutation(len(batches))]


def crop(review: Ids, sentence_ends: Sequence[int], rng: np.random.Generator) -> Ids:
    """One to three sentences of a review from a random one on, fewer where it ends before, 60 tokens at most."""
    ends = np.flatnonzero(np.isin(review[:-1], sentence_ends) & ~np.isin(review[1:], sentence_ends)) + 1
    bounds = [0, *ends.tolist(), len(review)]
    first = int(rng.integers(len(bounds) - 1))
    last = min(first + int(rng.integers(1, _CROP_SENTENCES + 1)), len(bounds) - 1)
    return review[bounds[first] : min(bounds[last], bounds[first] + _CROP_TOKENS)]


class ScoringBatches:
    """Labelled reviews in order of length, for validation."""

    def __init__(self, reviews: Sequence[Ids], labels: npt.NDArray[np.float32], *, batch_size: int = 128) -> None:
        order = np.argsort([len(review) for review in reviews], kind="stable")
        self._batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
        self._reviews, self._labels = reviews, labels

    def __iter__(self) -> Iterator[Batch]:
        """Ids <int32>[batch, time] and labels <float32>[batch, 1]."""
        for chosen in self._batches:
            yield pad([self._reviews[i] for i in chosen]), self._labels[chosen, None]

"""Pads and batches encoded reviews of different lengths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sentiment.text.vocabulary import PAD


def pad(reviews: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.int32]:
    """Returns the reviews as <int32>[batch, longest], left-aligned, with ``PAD`` after their ends."""
    padded = np.full((len(reviews), max(map(len, reviews))), PAD, np.int32)
    for row, review in zip(padded, reviews, strict=True):
        row[: len(review)] = review
    return padded


def batches_by_length(lengths: Sequence[int] | npt.NDArray[np.intp], tokens: int) -> list[npt.NDArray[np.intp]]:
    """Returns batches of indices, with reviews of similar length and at most ``tokens`` per batch, including padding.

    A longer review is a batch of its own.
    """
    order = np.argsort(lengths, kind="stable")
    batches, start = [], 0
    for end in range(1, len(order) + 1):
        if end == len(order) or (end - start + 1) * lengths[order[end]] > tokens:
            batches.append(order[start:end])
            start = end
    return batches

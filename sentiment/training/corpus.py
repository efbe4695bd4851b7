"""Tokenizes training texts once, before the vocabulary is known, and encodes them afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from sentiment.text.reading import LATEST, READINGS
from sentiment.text.vocabulary import Vocabulary

_READING = READINGS[LATEST]
_UNREAD = -1  # in place of the id of a token that is dropped


class Corpus:
    """Numbers distinct words in the order of their first appearance."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def read(self, texts: Iterable[str]) -> list[npt.NDArray[np.int32]]:
        """Tokenizes texts; returns the number of each word, <int32>[tokens] for each text."""
        numbers = self._numbers
        return [
            np.array([numbers.setdefault(word, len(numbers)) for word in _READING.words(text)], np.int32)
            for text in texts
        ]

    def counts(self, texts: Iterable[npt.NDArray[np.int32]]) -> Counter[str]:
        """Returns the number of occurrences of each word in texts that were read."""
        totals = np.bincount(np.concatenate(list(texts)), minlength=len(self._numbers))
        return Counter({word: total for word, total in zip(self._numbers, totals.tolist(), strict=True) if total})

    def encode(self, texts: Iterable[npt.NDArray[np.int32]], vocabulary: Vocabulary) -> list[npt.NDArray[np.int32]]:
        """Returns the ids of texts that were read, <int32>[tokens] for each, not truncated."""
        forms = map(_READING.forms(vocabulary), self._numbers)
        ids = np.array([_UNREAD if form is None else vocabulary.id(form) for form in forms], np.int32)
        return [found[found != _UNREAD] for found in (ids[numbers] for numbers in texts)]

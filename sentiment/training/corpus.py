"""Training texts on their way to a vocabulary: each is tokenized once, before it is known which tokens get an id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from sentiment.text.tokenizer import token_texts
from sentiment.text.vocabulary import Vocabulary, normal_form


class Corpus:
    """Numbers distinct tokens in the order of their first appearance."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def read(self, texts: Iterable[str]) -> list[npt.NDArray[np.int32]]:
        """<int32>[tokens] for each text, the number of each token."""
        numbers = self._numbers
        return [
            np.array([numbers.setdefault(token, len(numbers)) for token in token_texts(text)], np.int32)
            for text in texts
        ]

    def counts(self, texts: Iterable[npt.NDArray[np.int32]]) -> Counter[str]:
        """How often each normal form occurs in texts that were read."""
        totals = np.bincount(np.concatenate(list(texts)), minlength=len(self._numbers))
        counts: Counter[str] = Counter()
        for token, total in zip(self._numbers, totals.tolist(), strict=True):
            if total:
                counts[normal_form(token)] += total
        return counts

    def encode(self, texts: Iterable[npt.NDArray[np.int32]], vocabulary: Vocabulary) -> list[npt.NDArray[np.int32]]:
        """The ids of texts that were read, uncut; the same that ``Vocabulary.encode`` gives."""
        ids = np.array([vocabulary.id(token) for token in self._numbers], np.int32)
        return [ids[numbers] for numbers in texts]

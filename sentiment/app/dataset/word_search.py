"""The words of a run: how often each stands in positive and in negative reviews, its lean, its neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment.artifacts import Run
from sentiment.dataset.summary import log_odds
from sentiment.model.weights import read_onnx
from sentiment.text.vocabulary import UNK, Vocabulary

_FIRST = UNK + 1  # the id of the first token


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Everything a search for a word needs.

    Attributes:
        vocabulary: the run's.
        counts: a row a token, in the vocabulary's order: ``token``, ``positive``, ``negative``, ``log_odds``, ``z``.
        directions: <float32>[tokens, embedding], the model's embeddings at unit length.
    """

    vocabulary: Vocabulary
    counts: pd.DataFrame
    directions: npt.NDArray[np.float32]

    @classmethod
    def load(cls, run: Run, counts: pd.DataFrame) -> Words:
        """Reads vocabulary and embeddings of a run; ``counts`` is its ``word_counts.parquet``."""
        embedding = read_onnx(run.file("model.onnx")).embedding[_FIRST:].astype(np.float32)
        lengths = np.linalg.norm(embedding, axis=1, keepdims=True)
        vocabulary = Vocabulary.read(run.file("vocabulary.txt"))
        return cls(vocabulary, counts.assign(**log_odds(counts)), embedding / np.maximum(lengths, 1e-12))

    def find(self, word: str) -> int | None:
        """The row of a word in any case; None if the model does not know it."""
        id = self.vocabulary.id(word.strip())
        return None if id == UNK else id - _FIRST

    def neighbours(self, row: int, count: int = 12) -> pd.DataFrame:
        """The tokens whose embeddings point most nearly the same way: columns of ``counts`` and ``cosine``."""
        cosine = self.directions @ self.directions[row]
        cosine[row] = -np.inf
        nearest = np.argsort(-cosine, kind="stable")[:count]
        return self.counts.iloc[nearest].assign(cosine=cosine[nearest])

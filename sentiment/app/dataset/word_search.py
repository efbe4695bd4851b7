"""Words of a run: counts in positive and negative reviews, log-odds, and nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment.artifacts import Run
from sentiment.dataset.summary import log_odds
from sentiment.model.weights import read_onnx
from sentiment.text.vocabulary import UNK, Vocabulary

_FIRST = UNK + 1  # the id of the first token in the vocabulary


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The data behind the word search.

    Attributes:
        vocabulary: the run's vocabulary.
        counts: a row for each token, in the vocabulary's order: ``token``, ``positive``, ``negative``, ``log_odds``,
            ``z``.
        directions: <float32>[tokens, embedding], the model's embeddings at unit length.
    """

    vocabulary: Vocabulary
    counts: pd.DataFrame
    directions: npt.NDArray[np.float32]

    @classmethod
    def load(cls, run: Run, counts: pd.DataFrame) -> Words:
        """Reads the vocabulary and embeddings of a run; ``counts`` is its ``word_counts.parquet``.

        Raises:
            ArtifactError: a file of the run is missing or damaged.
        """
        embedding = read_onnx(run.file("model.onnx")).embedding[_FIRST:].astype(np.float32)
        lengths = np.linalg.norm(embedding, axis=1, keepdims=True)
        vocabulary = Vocabulary.read(run.file("vocabulary.txt"))
        return cls(vocabulary, counts.assign(**log_odds(counts)), embedding / np.maximum(lengths, 1e-12))

    def find(self, word: str) -> int | None:
        """Returns the row of a word, whatever its case; None if the model does not know it."""
        found = self.vocabulary.id(word.strip())
        return None if found == UNK else found - _FIRST

    def neighbours(self, row: int, count: int = 12) -> pd.DataFrame:
        """Returns the ``count`` tokens with the most similar embeddings: the columns of ``counts``, and ``cosine``."""
        cosine = self.directions @ self.directions[row]
        cosine[row] = -np.inf
        nearest = np.argsort(-cosine, kind="stable")[:count]
        return self.counts.iloc[nearest].assign(cosine=cosine[nearest])

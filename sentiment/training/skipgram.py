"""Initial embeddings: skip-gram with negative sampling on all training texts (Mikolov et al. 2013)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from sentiment.text.vocabulary import PAD, UNK

_EPOCHS = 3
_WINDOW = 5
_NEGATIVE = 5
_SAMPLE = 1e-4  # threshold of the subsampling of frequent words (section 2.3)


class _Sentences:
    """Reviews in the form that gensim expects: repeatedly iterable, with ids as strings."""

    def __init__(self, reviews: Sequence[npt.NDArray[np.int32]]) -> None:
        self._reviews = reviews

    def __iter__(self) -> Iterator[list[str]]:
        for review in self._reviews:
            yield list(map(str, review[review != UNK].tolist()))


def skipgram(
    reviews: Sequence[npt.NDArray[np.int32]], vocabulary_size: int, size: int, seed: int
) -> npt.NDArray[np.float32]:
    """Trains embeddings with one worker, so that they depend only on the seed.

    Args:
        reviews: <int32>[tokens] for each encoded review.
        vocabulary_size: number of ids.
        size: of an embedding.
        seed: of the training.

    Returns:
        <float32>[vocabulary_size, size]. PAD is zero, and the unknown token is the mean of all others.
    """
    from gensim.models import Word2Vec

    model = Word2Vec(
        _Sentences(reviews),
        vector_size=size,
        window=_WINDOW,
        sg=1,
        negative=_NEGATIVE,
        sample=_SAMPLE,
        min_count=1,
        epochs=_EPOCHS,
        workers=1,
        seed=seed,
        hashfxn=int,  # the built-in hash of a string differs from process to process
    )
    known = model.wv.index_to_key
    embedding = np.zeros((vocabulary_size, size), np.float32)
    embedding[list(map(int, known))] = model.wv.vectors
    embedding[UNK] = model.wv.vectors.mean(0)
    embedding[PAD] = 0
    return embedding

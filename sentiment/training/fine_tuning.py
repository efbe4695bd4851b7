"""Fine-tunes all weights of a run, the start, on a user's own labels, with two measures against forgetting.

The vocabulary is extended by words of the user's texts, whose embeddings are initially that of the unknown word. After
every step the weights are pulled towards those of the start (L2-SP, Li, Grandvalet & Davoine 2018, decoupled from the
gradient as in AdamW). Texts for rehearsal have the start's own predictions as targets (Li & Hoiem 2016).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sentiment.artifacts import Run
from sentiment.evaluation.metrics import sigmoid
from sentiment.model.weights import Weights
from sentiment.text.vocabulary import UNK, Vocabulary
from sentiment.training.corpus import Corpus
from sentiment.training.examples import Examples
from sentiment.training.teachers import run_logits


def grown_vocabulary(known: Vocabulary, counts: Counter[str], *, max_size: int, min_count: int) -> Vocabulary:
    """Returns a vocabulary extended by new tokens that are frequent enough.

    Args:
        known: the present vocabulary, whose ids stay the same.
        counts: occurrences of each token in the user's texts.
        max_size: maximum number of tokens.
        min_count: minimum number of occurrences of a new token.
    """
    more = Counter({token: count for token, count in counts.items() if token not in known})
    room = max(max_size - len(known.tokens), 0)
    return Vocabulary([*known.tokens, *Vocabulary.from_counts(more, max_size=room, min_count=min_count).tokens])


def grown_weights(weights: Weights, vocabulary: Vocabulary) -> Weights:
    """Returns the weights with an embedding for each new token, a copy of that of the unknown token."""
    more = np.repeat(weights.embedding[UNK : UNK + 1], len(vocabulary) - len(weights.embedding), axis=0)
    return replace(weights, embedding=np.concatenate([weights.embedding, more]))


def rehearsed(start: Run, texts: Sequence[str], vocabulary: Vocabulary, max_length: int) -> Examples:
    """Returns texts, encoded by ``vocabulary``, with the start's own predictions as targets.

    Raises:
        ArtifactError: the start cannot be used.
    """
    corpus, old = Corpus(), Vocabulary.read(start.file("vocabulary.txt"))
    read = [numbers for numbers in corpus.read(texts) if len(numbers)]
    pairs = zip(corpus.encode(read, vocabulary), corpus.encode(read, old), strict=True)
    filled: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]] = [pair for pair in pairs if len(pair[1])]
    logits = run_logits(start, [ids[:max_length] for _, ids in filled])
    return Examples([ids[:max_length] for ids, _ in filled], sigmoid(logits).astype(np.float32))

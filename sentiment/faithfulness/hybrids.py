"""Hybrid documents: sentences of a positive and a negative review, mixed (Poerner et al. 2018, section 4.1).

Whichever label the model predicts, the token that contributes most to it should come from a review of that label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sentiment.faithfulness.methods import Floats, Ids

SENTENCES = 5  # at most, from each review


@dataclass(frozen=True, slots=True, eq=False)
class Hybrid:
    """A hybrid document.

    Attributes:
        ids: <int32>[length], the encoded document.
        positive: <bool>[length], whether a token comes from the positive review.
    """

    ids: Ids
    positive: npt.NDArray[np.bool_]


def join(positive: Sequence[Ids], negative: Sequence[Ids], rng: np.random.Generator) -> Hybrid:
    """Mixes the first sentences of two reviews, equally many of each, in random order."""
    count = min(SENTENCES, len(positive), len(negative))
    sentences = [(ids, True) for ids in positive[:count]] + [(ids, False) for ids in negative[:count]]
    drawn = [sentences[place] for place in rng.permutation(len(sentences))]
    sides = [np.full(len(ids), side) for ids, side in drawn]
    return Hybrid(np.concatenate([ids for ids, _ in drawn]), np.concatenate(sides))


def hits(
    hybrids: Sequence[Hybrid], scores: Floats, values: Sequence[Floats], boundary: float = 0.0
) -> npt.NDArray[np.bool_]:
    """Returns whether the token that contributes most to the predicted label comes from that side, <bool>[hybrids].

    Args:
        hybrids: the documents.
        scores: <float>[hybrids], their logits.
        values: <float>[length] for each document, a method's contributions.
        boundary: the lowest logit with the label "positive".
    """
    return np.array(
        [
            hybrid.positive[np.argmax(value if score >= boundary else -value)] == (score >= boundary)
            for hybrid, score, value in zip(hybrids, scores, values, strict=True)
        ]
    )

"""Documents of two minds: sentences of a positive and of a negative review in one (Poerner et al. 2018, section 4.1).

Whichever way the model decides, the token that speaks most for it should stand in a sentence of that side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sentiment.faithfulness.methods import Floats, Ids

SENTENCES = 5  # taken of each review at most


@dataclass(frozen=True, slots=True, eq=False)
class Hybrid:
    """One such document.

    Attributes:
        ids: <int32>[length]
        positive: <bool>[length], whether a token comes from the positive review.
    """

    ids: Ids
    positive: npt.NDArray[np.bool_]


def join(positive: Sequence[Ids], negative: Sequence[Ids], rng: np.random.Generator) -> Hybrid:
    """The first sentences of two reviews, as many of one as of the other, in random order."""
    count = min(SENTENCES, len(positive), len(negative))
    sentences = [(ids, True) for ids in positive[:count]] + [(ids, False) for ids in negative[:count]]
    drawn = [sentences[place] for place in rng.permutation(len(sentences))]
    sides = [np.full(len(ids), side) for ids, side in drawn]
    return Hybrid(np.concatenate([ids for ids, _ in drawn]), np.concatenate(sides))


def hits(hybrids: Sequence[Hybrid], scores: Floats, values: Sequence[Floats]) -> npt.NDArray[np.bool_]:
    """<bool>[hybrids], whether the token that speaks most for the verdict comes from that side."""
    return np.array(
        [
            hybrid.positive[np.argmax(value if score >= 0 else -value)] == (score >= 0)
            for hybrid, score, value in zip(hybrids, scores, values, strict=True)
        ]
    )

"""Planted shortcuts: a model that is known to decide by certain tokens, and whether a method finds them.

After Bastings et al. 2022, "Will You Find These Shortcuts?": half the training texts get a shortcut that decides
their label; the other half keep theirs and hold parts of the shortcut, which alone mean nothing. A model that has
learned this looks for the shortcut, so the tokens that matter are known. *Precision at k* is the share of shortcut
tokens among the k a method ranks first, k being how many the shortcut has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sentiment.faithfulness.methods import Floats, Ids
from sentiment.text.vocabulary import UNK

Kind = Literal["rare token", "token in context", "ordered pair", "context on either side"]

KINDS: tuple[Kind, ...] = ("rare token", "token in context", "ordered pair", "context on either side")
VOCABULARY = 2_000  # ids kept of the texts; the shortcut's own three come after them
SIZE = VOCABULARY + 3
LONGEST = 42  # tokens of a text, the shortcut included
_STRETCH = (20, 40)  # tokens of a text without it
_POSITIVE, _NEGATIVE, _CONTEXT = range(VOCABULARY, SIZE)


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """Texts with a shortcut.

    Attributes:
        reviews: <int32>[length] a text, ids below ``SIZE``.
        labels: <int8>[texts]
        places: of each text's shortcut; none where it has only a part that means nothing.
    """

    reviews: list[Ids]
    labels: npt.NDArray[np.int8]
    places: list[npt.NDArray[np.intp]]


def plant(
    kind: Kind,
    reviews: Sequence[Ids],
    labels: npt.NDArray[np.int8],
    rng: np.random.Generator,
    *,
    most_hidden: float = 0.0,
) -> Planted:
    """A stretch of each review, with a shortcut in every other one and a meaningless part of it in the rest.

    Args:
        kind: of shortcut. A token in context counts only after another one; on either side, also before it.
        reviews: encoded.
        labels: <int8>[reviews]
        rng: what is drawn from.
        most_hidden: share of a text's own tokens, from 0 to this, that become unknown words.
    """
    texts, new_labels, places = [], labels.copy(), []
    for number, review in enumerate(reviews):
        text = _stretch(review, most_hidden, rng)
        decides = number % 2 == 0
        if decides:
            new_labels[number] = rng.integers(2)
        tokens = _shortcut(kind, bool(new_labels[number]), rng) if decides else _part(kind, rng)
        spots = np.sort(rng.choice(len(text) + 1, len(tokens), replace=False))
        texts.append(np.insert(text, spots, tokens).astype(np.int32))
        places.append(spots + np.arange(len(tokens)) if decides else np.array([], np.intp))
    return Planted(texts, new_labels, places)


def precision(logits: Floats, values: Sequence[Floats], places: Sequence[npt.NDArray[np.intp]]) -> float:
    """Precision at k over texts with a shortcut, tokens ranked by what they add to the verdict."""
    found = []
    for logit, value, planted in zip(logits, values, places, strict=True):
        top = np.argsort(-value if logit >= 0 else value, kind="stable")[: len(planted)]
        found.append(np.isin(top, planted).mean())
    return float(np.mean(found))


def _stretch(review: Ids, most_hidden: float, rng: np.random.Generator) -> Ids:
    length = min(len(review), int(rng.integers(*_STRETCH, endpoint=True)))
    start = int(rng.integers(len(review) - length + 1))
    text = review[start : start + length]
    hidden = rng.random(length) < rng.uniform(0, most_hidden)
    return np.where((text < VOCABULARY) & ~hidden, text, np.int32(UNK))


def _shortcut(kind: Kind, positive: bool, rng: np.random.Generator) -> list[int]:
    """The tokens that decide, in the order in which they stand."""
    decisive = _POSITIVE if positive else _NEGATIVE
    if kind == "rare token":
        return [decisive]
    if kind == "token in context":
        return [_CONTEXT, decisive]
    if kind == "ordered pair":
        return [_POSITIVE, _NEGATIVE] if positive else [_NEGATIVE, _POSITIVE]
    return rng.permutation([_CONTEXT, decisive]).tolist()


def _part(kind: Kind, rng: np.random.Generator) -> list[int]:
    """Tokens of the shortcut that mean nothing by themselves."""
    if kind == "rare token":
        return []
    one = int(rng.choice([_POSITIVE, _NEGATIVE]))
    alone = [one] if kind == "ordered pair" or rng.integers(2) else [_CONTEXT]
    return alone * int(rng.integers(1, 3))

"""Plants shortcuts in training texts, and measures whether a method finds them.

This follows Bastings et al. 2022, "Will You Find These Shortcuts?". Half of the training texts get a shortcut that
determines their label. The other half keep their label and contain parts of the shortcut, which alone mean nothing. A
model trained on these texts relies on the shortcut, so the important tokens are known. *Precision at k* is the share of
shortcut tokens among the k tokens that a method ranks first, for a shortcut of k tokens.
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
VOCABULARY = 2_000  # ids kept from the texts; the three ids of the shortcut follow
SIZE = VOCABULARY + 3
LONGEST = 42  # tokens of a text, including the shortcut
_EXCERPT = (20, 40)  # tokens of a text without the shortcut
_POSITIVE, _NEGATIVE, _CONTEXT = range(VOCABULARY, SIZE)


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """Texts with planted shortcuts.

    Attributes:
        reviews: <int32>[length] for each text, ids below ``SIZE``.
        labels: <int8>[texts], 1 positive, 0 negative.
        places: <intp>[tokens] for each text, indices of its shortcut; empty if it has only a part of one.
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
    """Takes an excerpt of each review, and plants a shortcut in every other one and a part of one in the rest.

    Args:
        kind: the kind of shortcut. A "token in context" counts only after another token, and with "context on either
            side" also before it.
        reviews: <int32>[length] for each encoded review.
        labels: <int8>[reviews], 1 positive, 0 negative.
        rng: the source of randomness.
        most_hidden: the maximum share of an excerpt's tokens that become unknown words.
    """
    texts, new_labels, places = [], labels.copy(), []
    for number, review in enumerate(reviews):
        text = _excerpt(review, most_hidden, rng)
        decides = number % 2 == 0
        if decides:
            new_labels[number] = rng.integers(2)
        tokens = _shortcut(kind, bool(new_labels[number]), rng) if decides else _part(kind, rng)
        spots = np.sort(rng.choice(len(text) + 1, len(tokens), replace=False))
        texts.append(np.insert(text, spots, tokens).astype(np.int32))
        places.append(spots + np.arange(len(tokens)) if decides else np.array([], np.intp))
    return Planted(texts, new_labels, places)


def precision(logits: Floats, values: Sequence[Floats], places: Sequence[npt.NDArray[np.intp]]) -> float:
    """Returns the mean precision at k over texts with a shortcut.

    Tokens are ranked by contribution to the predicted label.

    Args:
        logits: <float>[texts].
        values: <float>[length] for each text, a method's contributions.
        places: <intp>[k] for each text, the indices of its shortcut.
    """
    found = []
    for logit, value, planted in zip(logits, values, places, strict=True):
        top = np.argsort(-value if logit >= 0 else value, kind="stable")[: len(planted)]
        found.append(np.isin(top, planted).mean())
    return float(np.mean(found))


def _excerpt(review: Ids, most_hidden: float, rng: np.random.Generator) -> Ids:
    length = min(len(review), int(rng.integers(*_EXCERPT, endpoint=True)))
    start = int(rng.integers(len(review) - length + 1))
    text = review[start : start + length]
    hidden = rng.random(length) < rng.uniform(0, most_hidden)
    return np.where((text < VOCABULARY) & ~hidden, text, np.int32(UNK))


def _shortcut(kind: Kind, positive: bool, rng: np.random.Generator) -> list[int]:
    """Returns the tokens of a shortcut in text order."""
    decisive = _POSITIVE if positive else _NEGATIVE
    if kind == "rare token":
        return [decisive]
    if kind == "token in context":
        return [_CONTEXT, decisive]
    if kind == "ordered pair":
        return [_POSITIVE, _NEGATIVE] if positive else [_NEGATIVE, _POSITIVE]
    return rng.permutation([_CONTEXT, decisive]).tolist()


def _part(kind: Kind, rng: np.random.Generator) -> list[int]:
    """Returns a part of a shortcut, which does not determine the label."""
    if kind == "rare token":
        return []
    one = int(rng.choice([_POSITIVE, _NEGATIVE]))
    alone = [one] if kind == "ordered pair" or rng.integers(2) else [_CONTEXT]
    return alone * int(rng.integers(1, 3))

"""Generates short texts whose words alone suggest the wrong label or none: "can't go wrong", "won't be back".

They follow the templates (forms) of ``sayings.toml``. The blanks of a form are filled from lists in that file and from
the reviews: positive and negative adjectives, alone and with a noun, and short sentences that an earlier model
predicts with confidence.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from sentiment.text.reading import LATEST, READINGS
from sentiment.text.vocabulary import UNK, Vocabulary
from sentiment.training.clauses import opinions, things
from sentiment.training.counterfactuals import as_texts, indefinite_article
from sentiment.training.examples import Examples

Ids = npt.NDArray[np.int32]
_Form = list[list[int] | str]  # pieces: the ids of literal text, or the name of a blank
_Choice = TypeVar("_Choice")
Fillings = Mapping[str, Sequence[Sequence[int]]]  # the choices for each of BLANKS, in ids

FORMS = Path(__file__).with_name("sayings.toml")
BLANKS = {  # blanks that are filled from the reviews
    "p": "a positive adjective",
    "n": "a negative adjective",
    "pn": "a positive adjective and a noun",
    "nn": "a negative adjective and a noun",
    "P": "a positive sentence",
    "N": "a negative sentence",
}

SIDED = {  # blanks of forms for both labels -> what fills them in a negative text, and in a positive one
    "Y": ("negative", "positive"),
    "X": ("positive", "negative"),
    "y": ("blame", "praise"),
    "x": ("praise", "blame"),
    "yn": ("nn", "pn"),
    "xn": ("pn", "nn"),
}

_BLANK = re.compile(r"{(\w+)}")
_ENDS = (".", "!", "?", "...")
_NO_SENTENCE = ('"', "(", ")", "[", "]", "*", ":", ";", "but", "however", "although", "though")
_SHORTEST, _LONGEST = 3, 14  # tokens of a sentence, without its end
_MIN_LOGIT = 2.5  # absolute logit of a sentence
_SENTENCES = 100_000  # maximum number of sentences
_MIN_PAIRS = 5  # occurrences of an adjective before a noun


@dataclass(frozen=True, slots=True)
class _Group:
    """Forms by side (1 positive, -1 negative), the ``weight`` of each form, and the ``target``: P(its side)."""

    forms: Mapping[int, Sequence[_Form]]
    weight: float
    target: float


class Sayings:
    """Draws texts from the forms.

    Args:
        fillings: the choices for ``BLANKS``. Forms with a blank that has none are left out.
        vocabulary: the vocabulary of the ids.
        content: the content of ``sayings.toml``; read from the file if None.
    """

    def __init__(self, fillings: Fillings, vocabulary: Vocabulary, content: str | None = None) -> None:
        table = tomllib.loads(FORMS.read_text(encoding="utf-8") if content is None else content)
        self._vocabulary, self._tokens = vocabulary, ("", "", *vocabulary.tokens)
        self._words = READINGS[LATEST].words
        self._lookup = READINGS[LATEST].forms(vocabulary)
        self._articles = {vocabulary.id(word): word for word in ("a", "an") if word in vocabulary}
        self._blanks: dict[str, list[_Form]] = {
            name: [[list(ids)] for ids in fillings.get(name, ())] for name in BLANKS
        }
        for name, choices in table["blanks"].items():
            self._blanks[name] = [self._pieces(choice) for choice in choices]
        self._drop_unfillable()
        shape = table["shape"]
        self._twice, self._joins = shape["twice"], [self._pieces(join) for join in shape["joins"]]
        self._ended, self._ends = shape["ended"], [self._pieces(end) for end in shape["ends"]]
        self._opened, self._openers = shape["opened"], [self._pieces(opener) for opener in shape["openers"]]
        groups = [self._group(each) for each in table["groups"]]
        self._sides = {side: [group for group in groups if group.forms[side]] for side in (1, -1)}

    def __bool__(self) -> bool:
        """Returns whether each side has a form."""
        return all(self._sides.values())

    def __call__(self, rng: np.random.Generator) -> tuple[Ids, float]:
        """Returns the ids of a text, <int32>[tokens], and its target, the probability of "positive"."""
        side = 1 if rng.random() < 0.5 else -1
        ids: list[int] = []
        if rng.random() < self._opened:
            ids += self._written(_one(self._openers, rng), rng)
        target = self._say(side, ids, rng)
        if rng.random() < self._twice:
            ids += self._written(_one(self._joins, rng), rng)
            target = (target + self._say(side, ids, rng)) / 2
        if rng.random() < self._ended:
            ids += self._written(_one(self._ends, rng), rng)
        return np.array(ids, np.int32), target if side > 0 else 1 - target

    def _say(self, side: int, ids: list[int], rng: np.random.Generator) -> float:
        """Appends a saying of a side to ``ids``; returns the target, the probability that it is of this side."""
        groups = self._sides[side]
        weights = np.array([group.weight * len(group.forms[side]) for group in groups])
        group = groups[int(rng.choice(len(groups), p=weights / weights.sum()))]
        ids += self._written(_one(group.forms[side], rng), rng)
        return group.target

    def _written(self, pieces: _Form, rng: np.random.Generator) -> list[int]:
        """Returns the ids of a form with its blanks filled, and with fitting articles before them."""
        ids: list[int] = []
        for piece in pieces:
            if isinstance(piece, list):
                ids += piece
                continue
            filling = self._written(_one(self._blanks[piece], rng), rng)
            if ids and filling and ids[-1] in self._articles:
                ids[-1] = self._fitting(ids[-1], filling[0])
            ids += filling
        return ids

    def _fitting(self, present: int, following: int) -> int:
        """Returns the id of the article that fits the word after it."""
        token = self._tokens[following]
        wanted = indefinite_article(token) if token else self._articles[present]
        return next((id for id, word in self._articles.items() if word == wanted), present)

    def _group(self, table: Mapping[str, Any]) -> _Group:
        forms = {
            side: [form for form in map(self._pieces, _forms(table, side)) if self._fillable(form)] for side in (1, -1)
        }
        return _Group(forms, table.get("weight", 1.0), table.get("target", 0.95))

    def _pieces(self, form: str) -> _Form:
        """Returns the pieces of a form: ids of literal text, and names of blanks."""
        pieces: _Form = []
        for place, part in enumerate(_BLANK.split(form)):
            if place % 2:
                pieces.append(part)
            else:
                words = (self._lookup(word) for word in self._words(part))
                pieces.append([self._vocabulary.get(word) for word in words if word is not None])
        return pieces

    def _drop_unfillable(self) -> None:
        """Removes choices with a blank that has no choices, until there are none."""
        while True:
            kept = {name: [each for each in every if self._fillable(each)] for name, every in self._blanks.items()}
            if kept == self._blanks:
                return
            self._blanks = kept

    def _fillable(self, pieces: _Form) -> bool:
        return all(self._blanks[piece] for piece in pieces if isinstance(piece, str))


def short_sentences(reviews: Sequence[Ids], vocabulary: Vocabulary, rng: np.random.Generator) -> list[Ids]:
    """Returns distinct short sentences of reviews without unknown words, each without its end mark."""
    ends = [vocabulary.id(token) for token in _ENDS if token in vocabulary]
    excluded = {UNK, *(vocabulary.id(token) for token in _NO_SENTENCE)}
    found: dict[bytes, Ids] = {}
    for review in reviews:
        bounds = np.concatenate([[-1], np.flatnonzero(np.isin(review, ends))])  # text after the last is not used
        lengths = np.diff(bounds) - 1
        for place in np.flatnonzero((lengths >= _SHORTEST) & (lengths <= _LONGEST)):
            sentence = review[bounds[place] + 1 : bounds[place + 1]]
            found[sentence.tobytes()] = sentence
    sentences = [sentence for sentence in found.values() if excluded.isdisjoint(sentence.tolist())]
    if len(sentences) <= _SENTENCES:
        return sentences
    return [sentences[place] for place in rng.choice(len(sentences), _SENTENCES, replace=False).tolist()]


def fillings(
    labelled: Examples, sentences: Sequence[Ids], logits: npt.NDArray[np.float32], vocabulary: Vocabulary
) -> dict[str, list[list[int]]]:
    """Returns the choices for ``BLANKS``.

    Args:
        labelled: reviews from which opinion words are found.
        sentences: sentences of reviews.
        logits: <float32>[sentences], by an earlier model.
        vocabulary: the vocabulary of all ids.
    """
    texts = as_texts(labelled.ids, vocabulary)
    known = opinions(texts, labelled.targets)
    things_said = things(texts, labelled.targets, known)
    nouns = sorted({vocabulary.id(noun) for of_verb in things_said.values() for noun in of_verb})
    filled: dict[str, list[list[int]]] = {}
    for side, adjective, pair, sentence in ((1, "p", "pn", "P"), (-1, "n", "nn", "N")):
        words = [vocabulary.id(word) for word, leaning in known.adjectives.items() if leaning * side > 0]
        filled[adjective] = [[word] for word in words]
        filled[pair] = _pairs(labelled.ids, words, nouns)
        filled[sentence] = [sentences[place].tolist() for place in np.flatnonzero(logits * side > _MIN_LOGIT).tolist()]
    return filled


def _pairs(reviews: Sequence[Ids], adjectives: Sequence[int], nouns: Sequence[int]) -> list[list[int]]:
    """Returns the pairs of an adjective and the noun after it that are frequent enough."""
    counts: Counter[tuple[int, int]] = Counter()
    for review in reviews:
        places = np.flatnonzero(np.isin(review[:-1], adjectives) & np.isin(review[1:], nouns))
        counts.update((int(review[place]), int(review[place + 1])) for place in places)
    return [list(pair) for pair, number in counts.items() if number >= _MIN_PAIRS]


def _forms(table: Mapping[str, Any], side: int) -> list[str]:
    """Returns a group's forms for a side, including those for either side."""

    def sided(blank: re.Match[str]) -> str:
        return f"{{{SIDED[blank[1]][side > 0]}}}" if blank[1] in SIDED else blank[0]

    own = table.get("positive" if side > 0 else "negative", ())
    return [*own, *(_BLANK.sub(sided, form) for form in table.get("either", ()))]


def _one(choices: Sequence[_Choice], rng: np.random.Generator) -> _Choice:
    return choices[int(rng.integers(len(choices)))]

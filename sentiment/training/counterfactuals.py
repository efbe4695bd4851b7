"""Counterfactual clauses: "the acting was great" and, twice as often, "the acting was never great".

Reviews contain "not good" often enough for a network to learn it, but rarely "never boring", and the rest of a review
usually reveals its label. Short positive and negative clauses are therefore extracted from the training reviews, and
shown unchanged, paraphrased and negated, each with its label. Counterfactually augmented data is due to Kaushik et al.
2020, where people edited the texts; here the rules of ``negations.toml`` do.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from sentiment.text.vocabulary import Vocabulary
from sentiment.training.clauses import VERBS, Clause, Opinions, asides, clauses, opinions, things
from sentiment.training.examples import Examples

Ids = npt.NDArray[np.int32]
Way = Literal["same", "opposite"]

FORMS = Path(__file__).with_name("negations.toml")

_UNKNOWN = "<unknown>"  # the unknown token in reviews and forms; no vocabulary contains it

# Targets, the probability of "positive":
_PRAISED, _BLAMED = 0.95, 0.05
_NOT_BLAMED = 0.85  # "not bad" is weaker than praise
_PRAISED_AT_LAST, _BLAMED_AT_LAST = 0.8, 0.2

_NEGATED_RATE = 0.4  # of clauses that are combined with another
_REPLACED_RATE = 0.5  # of nouns and verbs by others, and of built-in asides by those of reviews
_NOUN_RATE = 0.1  # of adjectives that a noun replaces, as in "it was a mess"
_PEOPLE = ("he", "she", "i", "we")  # subjects that are not combined with such a noun
_SINGULAR = ("is", "was")
_NEGATED_DEGREES = ("", "very ", "really ")  # kept under negation; "not so good" is not the opposite of "so good"
_CONSONANT_SOUNDS = ("uni", "use", "usu")  # begin with a vowel in writing, but not in speech


def counterfactuals(labelled: Examples, more: Sequence[Ids], vocabulary: Vocabulary, seed: int) -> Examples:
    """Returns four texts for every clause found: one with its meaning, two with the opposite, one with another clause.

    Args:
        labelled: reviews from which opinion words and clauses are found.
        more: further reviews from which clauses are found, <int32>[tokens] for each.
        vocabulary: the vocabulary of the ids.
        seed: of all draws.
    """
    reviews = as_texts([*labelled.ids, *more], vocabulary)
    known = opinions(reviews[: len(labelled.ids)], labelled.targets)
    nouns = things(reviews, labelled.targets, known)
    writer = Writer(known, asides(reviews, known), nouns, np.random.default_rng(seed))
    made = list(writer.examples([clause for review in reviews for clause in clauses(review, known)]))
    ids = [np.array([vocabulary.id(token) for token in text.split()], np.int32) for text, _ in made]
    return Examples(ids, np.array([target for _, target in made], np.float32))


def as_texts(reviews: Sequence[Ids], vocabulary: Vocabulary) -> list[str]:
    """Returns encoded reviews as texts for ``clauses``: tokens separated by spaces, with a full stop at both ends."""
    tokens = ("", _UNKNOWN, *vocabulary.tokens)
    return [" ".join([".", *(tokens[id] for id in review), ". "]) for review in reviews]


class Writer:
    """Writes clauses in random forms.

    Args:
        known: the opinion words.
        asides: texts that can separate a negation from its scope, in addition to those of ``negations.toml``.
        things: nouns that can replace the noun of a clause, by the verb that follows.
        rng: the source of randomness.
    """

    def __init__(
        self, known: Opinions, asides: Sequence[str], things: Mapping[str, Sequence[str]], rng: np.random.Generator
    ) -> None:
        forms = tomllib.loads(FORMS.read_text(encoding="utf-8"))
        self._pairs = forms.pop("pairs")
        self._filling = forms.pop("filling")
        self._asides = asides
        of_things, of_all = forms["thing"], forms["predicate"]
        forms["thing"] = {way: of_things.get(way, []) + of_all.get(way, []) for way in {**of_things, **of_all}}
        forms["judgement"] = {way: [each for each in of_all[way] if "{opinion" not in each] for way in of_all}
        self._forms = forms
        self._adjectives, self._judgements = (
            {praise: [word for word, leaning in words.items() if (leaning > 0) == praise] for praise in (True, False)}
            for words in (known.adjectives, known.judgements)
        )
        self._things = things
        self._rng = rng

    def examples(self, found: Sequence[Clause]) -> Iterator[tuple[str, float]]:
        """Yields four texts for each clause, with their targets, the probability of "positive"."""
        for place, clause in enumerate(found):
            yield _ended(self.form(clause, "same")), _target(clause, "same")
            opposite = _target(clause, "opposite")
            yield _ended(self.form(clause, "opposite")), opposite
            yield self.form(clause, "opposite"), opposite
            other = (place + int(self._rng.integers(1, max(len(found), 2)))) % len(found)
            yield self._together(found[other], clause)

    def _together(self, first: Clause, last: Clause) -> tuple[str, float]:
        """Returns a text of two clauses and its target; if their labels differ, the last one dominates."""
        (said_first, target_first), (said_last, target) = self._either(first), self._either(last)
        agreeing = (target_first > 0.5) == (target > 0.5)
        text = self._one(self._pairs["agreeing" if agreeing else "differing"]).format(first=said_first, last=said_last)
        if agreeing:
            return text, (target_first + target) / 2
        return text, _PRAISED_AT_LAST if target > 0.5 else _BLAMED_AT_LAST

    def _either(self, clause: Clause) -> tuple[str, float]:
        """Returns a clause with its meaning or the opposite, and its target."""
        way: Way = "opposite" if self._rng.random() < _NEGATED_RATE else "same"
        return self.form(clause, way, within=True), _target(clause, way)

    def form(self, clause: Clause, way: Way, *, within: bool = False) -> str:
        """Returns the clause in a random form; a form for two opinions gets another one of the same label.

        Args:
            clause: the clause.
            way: whether the form has the meaning of the clause, or the opposite.
            within: whether it becomes part of a sentence, so that it must not be a question.
        """
        kind, parts = self._filled(clause, way)
        of_its_side = self._forms[kind].get(f"{way}_of_{'praise' if clause.praise else 'blame'}", [])
        singular = parts.get("copula") in _SINGULAR
        forms = [
            form
            for form in [*self._forms[kind][way], *of_its_side]
            if not (within and "?" in form) and (singular or "{a}" not in form)
        ]
        return self._one(forms).format_map(parts)

    def _filled(self, clause: Clause, way: Way) -> tuple[str, dict[str, str]]:
        """Returns the name of the table of forms, and the values of their placeholders."""
        kind, parts = self._varied(clause)
        parts |= {name: self._one(choices) for name, choices in self._filling.items()}
        if self._asides and self._rng.random() < _REPLACED_RATE:
            parts["between"] = self._one(self._asides)
        if kind == "verb":
            return kind, parts | {"do": VERBS[parts["did"]][0]}
        others = [word for word in self._adjectives[clause.praise] if word != parts["opinion"]]
        parts["opinion2"] = self._one(others) if others else parts["opinion"]
        parts["a"] = indefinite_article(parts["opinion"])
        parts["better"], parts["best"] = ("better", "best") if clause.praise else ("worse", "worst")
        if way == "opposite" and parts["degree"] not in _NEGATED_DEGREES:
            article = f"{parts['a']} " if parts["article"] else ""
            parts["said"] = f"{article}{parts['opinion']}{parts['rest']}"
        return kind, parts

    def _varied(self, clause: Clause) -> tuple[str, dict[str, str]]:
        """Returns a clause's kind and parts, with a random noun or verb, or with "a mess" for "bad"."""
        kind, parts = clause.kind, dict(clause.parts)
        if kind == "verb":
            if self._rng.random() < _REPLACED_RATE:
                parts["did"] = self._one([past for past, (_, praises) in VERBS.items() if praises == clause.praise])
            return kind, parts
        things, judgements = self._things.get(parts["copula"]), self._judgements[clause.praise]
        if kind == "thing" and things and self._rng.random() < _REPLACED_RATE:
            parts["noun"] = self._one(things)
            parts["subject"] = f"{parts['subject'].split()[0]} {parts['noun']}"
        of_person = parts["subject"] in _PEOPLE
        if judgements and parts["copula"] in _SINGULAR and not of_person and self._rng.random() < _NOUN_RATE:
            noun = self._one(judgements)
            return "judgement", parts | {"said": f"{indefinite_article(noun)} {noun}", "degree": ""}
        return kind, parts

    def _one(self, choices: Sequence[str]) -> str:
        return choices[int(self._rng.integers(len(choices)))]


def _target(clause: Clause, way: Way) -> float:
    """Returns the probability of "positive"."""
    if way == "same":
        return _PRAISED if clause.praise else _BLAMED
    return _BLAMED if clause.praise else _NOT_BLAMED


def _ended(text: str) -> str:
    return text if text.endswith("?") else text + " ."


def indefinite_article(word: str) -> str:
    """Returns the indefinite article before a word."""
    return "an" if word[0] in "aeiou" and not word.startswith(_CONSONANT_SOUNDS) else "a"

"""Clauses turned to their opposite: "the acting was great" and, just as often, "the acting was never great".

Reviews say "not good" often enough for a network to learn it, and "never boring" hardly ever; and where they do, the
rest of the review gives its label away. So short clauses that praise or blame are cut out of the training reviews and
shown as they are, in other words, and negated, with what they then say. Learning from texts that differ in what decides
is due to Kaushik et al. 2020, where people changed the texts; here the rules of ``negations.toml`` do.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from sentiment.training.clauses import VERBS, Clause, Opinions, asides, clauses, nouns, opinions
from sentiment.training.fit import Examples
from sentiment.vocabulary import Vocabulary

Ids = npt.NDArray[np.int32]

_UNKNOWN = "<unknown>"  # as it stands in reviews and forms; no vocabulary has it

# The probability of "positive":
_PRAISED, _BLAMED = 0.95, 0.05
_NOT_BLAMED = 0.85  # "not bad" is less than praise
_PRAISED_AT_LAST, _BLAMED_AT_LAST = 0.8, 0.2

_TURNED = 0.4  # how often a clause is turned that stands with another
_REPLACED = 0.5  # how often another noun, or verb, takes the place of a clause's own
_JUDGED = 0.1  # how often a noun says what a clause says, as in "it was a mess"
_PEOPLE = ("he", "she", "i", "we")  # who are not judged by such nouns


def counterfactuals(labelled: Examples, more: Sequence[Ids], vocabulary: Vocabulary, seed: int) -> Examples:
    """Four texts for every clause found: one that says the same, two the opposite, and one with another clause.

    Args:
        labelled: reviews that tell which words praise and blame.
        more: reviews, <int32>[tokens] each, whose clauses are taken, too.
        vocabulary: of their ids.
        seed: of the forms.
    """
    tokens = ("", _UNKNOWN, *vocabulary.tokens)
    reviews = [" ".join([".", *(tokens[id] for id in review), ". "]) for review in (*labelled.ids, *more)]
    known = opinions(reviews[: len(labelled.ids)], labelled.targets)
    writer = Writer(known, asides(reviews, known), nouns(reviews, known), np.random.default_rng(seed))
    made = list(writer.examples([clause for review in reviews for clause in clauses(review, known)]))
    ids = [np.array([vocabulary.id(token) for token in text.split()], np.int32) for text, _ in made]
    return Examples(ids, np.array([target for _, target in made], np.float32))


class Writer:
    """Gives clauses their forms, drawn at random.

    Args:
        known: the words that praise or blame.
        asides: more of what may stand between a negation and what it negates.
        nouns: what may take the place of a clause's own, by the verb that follows.
        rng: draws.
    """

    def __init__(
        self, known: Opinions, asides: Sequence[str], nouns: Mapping[str, Sequence[str]], rng: np.random.Generator
    ) -> None:
        self._forms = tomllib.loads(Path(__file__).with_name("negations.toml").read_text(encoding="utf-8"))
        self._pairs = self._forms.pop("pairs")
        self._filling = self._forms.pop("filling")
        self._filling["between"] += asides
        for way, forms in self._forms["predicate"].items():
            self._forms["thing"][way] += forms
        self._forms["noun"] = {
            way: [form for form in forms if "{opinion" not in form] for way, forms in self._forms["predicate"].items()
        }
        self._adjectives, self._judgements = (
            {praise: [word for word, leaning in words.items() if (leaning > 0) == praise] for praise in (True, False)}
            for words in (known.adjectives, known.nouns)
        )
        self._nouns = nouns
        self._rng = rng

    def examples(self, found: Sequence[Clause]) -> Iterator[tuple[str, float]]:
        """Texts, and the probability that they are positive."""
        for place, clause in enumerate(found):
            yield self.form(clause, "same") + " .", _PRAISED if clause.praise else _BLAMED
            for end in (" .", ""):
                yield self.form(clause, "opposite") + end, _BLAMED if clause.praise else _NOT_BLAMED
            other = (place + int(self._rng.integers(1, max(len(found), 2)))) % len(found)
            yield self._together(found[other], clause)

    def _together(self, first: Clause, last: Clause) -> tuple[str, float]:
        """Two clauses in one text; where they differ, that with the last word outweighs the other."""
        (said_first, praised_first), (said_last, praised) = self._either(first), self._either(last)
        agreeing = praised_first == praised
        text = self._one(self._pairs["agreeing" if agreeing else "differing"])
        targets = (_BLAMED, _PRAISED) if agreeing else (_BLAMED_AT_LAST, _PRAISED_AT_LAST)
        return text.format(first=said_first, last=said_last), targets[praised]

    def _either(self, clause: Clause) -> tuple[str, bool]:
        """A clause as it is or turned, and whether it praises then."""
        if self._rng.random() < _TURNED:
            return self.form(clause, "opposite"), not clause.praise
        return self.form(clause, "same"), clause.praise

    def form(self, clause: Clause, way: Literal["same", "opposite"]) -> str:
        """The clause in one of the forms, with another opinion of its kind where a form asks for two."""
        kind, parts = self._varied(clause)
        parts |= {name: self._one(choices) for name, choices in self._filling.items()}
        if kind == "verb":
            parts["do"] = VERBS[parts["did"]][0]
        else:
            others = [word for word in self._adjectives[clause.praise] if word != parts["opinion"]]
            parts["opinion2"] = self._one(others) if others else parts["opinion"]
            parts["a"] = _article(parts["opinion"])
            parts["better"] = "better" if clause.praise else "worse"
        forms = self._forms[kind]
        of_its_side = forms.get(f"{way}_of_{'praise' if clause.praise else 'blame'}", [])
        return self._one([*forms[way], *of_its_side]).format_map(parts)

    def _varied(self, clause: Clause) -> tuple[str, dict[str, str]]:
        """A clause's kind and parts, often with another noun, or verb, and sometimes with "a mess" for "bad"."""
        kind, parts = clause.kind, dict(clause.parts)
        if kind == "verb":
            if self._rng.random() < _REPLACED:
                parts["did"] = self._one([past for past, (_, praises) in VERBS.items() if praises == clause.praise])
            return kind, parts
        singular = parts["copula"] in ("is", "was")
        nouns, judgements = self._nouns.get(parts["copula"]), self._judgements[clause.praise]
        if kind == "thing" and nouns and self._rng.random() < _REPLACED:
            parts["noun"] = self._one(nouns)
            parts["subject"] = f"{parts['subject'].split()[0]} {parts['noun']}"
        if singular and judgements and parts["subject"] not in _PEOPLE and self._rng.random() < _JUDGED:
            noun = self._one(judgements)
            return "noun", parts | {"said": f"{_article(noun)} {noun}"}
        return kind, parts

    def _one(self, choices: Sequence[str]) -> str:
        return choices[int(self._rng.integers(len(choices)))]


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"

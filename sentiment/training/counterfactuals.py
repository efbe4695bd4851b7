"""Clauses turned to their opposite: "the acting was great" and, just as often, "the acting was never great".

Reviews say "not good" often enough for a network to learn it, and "never boring" hardly ever; and where they do, the
rest of the review gives its label away. So short clauses that praise or blame are cut out of the training reviews and
shown as they are, in other words, and negated, with what they then say. Learning from texts that differ in what decides
is due to Kaushik et al. 2020, where people changed the texts; here the rules of ``negations.toml`` do.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sentiment.training.fit import Examples
from sentiment.vocabulary import Vocabulary

Ids = npt.NDArray[np.int32]

_UNKNOWN = "<unknown>"
_END = r"[.!?,;:()\"-]|\.\.\.|and|but|or|because|that|which|who|if|when|while|though|although"
_COPULA = "is|was|are|were"
_DEGREE = "very|really|so|quite|pretty|extremely|truly|absolutely"
_NEGATION = "not?|n't|never|nothing|nobody|none|neither|nor|without|hardly"
_VERBS = {  # the past, the stem, and whether it praises
    "loved": ("love", True),
    "liked": ("like", True),
    "enjoyed": ("enjoy", True),
    "adored": ("adore", True),
    "hated": ("hate", False),
    "disliked": ("dislike", False),
}
_WORD = rf"(?!(?:{_END}|{_COPULA}|{_NEGATION}|{_UNKNOWN}) )\S+"
_WORDS = rf"{_WORD}(?: {_WORD}){{0,3}}"
_PREDICATE = re.compile(
    rf"(?<!\S)(?:{_END}) (?P<subject>{_WORDS}) (?P<copula>{_COPULA}) (?P<said>(?P<article>an? )?"
    rf"(?P<degree>(?:{_DEGREE}) )?(?P<opinion>{_WORD})(?P<rest>(?: {_WORD}){{0,3}}))(?= (?:{_END}) )"
)
_VERB = re.compile(
    rf"(?<!\S)(?:{_END}) (?P<subject>i|we) (?P<did>{'|'.join(_VERBS)}) (?P<object>{_WORDS})(?= (?:{_END}) )"
)

# What makes a word an opinion:
_LEAST_SAID = 12  # times
_LEAST_WITH_DEGREE = 4  # times after "very" and its like
_LEAST_AT_END = 0.2  # share of times that its clause ends with it
_LEAST_LEANING = 0.4  # log-odds

# The probability of "positive":
_PRAISED, _BLAMED = 0.95, 0.05
_NOT_BLAMED = 0.85  # "not bad" is less than praise
_PRAISED_AT_LAST, _BLAMED_AT_LAST = 0.8, 0.2

_AGREEING = ("{first} and {last} .", "{first} . {last} .")
_DIFFERING = (
    "{first} , but {last} .",
    "{first} . but {last} .",
    "{first} . still , {last} .",
    "although {first} , {last} .",
    "{last} , even though {first} .",
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause that praises or blames.

    Attributes:
        kind: the table of ``negations.toml`` that has its forms.
        parts: what fills their placeholders.
        praise: whether it praises.
    """

    kind: str
    parts: Mapping[str, str]
    praise: bool


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
    leanings = opinions(reviews[: len(labelled.ids)], labelled.targets)
    writer = _Writer(leanings, np.random.default_rng(seed))
    made = list(writer.examples([clause for review in reviews for clause in clauses(review, leanings)]))
    ids = [np.array([vocabulary.id(token) for token in text.split()], np.int32) for text, _ in made]
    return Examples(ids, np.array([target for _, target in made], np.float32))


def opinions(reviews: Sequence[str], labels: npt.NDArray[np.float32]) -> dict[str, float]:
    """Words that are said of things, with "very", too, and the log-odds that it is a positive review that says them.

    Args:
        reviews: tokens with one space between them, a full stop and a space at both ends.
        labels: <float32>[reviews], 1 or 0.
    """
    said: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    with_degree: Counter[str] = Counter()
    at_end: Counter[str] = Counter()
    for review, label in zip(reviews, labels, strict=True):
        for match in _PREDICATE.finditer(review):
            said[int(label)][match["opinion"]] += 1
            with_degree[match["opinion"]] += match["degree"] is not None
            at_end[match["opinion"]] += not match["rest"]
    leanings = {
        word: float(np.log((said[1][word] + 2) / (said[0][word] + 2)))
        for word, number in (said[0] + said[1]).items()
        if number >= _LEAST_SAID and with_degree[word] >= _LEAST_WITH_DEGREE and at_end[word] >= _LEAST_AT_END * number
    }
    return {word: leaning for word, leaning in leanings.items() if abs(leaning) >= _LEAST_LEANING}


def clauses(review: str, leanings: Mapping[str, float]) -> Iterator[Clause]:
    """The short clauses of a review with one opinion in them and no negation; see ``opinions`` for its form."""
    for match in _PREDICATE.finditer(review):
        opinion, subject, rest = match["opinion"], match["subject"].split(), match["rest"].split()
        if opinion in leanings and not leanings.keys() & {*subject, *rest} and (rest or not match["article"]):
            praise = leanings[opinion] > 0
            noun = rest[-1] if match["article"] else subject[-1]
            parts = match.groupdict("") | {"noun": noun, "better": "better" if praise else "worse"}
            yield Clause("predicate", parts, praise)
    for match in _VERB.finditer(review):
        if not leanings.keys() & set(match["object"].split()):
            stem, praise = _VERBS[match["did"]]
            yield Clause("verb", match.groupdict() | {"do": stem}, praise)


class _Writer:
    """Gives clauses their forms, drawn at random."""

    def __init__(self, leanings: Mapping[str, float], rng: np.random.Generator) -> None:
        self._forms = tomllib.loads(Path(__file__).with_name("negations.toml").read_text(encoding="utf-8"))
        self._opinions = {
            praise: [word for word, leaning in leanings.items() if (leaning > 0) == praise] for praise in (True, False)
        }
        self._rng = rng

    def examples(self, found: Sequence[Clause]) -> Iterator[tuple[str, float]]:
        """Texts, and the probability that they are positive."""
        for clause, other in zip(found, self._rng.permutation(len(found)), strict=True):
            yield self._same(clause) + " .", _PRAISED if clause.praise else _BLAMED
            for end in (" .", ""):
                yield self._opposite(clause) + end, _BLAMED if clause.praise else _NOT_BLAMED
            yield self._together(found[other], clause)

    def _together(self, first: Clause, last: Clause) -> tuple[str, float]:
        """Two clauses in one text; where they differ, that with the last word outweighs the other."""
        (said_first, praised_first), (said_last, praised) = self._either(first), self._either(last)
        texts = _AGREEING if praised_first == praised else _DIFFERING
        targets = (_BLAMED, _PRAISED) if praised_first == praised else (_BLAMED_AT_LAST, _PRAISED_AT_LAST)
        return self._one(texts).format(first=said_first, last=said_last), targets[praised]

    def _either(self, clause: Clause) -> tuple[str, bool]:
        """A clause as it is or turned, and whether it praises then."""
        if self._rng.random() < 0.6:
            return self._same(clause), clause.praise
        return self._opposite(clause), not clause.praise

    def _same(self, clause: Clause) -> str:
        return self._one(self._forms[clause.kind]["same"]).format_map(clause.parts)

    def _opposite(self, clause: Clause) -> str:
        another = {"opinion2": self._one(self._opinions[clause.praise] or [""])}
        return self._one(self._forms[clause.kind]["opposite"]).format_map({**clause.parts, **another})

    def _one(self, choices: Sequence[str]) -> str:
        return choices[int(self._rng.integers(len(choices)))]

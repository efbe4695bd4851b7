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
_ByLabel = tuple[Counter[str], Counter[str]]

NEGATIONS = (  # tokens that negate wherever they stand; "few" does not always
    "not", "n't", "never", "no", "nothing", "nobody", "none", "neither", "nor", "without", "cannot", "hardly", "barely",
    "rarely",
)  # fmt: skip

_UNKNOWN = "<unknown>"
_END = r"[!?,;:()\"-]|\.+|and|but|or|because|that|which|who|if|when|while|though|although"
_COPULA = "is|was|are|were"
_NOT = "not|n't|never"
_CUE = f"{'|'.join(NEGATIONS)}|few|{_COPULA}"
_WORD = rf"(?!(?:{_END}|{_CUE}) )[^\W\d_][^\W_]*"
_THING = rf"(?:the|this|that|these|those|its|his|her|their) {_WORD}(?: {_WORD}){{0,2}}"
_SUBJECT = rf"(?P<subject>(?P<thing>{_THING})|it|this|that|he|she|they|i|we)"
_SAID = (
    rf"(?P<said>(?P<article>an? )?(?P<degree>(?:very|really|so|quite|pretty|extremely|truly|absolutely) )?"
    rf"(?P<opinion>(?!(?:an?|as|there|off) ){_WORD})(?P<rest>(?: {_WORD}){{0,3}}))"
)
_PREDICATE = re.compile(
    rf"(?<!\S)(?:{_END}) {_SUBJECT} (?P<copula>{_COPULA}) (?P<negated>(?:{_NOT}) )?{_SAID}(?= (?:{_END}) )"
)
_VERBS = {  # the past, the stem, and whether it praises
    "loved": ("love", True),
    "liked": ("like", True),
    "enjoyed": ("enjoy", True),
    "adored": ("adore", True),
    "hated": ("hate", False),
    "disliked": ("dislike", False),
}
_VERB = re.compile(
    rf"(?<!\S)(?:{_END}) (?P<subject>i|we) (?P<did>{'|'.join(_VERBS)}) (?P<object>it|{_THING})(?= (?:{_END}) )"
)

# What makes a word an opinion, so that "young" is none:
_LEAST_SAID = 10  # times
_LEAST_WITH_DEGREE = 0.03  # share of times after "very" and its like
_LEAST_AT_END = 0.2  # share of times that its clause ends with it
_STRONG_LEANING = 1.05  # log-odds; words that lean so are seldom negated
_LEAST_LEANING = 0.3  # log-odds, where reviews that negate it lean at least as far the other way
_LEAST_NEGATED = 5  # times, likewise

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
    said: _ByLabel = (Counter(), Counter())
    negated: _ByLabel = (Counter(), Counter())
    with_degree: Counter[str] = Counter()
    at_end: Counter[str] = Counter()
    for review, label in zip(reviews, labels, strict=True):
        for match in _PREDICATE.finditer(review):
            (negated if match["negated"] else said)[int(label)][match["opinion"]] += 1
            with_degree[match["opinion"]] += match["degree"] is not None
            at_end[match["opinion"]] += not match["rest"]
    found = {}
    for word, number in (said[0] + said[1]).items():
        leaning, turned = _log_odds(said, word), _log_odds(negated, word)
        told = negated[0][word] + negated[1][word] >= _LEAST_NEGATED and turned * np.sign(leaning) <= -_LEAST_LEANING
        if (
            number >= _LEAST_SAID
            and with_degree[word] >= _LEAST_WITH_DEGREE * number
            and at_end[word] >= _LEAST_AT_END * number
            and abs(leaning) >= (_LEAST_LEANING if told else _STRONG_LEANING)
        ):
            found[word] = leaning
    return found


def _log_odds(counts: _ByLabel, word: str) -> float:
    return float(np.log((counts[1][word] + 2) / (counts[0][word] + 2)))


def clauses(review: str, leanings: Mapping[str, float]) -> Iterator[Clause]:
    """The short clauses of a review with one opinion in them and no negation; see ``opinions`` for its form."""
    for match in _PREDICATE.finditer(review):
        opinion, subject, rest = match["opinion"], match["subject"].split(), match["rest"].split()
        others = leanings.keys() & {*subject, *rest}
        if opinion in leanings and not others and not match["negated"] and (rest or not match["article"]):
            praise = leanings[opinion] > 0
            of_a_thing = {"noun": subject[-1], "better": "better" if praise else "worse"}
            yield Clause("thing" if match["thing"] else "predicate", match.groupdict("") | of_a_thing, praise)
    for match in _VERB.finditer(review):
        if not leanings.keys() & set(match["object"].split()):
            stem, praise = _VERBS[match["did"]]
            yield Clause("verb", match.groupdict("") | {"do": stem}, praise)


class _Writer:
    """Gives clauses their forms, drawn at random."""

    def __init__(self, leanings: Mapping[str, float], rng: np.random.Generator) -> None:
        self._forms = tomllib.loads(Path(__file__).with_name("negations.toml").read_text(encoding="utf-8"))
        self._filling = self._forms.pop("filling")
        for way, forms in self._forms["predicate"].items():
            self._forms["thing"][way] += forms
        self._opinions = {
            praise: [word for word, leaning in leanings.items() if (leaning > 0) == praise] for praise in (True, False)
        }
        self._rng = rng

    def examples(self, found: Sequence[Clause]) -> Iterator[tuple[str, float]]:
        """Texts, and the probability that they are positive."""
        for place, clause in enumerate(found):
            yield self._form(clause, "same") + " .", _PRAISED if clause.praise else _BLAMED
            for end in (" .", ""):
                yield self._form(clause, "opposite") + end, _BLAMED if clause.praise else _NOT_BLAMED
            other = (place + int(self._rng.integers(1, max(len(found), 2)))) % len(found)
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
            return self._form(clause, "same"), clause.praise
        return self._form(clause, "opposite"), not clause.praise

    def _form(self, clause: Clause, way: str) -> str:
        """The clause in one of the forms, with another opinion of its kind where a form asks for two."""
        opinion = clause.parts.get("opinion")
        others = [word for word in self._opinions[clause.praise] if word != opinion]
        filling = {name: self._one(choices) for name, choices in self._filling.items()}
        parts = {**clause.parts, **filling, "opinion2": self._one(others) if others else opinion}
        forms = self._forms[clause.kind]
        of_praise = forms["opposite_of_praise"] if way == "opposite" and clause.praise else []
        return self._one([*forms[way], *of_praise]).format_map(parts)

    def _one(self, choices: Sequence[str]) -> str:
        return choices[int(self._rng.integers(len(choices)))]

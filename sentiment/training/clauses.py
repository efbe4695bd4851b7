"""Finds opinion words and short opinion clauses in reviews, and nouns and asides that can be inserted in clauses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from sentiment.text.negation import TRAINING_NEGATORS

_ByLabel = tuple[Counter[str], Counter[str]]


VERBS = {  # past tense -> base form, and whether the verb is positive
    "loved": ("love", True),
    "liked": ("like", True),
    "enjoyed": ("enjoy", True),
    "adored": ("adore", True),
    "admired": ("admire", True),
    "appreciated": ("appreciate", True),
    "hated": ("hate", False),
    "disliked": ("dislike", False),
    "loathed": ("loathe", False),
    "detested": ("detest", False),
    "despised": ("despise", False),
}

_END = r"[!?,;:()\"-]|\.+|and|but|or|because|that|which|who|if|when|while|though|although"
_COPULA = "is|was|are|were"
_NOT = "not|n't|never"
_CUE = f"{'|'.join(TRAINING_NEGATORS)}|few|{_COPULA}"
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
_VERB = re.compile(
    rf"(?<!\S)(?:{_END}) (?P<subject>i|we) (?P<did>{'|'.join(VERBS)}) (?P<object>it|{_THING})(?= (?:{_END}) )"
)
_JUDGEMENT = re.compile(
    rf"(?<!\S)(?:it|(?:the|this|that) {_WORD}) (?:is|was|'s) (?:(?:just|simply|really|such) )?an? "
    rf"(?:(?:complete|total|real|true|absolute) )?(?P<noun>{_WORD})(?= [!?;:.,]+ )"
)
_ASIDE = re.compile(
    r"(?<!\S), ((?:as|when|where|after|before|since|with|like|from|in|at|by|on|for|even)"
    rf"(?: {_WORD}){{2,8}})(?= , )"
)
_NOUN = re.compile(rf"(?<!\S)(?:the|my|our|your) (?P<noun>{_WORD}) (?P<copula>{_COPULA}) ")

# Criteria of an opinion word, which exclude words such as "young":
_MIN_COUNT = 10
_MIN_WITH_DEGREE = 0.03  # share of occurrences after "very" or a similar word
_MIN_AT_END = 0.2  # share of occurrences at the end of the clause
_STRONG_LEANING = 1.05  # absolute log-odds; sufficient without evidence from negation
_MIN_LEANING = 0.3  # absolute log-odds, if negated occurrences lean at least as far to the other side
_MIN_NEGATED = 5  # negated occurrences for that

# Criteria of neutral nouns and asides:
_MIN_FOLLOWED = 5  # occurrences of a noun before the verb
_COMPARED = {  # never neutral
    "better", "best", "worse", "worst", "more", "most", "less", "least", "little", "lack", "fails",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """A positive or negative clause.

    Attributes:
        kind: ``thing`` if its subject is a noun, ``predicate`` if it is a pronoun, ``verb`` for "i loved it".
        parts: the values of the placeholders of forms.
        praise: whether it is positive.
    """

    kind: str
    parts: Mapping[str, str]
    praise: bool


@dataclass(frozen=True, slots=True)
class Opinions:
    """Opinion words, with the log-odds that a review in which they occur is positive.

    Attributes:
        adjectives: as in "it was very good".
        judgements: nouns, as in "it was a mess".
    """

    adjectives: Mapping[str, float]
    judgements: Mapping[str, float]

    @property
    def words(self) -> frozenset[str]:
        """All opinion words."""
        return frozenset(self.adjectives) | frozenset(self.judgements)


def opinions(reviews: Sequence[str], labels: npt.NDArray[np.float32]) -> Opinions:
    """Finds opinion words: adjectives that also occur after "very", and nouns as in "it was a mess".

    Args:
        reviews: texts from ``counterfactuals.as_texts``.
        labels: <float32>[reviews], 1 positive and 0 negative.
    """
    said: _ByLabel = (Counter(), Counter())
    negated: _ByLabel = (Counter(), Counter())
    nouns: _ByLabel = (Counter(), Counter())
    with_degree: Counter[str] = Counter()
    at_end: Counter[str] = Counter()
    for review, label in zip(reviews, labels, strict=True):
        for match in _PREDICATE.finditer(review):
            (negated if match["negated"] else said)[int(label)][match["opinion"]] += 1
            with_degree[match["opinion"]] += match["degree"] is not None
            at_end[match["opinion"]] += not match["rest"]
        nouns[int(label)].update(match["noun"] for match in _JUDGEMENT.finditer(review))
    adjectives = {}
    for word, number in (said[0] + said[1]).items():
        leaning, turned = _log_odds(said, word), _log_odds(negated, word)
        flips = negated[0][word] + negated[1][word] >= _MIN_NEGATED and turned * np.sign(leaning) <= -_MIN_LEANING
        if (
            number >= _MIN_COUNT
            and with_degree[word] >= _MIN_WITH_DEGREE * number
            and at_end[word] >= _MIN_AT_END * number
            and abs(leaning) >= (_MIN_LEANING if flips else _STRONG_LEANING)
        ):
            adjectives[word] = leaning
    return Opinions(
        adjectives,
        {
            word: _log_odds(nouns, word)
            for word, number in (nouns[0] + nouns[1]).items()
            if number >= _MIN_COUNT and word not in adjectives and abs(_log_odds(nouns, word)) >= _STRONG_LEANING
        },
    )


def _log_odds(counts: _ByLabel, word: str) -> float:
    return float(np.log((counts[1][word] + 2) / (counts[0][word] + 2)))


def clauses(review: str, known: Opinions) -> Iterator[Clause]:
    """Yields the short clauses of a review that have one opinion word and no negation.

    Args:
        review: a text from ``counterfactuals.as_texts``.
        known: the opinion words.
    """
    words = known.words
    for match in _PREDICATE.finditer(review):
        opinion, subject, rest = match["opinion"], match["subject"].split(), match["rest"].split()
        others = words & {*subject, *rest}
        if opinion in known.adjectives and not others and not match["negated"] and (rest or not match["article"]):
            thing = {"noun": subject[-1]} if match["thing"] else {}
            praise = known.adjectives[opinion] > 0
            yield Clause("thing" if thing else "predicate", match.groupdict("") | thing, praise)
    for match in _VERB.finditer(review):
        if not words & set(match["object"].split()):
            yield Clause("verb", match.groupdict(""), VERBS[match["did"]][1])


def asides(reviews: Sequence[str], known: Opinions) -> list[str]:
    """Returns texts between two commas without an opinion or a negation, such as "as the title suggests"."""
    excluded = known.words | VERBS.keys() | {stem for stem, _ in VERBS.values()} - {"like"} | _COMPARED
    found = dict.fromkeys(match[1] for review in reviews for match in _ASIDE.finditer(review))
    return [aside for aside in found if not excluded & set(aside.split())]


def things(reviews: Sequence[str], labels: npt.NDArray[np.float32], known: Opinions) -> dict[str, list[str]]:
    """Returns neutral nouns that occur before "is", "was", "are" or "were", by that verb.

    Args:
        reviews: texts from ``counterfactuals.as_texts``, the labelled ones first.
        labels: <float32>[labelled], 1 positive and 0 negative; later reviews have no label.
        known: the opinion words, which are left out.
    """
    counts: dict[str, dict[float | None, Counter[str]]] = {
        copula: {1.0: Counter(), 0.0: Counter(), None: Counter()} for copula in _COPULA.split("|")
    }
    for review, label in zip_longest(reviews, labels.tolist()):
        for match in _NOUN.finditer(review):
            counts[match["copula"]][label][match["noun"]] += 1
    excluded = known.words | _COMPARED
    return {
        copula: [
            noun
            for noun, number in sum(found.values(), Counter()).items()
            if number >= _MIN_FOLLOWED
            and noun not in excluded
            and abs(_log_odds((found[0.0], found[1.0]), noun)) < _STRONG_LEANING
        ]
        for copula, found in counts.items()
    }

"""Short clauses of reviews that praise or blame, and what can be put in them: words, nouns, asides."""

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


VERBS = {  # the past, the stem, and whether it praises
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

# What makes a word an opinion, so that "young" is none:
_LEAST_SAID = 10  # times
_LEAST_WITH_DEGREE = 0.03  # share of times after "very" and its like
_LEAST_AT_END = 0.2  # share of times that its clause ends with it
_STRONG_LEANING = 1.05  # log-odds; words that lean so are seldom negated
_LEAST_LEANING = 0.3  # log-odds, where reviews that negate it lean at least as far the other way
_LEAST_NEGATED = 5  # times, likewise

# What is neutral enough to be put into a clause, a noun or an aside:
_LEAST_FOLLOWED = 5  # times that a noun is followed by the verb
_COMPARED = {  # are not neutral, whatever is counted of them
    "better", "best", "worse", "worst", "more", "most", "less", "least", "little", "lack", "fails",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause that praises or blames.

    Attributes:
        kind: ``thing``, where it is said of one; ``predicate``, where of a pronoun; ``verb``: "i loved it".
        parts: what fills their placeholders.
        praise: whether it praises.
    """

    kind: str
    parts: Mapping[str, str]
    praise: bool


@dataclass(frozen=True, slots=True)
class Opinions:
    """Words that praise or blame, with the log-odds that it is a positive review that says them.

    Attributes:
        adjectives: as in "it was very good".
        judgements: nouns, as in "it was a mess".
    """

    adjectives: Mapping[str, float]
    judgements: Mapping[str, float]

    @property
    def words(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self.adjectives) | frozenset(self.judgements)


def opinions(reviews: Sequence[str], labels: npt.NDArray[np.float32]) -> Opinions:
    """What reviews say of things: words that also come with "very", and nouns that need no more than an article.

    Args:
        reviews: tokens with one space between them, a full stop and a space at both ends.
        labels: <float32>[reviews], 1 or 0.
    """
    said: _ByLabel = (Counter(), Counter())
    negated: _ByLabel = (Counter(), Counter())
    judged: _ByLabel = (Counter(), Counter())
    with_degree: Counter[str] = Counter()
    at_end: Counter[str] = Counter()
    for review, label in zip(reviews, labels, strict=True):
        for match in _PREDICATE.finditer(review):
            (negated if match["negated"] else said)[int(label)][match["opinion"]] += 1
            with_degree[match["opinion"]] += match["degree"] is not None
            at_end[match["opinion"]] += not match["rest"]
        judged[int(label)].update(match["noun"] for match in _JUDGEMENT.finditer(review))
    adjectives = {}
    for word, number in (said[0] + said[1]).items():
        leaning, turned = _log_odds(said, word), _log_odds(negated, word)
        told = negated[0][word] + negated[1][word] >= _LEAST_NEGATED and turned * np.sign(leaning) <= -_LEAST_LEANING
        if (
            number >= _LEAST_SAID
            and with_degree[word] >= _LEAST_WITH_DEGREE * number
            and at_end[word] >= _LEAST_AT_END * number
            and abs(leaning) >= (_LEAST_LEANING if told else _STRONG_LEANING)
        ):
            adjectives[word] = leaning
    return Opinions(
        adjectives,
        {
            word: _log_odds(judged, word)
            for word, number in (judged[0] + judged[1]).items()
            if number >= _LEAST_SAID and word not in adjectives and abs(_log_odds(judged, word)) >= _STRONG_LEANING
        },
    )


def _log_odds(counts: _ByLabel, word: str) -> float:
    return float(np.log((counts[1][word] + 2) / (counts[0][word] + 2)))


def clauses(review: str, known: Opinions) -> Iterator[Clause]:
    """The short clauses of a review with one opinion in them and no negation; see ``opinions`` for its form."""
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
    """What stands between two commas without an opinion or a negation: "as the title suggests"."""
    told = known.words | VERBS.keys() | {stem for stem, _ in VERBS.values()} - {"like"} | _COMPARED
    found = dict.fromkeys(match[1] for review in reviews for match in _ASIDE.finditer(review))
    return [aside for aside in found if not told & set(aside.split())]


def things(reviews: Sequence[str], labels: npt.NDArray[np.float32], known: Opinions) -> dict[str, list[str]]:
    """Nouns that "is", "was", "are" or "were" is said of, by that word, in reviews of either label alike.

    Args:
        reviews: as ``opinions`` takes them.
        labels: <float32>[labelled], 1 or 0, of the first of them; those after these have none.
        known: words left out.
    """
    counts: dict[str, dict[float | None, Counter[str]]] = {
        copula: {1.0: Counter(), 0.0: Counter(), None: Counter()} for copula in _COPULA.split("|")
    }
    for review, label in zip_longest(reviews, labels.tolist()):
        for match in _NOUN.finditer(review):
            counts[match["copula"]][label][match["noun"]] += 1
    told = known.words | _COMPARED
    return {
        copula: [
            noun
            for noun, number in sum(found.values(), Counter()).items()
            if number >= _LEAST_FOLLOWED
            and noun not in told
            and abs(_log_odds((found[0.0], found[1.0]), noun)) < _STRONG_LEANING
        ]
        for copula, found in counts.items()
    }

"""What a negator does to the opinion it stands before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sentiment.explain.counterfactual import condense, edit
from sentiment.explain.grouping import cuts
from sentiment.model.classifier import Classifier
from sentiment.text.vocabulary import normal_form
from sentiment.types import Token

NEGATORS = frozenset(
    {"not", "n't", "no", "never", "nothing", "none", "nobody", "neither", "nor", "without", "cannot"}
    | {"hardly", "barely", "scarcely"}
)
_TOKENS = 30_000  # in the texts scored, for each kind of them; no ordinary review has so many negators
REACH = 5  # tokens after a negator, within its phrase, among which its opinion is sought
LEAST = 0.5  # logits a word must move the score without its negator to count as an opinion


@dataclass(frozen=True, slots=True)
class Negation:
    """A negator a and an opinion b after it; f is the score of the tokens read, in logit units.

    Attributes:
        negator: the place of a.
        opinion: the place of b.
        negated: what b adds where a stands: f(x) - f(x without b).
        alone: what b would add without a: f(x without a) - f(x without a and b).
    """

    negator: int
    opinion: int
    negated: float
    alone: float

    @property
    def joint(self) -> float:
        """What a and b do together beyond what each does: f(x) - f(x - a) - f(x - b) + f(x - a - b)."""
        return self.negated - self.alone


def negations(classifier: Classifier, text: str) -> list[Negation]:
    """Each negator with the word after it, in its phrase, that would move the score most without it.

    A negator without such a word within reach is left out, and so is one whose word would move the score by less
    than half a logit. In a long text with very many negators only the candidates that contribute
    most are scored.
    """
    tokens = classifier.preprocessor(text).tokens
    pairs = _candidates(text, tokens) if len(tokens) > 2 else []  # without the two there would be no text left
    pairs = _strongest(classifier, text, pairs, _TOKENS // max(len(tokens), 1))
    if not pairs:
        return []
    read = condense(text, tokens)  # without what was cut off, which would move up when a token is dropped
    score = _scores(classifier, *read, [(), *((a,) for a, _ in pairs), *pairs])
    alone: dict[int, tuple[int, float]] = {}
    for a, b in pairs:
        by_itself = score[a,] - score[a, b]
        if abs(by_itself) >= max(LEAST, abs(alone[a][1]) if a in alone else 0):
            alone[a] = b, by_itself
    score |= _scores(classifier, *read, [(b,) for b, _ in alone.values()])
    return [Negation(a, b, score[()] - score[b,], by_itself) for a, (b, by_itself) in alone.items()]


def _scores(
    classifier: Classifier, text: str, tokens: Sequence[Token], drops: Sequence[tuple[int, ...]]
) -> dict[tuple[int, ...], float]:
    """The score of the text without the tokens at some places, for each such choice."""
    drops = list(dict.fromkeys(drops))
    predictions = classifier.predict([edit(text, tokens, dict.fromkeys(drop, "")) for drop in drops])
    return {drop: prediction.logit for drop, prediction in zip(drops, predictions, strict=True)}


def _strongest(classifier: Classifier, text: str, pairs: list[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """The pairs whose tokens contribute most, ``most`` of them, in the order of the text."""
    if len(pairs) <= most:
        return pairs
    sizes = np.abs(classifier.explain(text).contributions)
    return sorted(sorted(pairs, key=lambda pair: -(sizes[pair[0]] + sizes[pair[1]]))[:most])


def negators(classifier: Classifier, text: str) -> list[int]:
    """Returns the places of all negators before another word of their phrase; ``negations`` lists the strong ones."""
    return list(dict.fromkeys(place for place, _ in _candidates(text, classifier.preprocessor(text).tokens)))


def _candidates(text: str, tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Places of a negator and of a word within its reach."""
    pairs = []
    ends = [*cuts(text, tokens, "phrase"), len(tokens)]
    for place, token in enumerate(tokens):
        if normal_form(token.text) in NEGATORS:
            stop = min(ends[bisect_right(ends, place)], place + 1 + REACH)
            words = (other for other in range(place + 1, stop) if tokens[other].text.isalpha())
            pairs += [(place, other) for other in words if normal_form(tokens[other].text) not in NEGATORS]
    return pairs

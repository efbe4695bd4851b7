"""Measures how a negator changes the effect of the opinion word after it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sentiment.explain.counterfactual import condense, edit
from sentiment.explain.grouping import cuts
from sentiment.model.classifier import Classifier
from sentiment.text.negation import EXPLAINED_NEGATORS
from sentiment.types import Token

_MAX_TOKENS = 30_000  # in a set of edited texts to score; ordinary reviews have too few negators to reach it
REACH = 5  # tokens after a negator, within its phrase, that can be its opinion
MIN_EFFECT = 0.5  # logits; the minimum effect of an opinion without its negator


@dataclass(frozen=True, slots=True)
class Negation:
    """A negator a and an opinion b after it; f is the logit of the tokens read.

    Attributes:
        negator: the index of token a.
        opinion: the index of token b.
        negated: the effect of b with a present: f(x) - f(x without b).
        alone: the effect of b without a: f(x without a) - f(x without a and b).
    """

    negator: int
    opinion: int
    negated: float
    alone: float

    @property
    def joint(self) -> float:
        """The interaction of a and b, in logits: f(x) - f(x - a) - f(x - b) + f(x - a - b)."""
        return self.negated - self.alone


def negations(classifier: Classifier, text: str) -> list[Negation]:
    """Returns each negator with the word after it, in its phrase, that has the largest effect without the negator.

    A negator is left out if no word is within reach, or if that effect is below ``MIN_EFFECT``. In a long text with
    many negators, only the candidates with the largest contributions are scored.
    """
    tokens = classifier.preprocessor(text).tokens
    pairs = _candidates(text, tokens) if len(tokens) > 2 else []  # dropping two of two tokens would leave no text
    pairs = _strongest(classifier, text, pairs, _MAX_TOKENS // max(len(tokens), 1))
    if not pairs:
        return []
    read = condense(text, tokens)  # without tokens beyond the length limit, which would be read when one is dropped
    score = _scores(classifier, *read, [(), *((a,) for a, _ in pairs), *pairs])
    alone: dict[int, tuple[int, float]] = {}
    for a, b in pairs:
        by_itself = score[a,] - score[a, b]
        if abs(by_itself) >= max(MIN_EFFECT, abs(alone[a][1]) if a in alone else 0):
            alone[a] = b, by_itself
    score |= _scores(classifier, *read, [(b,) for b, _ in alone.values()])
    return [Negation(a, b, score[()] - score[b,], by_itself) for a, (b, by_itself) in alone.items()]


def _scores(
    classifier: Classifier, text: str, tokens: Sequence[Token], drops: Sequence[tuple[int, ...]]
) -> dict[tuple[int, ...], float]:
    """Returns the logit of the text for each choice of token indices to drop."""
    drops = list(dict.fromkeys(drops))
    predictions = classifier.predict([edit(text, tokens, dict.fromkeys(drop, "")) for drop in drops])
    return {drop: prediction.logit for drop, prediction in zip(drops, predictions, strict=True)}


def _strongest(classifier: Classifier, text: str, pairs: list[tuple[int, int]], limit: int) -> list[tuple[int, int]]:
    """Returns the ``limit`` pairs whose tokens contribute most, in the order of the text."""
    if len(pairs) <= limit:
        return pairs
    sizes = np.abs(classifier.explain(text).contributions)
    return sorted(sorted(pairs, key=lambda pair: -(sizes[pair[0]] + sizes[pair[1]]))[:limit])


def negators(classifier: Classifier, text: str) -> list[int]:
    """Returns the indices of all negators followed by a word of their phrase; ``negations`` lists the strong ones."""
    return list(dict.fromkeys(place for place, _ in _candidates(text, classifier.preprocessor(text).tokens)))


def _candidates(text: str, tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Returns pairs of indices: a negator, and a word within its reach."""
    pairs = []
    ends = [*cuts(text, tokens, "phrase"), len(tokens)]
    for place, token in enumerate(tokens):
        if token.form in EXPLAINED_NEGATORS:
            stop = min(ends[bisect_right(ends, place)], place + 1 + REACH)
            words = (other for other in range(place + 1, stop) if tokens[other].form.isalpha())
            pairs += [(place, other) for other in words if tokens[other].form not in EXPLAINED_NEGATORS]
    return pairs

"""What a negator does to the opinion it stands before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sentiment.classifier import Classifier
from sentiment.explaining.counterfactual import edit
from sentiment.explaining.grouping import cuts
from sentiment.records import Token
from sentiment.vocabulary import normal_form

NEGATORS = frozenset(
    {"not", "n't", "no", "never", "nothing", "none", "nobody", "neither", "nor", "without", "cannot"}
    | {"hardly", "barely", "scarcely"}
)
REACH = 5  # tokens after a negator, within its phrase, among which its opinion is sought
_LEAST = 0.5  # logits a word must move the score without its negator to count as an opinion


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
    than half a logit.
    """
    tokens = classifier.preprocessor(text).tokens
    pairs = _candidates(text, tokens)
    if not pairs:
        return []
    read = text[: tokens[-1].end]  # what was cut off must not move up when a token is dropped
    drops = list(dict.fromkeys(drop for a, b in pairs for drop in ((), (a,), (b,), (a, b))))
    predictions = classifier.predict([edit(read, tokens, dict.fromkeys(drop, "")) for drop in drops])
    score = {drop: prediction.logit for drop, prediction in zip(drops, predictions, strict=True)}
    strongest: dict[int, Negation] = {}
    for a, b in pairs:
        one = Negation(a, b, score[()] - score[b,], score[a,] - score[a, b])
        if abs(one.alone) >= max(_LEAST, abs(strongest[a].alone) if a in strongest else 0):
            strongest[a] = one
    return list(strongest.values())


def _candidates(text: str, tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Places of a negator and of a word within its reach, in texts that have more than the two."""
    if len(tokens) < 3:
        return []
    pairs = []
    ends = [*cuts(text, tokens, "phrase"), len(tokens)]
    for place, token in enumerate(tokens):
        if normal_form(token.text) in NEGATORS:
            stop = min(next(end for end in ends if end > place), place + 1 + REACH)
            words = (other for other in range(place + 1, stop) if tokens[other].text.isalpha())
            pairs += [(place, other) for other in words if normal_form(tokens[other].text) not in NEGATORS]
    return pairs

"""What if: words dropped or replaced, the fewest that turn the verdict, two versions of a text side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from sentiment.model.classifier import Classifier
from sentiment.text.tokenizer import tokenize
from sentiment.text.vocabulary import normal_form
from sentiment.types import Explanation, Prediction, Token

MOST_DROPPED = 30  # words a flip may drop; beyond it the change is no longer small

_LONGEST = 100  # characters of a token that are kept where only the score counts: no known word is longer
_MATCHES = 30_000  # pairs of equal tokens in two versions; ordinary ones of 1,000 tokens have about 12,000
_MARGIN = 2 * MOST_DROPPED  # tokens after those read that can move up where some are dropped

_ENDS = {".", ",", ";", "!", "?"}

# Verbs that change their form before n't, as the tokenizer splits them.
_FULL_VERBS = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}


def edit(text: str, tokens: Sequence[Token], changes: Mapping[int, str]) -> str:
    """The text with the tokens at some places replaced; an empty replacement drops the token.

    A dropped token takes one of the spaces around it along. What is left of a contraction becomes a word again
    ("can't" without "n't" is "can"), and tokens that would meet where one was dropped are kept apart by a space, but
    for a word and the mark that ends its phrase.
    """
    changes = {**_completed(tokens, changes), **changes}
    parts: list[str] = []
    gap, dropped, done = "", False, 0
    for place, token in enumerate(tokens):
        gap = _close_up(gap, text[done : token.start])
        done = token.end
        word = changes.get(place, token.text)
        if word:
            if dropped:
                gap = _rejoin(parts, gap, word)
            parts += [gap, word]
            gap, dropped = "", False
        else:
            dropped = True
    return "".join([*parts, _close_up(gap, text[done:])])


def condense(text: str, tokens: Sequence[Token]) -> tuple[str, list[Token]]:
    """Returns a short text that is scored like the tokens of ``text``, and its tokens.

    White space, tags and tokens that are long are cut short, and what follows the tokens is left out. So an edited
    version takes time and memory by the number of tokens, whatever lies between them.
    """
    parts: list[str] = []
    short: list[Token] = []
    at, done = 0, 0
    for token in tokens:
        gap = text[done : token.start] if token.start - done < 2 else "\n\n"
        word = token.text[:_LONGEST]
        parts += [gap, word]
        at += len(gap)
        short.append(Token(word, at, at + len(word)))
        at += len(word)
        done = token.end
    return "".join(parts), short


@dataclass(frozen=True, slots=True)
class Flip:
    """A small change that turns the verdict.

    Attributes:
        places: of the tokens to drop, in the order of the text.
        text: what remains.
        prediction: the verdict on it.
    """

    places: tuple[int, ...]
    text: str
    prediction: Prediction


def smallest_flip(classifier: Classifier, explanation: Explanation) -> Flip | None:
    """A suggestion of the fewest tokens to drop for the verdict to turn; None where no small change does.

    Tokens are dropped in the order of their contributions to the verdict until it turns; then each is put back, the
    least first, that the flip can do without, until it needs them all. Every step, and the resulting text, is scored.
    The result is minimal in the sense that none of its tokens can be put back, not proved the smallest of all.
    """
    pushes = explanation.contributions * (1 if explanation.prediction.label == "positive" else -1)
    order = [int(place) for place in np.argsort(-pushes, kind="stable")[:MOST_DROPPED] if pushes[place] > 0]
    near = condense(explanation.text, tokenize(explanation.text, len(explanation.tokens) + _MARGIN))
    choices = [order[:count] for count in range(1, len(order) + 1)]
    flip, before = next(_turning(classifier, explanation, near, choices), None), None
    while flip != before:  # what was needed may not be once another word is back
        before = flip
        for place in reversed(order):
            if flip and place in flip:
                fewer = [other for other in flip if other != place]
                flip = next(_turning(classifier, explanation, near, [fewer]), flip)
    if flip is None:
        return None
    text = edit(explanation.text, explanation.tokens, dict.fromkeys(flip, ""))
    return Flip(tuple(sorted(flip)), text, classifier.predict([text])[0])


def _turning(
    classifier: Classifier, explanation: Explanation, near: tuple[str, Sequence[Token]], choices: Sequence[list[int]]
) -> Iterator[list[int]]:
    """Those choices of tokens to drop that turn the verdict, by a text that is scored like the whole one."""
    texts = [edit(*near, dict.fromkeys(choice, "")) for choice in choices]
    for choice, prediction in zip(choices, classifier.predict(texts), strict=True):
        if prediction.label not in {None, explanation.prediction.label}:
            yield choice


@dataclass(frozen=True, slots=True)
class Difference:
    """One token of two versions of a text, or of only one of them.

    Attributes:
        before: its place in the first version, None where it is new.
        after: its place in the second version, None where it is gone.
        text: the token, as the second version has it where it has it.
        change: its contribution in the second less that in the first, where absent 0.
    """

    before: int | None
    after: int | None
    text: str
    change: float


def compare(before: Explanation, after: Explanation) -> list[Difference]:
    """The tokens of both versions in order, those that stand in both matched.

    The changes, with those of the baseline's score and of the residual, sum to the change in score. In versions that
    repeat a few words hundreds of times, those words are matched only beside others.
    """
    old, new = ([normal_form(token.text) for token in version.tokens] for version in (before, after))
    counts = Counter(old)
    repetitive = sum(counts[token] for token in new) > _MATCHES  # matching would take minutes
    result = []
    for _, a, a_stop, b, b_stop in SequenceMatcher(None, old, new, autojunk=repetitive).get_opcodes():
        pairs = old[a:a_stop] == new[b:b_stop]
        if pairs:
            result += [_difference(before, after, a + i, b + i) for i in range(a_stop - a)]
        else:
            result += [_difference(before, after, place, None) for place in range(a, a_stop)]
            result += [_difference(before, after, None, place) for place in range(b, b_stop)]
    return result


def _difference(before: Explanation, after: Explanation, old: int | None, new: int | None) -> Difference:
    was = 0.0 if old is None else float(before.contributions[old])
    now = 0.0 if new is None else float(after.contributions[new])
    token = before.tokens[old] if new is None and old is not None else after.tokens[new or 0]
    return Difference(old, new, token.text, now - was)


def _completed(tokens: Sequence[Token], changes: Mapping[int, str]) -> dict[int, str]:
    """The stems of negated verbs, whole again, whose ``n't`` is dropped."""
    return {
        place - 1: verb.capitalize() if tokens[place - 1].text[0].isupper() else verb
        for place, new in changes.items()
        if not new and normal_form(tokens[place].text) == "n't" and place
        if (verb := _FULL_VERBS.get(tokens[place - 1].text.lower())) and place - 1 not in changes
    }


def _rejoin(parts: Sequence[str], gap: str, word: str) -> str:
    """What stands before ``word`` where tokens were dropped between it and ``parts``."""
    if not parts:
        return gap.removeprefix(" ")
    if gap in {"", " "} and word in _ENDS and parts[-1][-1].isalpha():
        return ""
    return gap or " "


def _close_up(gap: str, more: str) -> str:
    """Two gaps between which a token stood, less one of the spaces that met."""
    return gap + (more[1:] if gap.endswith(" ") and more.startswith(" ") else more)

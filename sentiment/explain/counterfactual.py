"""Counterfactuals: edits words, searches for a minimal edit that flips the prediction, and compares two versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from sentiment.model.classifier import Classifier
from sentiment.types import Explanation, Prediction, Token

MAX_DROPPED = 30  # words that a flip may drop

_MAX_CHARACTERS = 100  # of a token that is only scored; no word in the vocabulary is longer
_MAX_MATCHES = 30_000  # pairs of equal tokens in two versions; ordinary texts of 1,000 tokens have about 12,000
_MARGIN = 2 * MAX_DROPPED  # tokens beyond the length limit that come within it when others are dropped

_ENDS = {".", ",", ";", "!", "?"}

# Verbs that change their form before n't, as the tokenizer splits them.
_FULL_VERBS = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}


def edit(text: str, tokens: Sequence[Token], changes: Mapping[int, str]) -> str:
    """Returns the text with some tokens replaced, by index; an empty replacement drops the token.

    One of the spaces around a dropped token is removed as well. The rest of a contraction becomes a full word: "can't"
    without "n't" is "can". A space is inserted between tokens that would become adjacent, except between a word and the
    punctuation mark that ends its phrase.
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
    """Returns a short text with the same score as the tokens of ``text``, and its tokens.

    Long white space, tags and tokens are shortened, and the text after the tokens is left out. The time and memory
    of an edited version therefore depend only on the number of tokens.
    """
    parts: list[str] = []
    short: list[Token] = []
    at, done = 0, 0
    for token in tokens:
        gap = text[done : token.start] if token.start - done < 2 else "\n\n"
        word = token.text if len(token.text) <= _MAX_CHARACTERS else token.form[:_MAX_CHARACTERS]
        parts += [gap, word]
        at += len(gap)
        short.append(Token(word, at, at + len(word), token.form))
        at += len(word)
        done = token.end
    return "".join(parts), short


@dataclass(frozen=True, slots=True)
class Flip:
    """A small change that flips the prediction.

    Attributes:
        places: indices of the tokens to drop, in the order of the text.
        text: the remaining text.
        prediction: the prediction for the remaining text.
    """

    places: tuple[int, ...]
    text: str
    prediction: Prediction


def smallest_flip(classifier: Classifier, explanation: Explanation) -> Flip | None:
    """Searches for a minimal set of tokens whose removal flips the prediction; returns None if it finds none.

    Tokens are dropped in the order of their contributions to the predicted label until it flips. Then each unnecessary
    token is put back, the least important first. Every step and the resulting text are scored. The result is minimal in
    that none of its tokens can be put back; a smaller set may exist.
    """
    pushes = explanation.contributions * (1 if explanation.prediction.label == "positive" else -1)
    order = [int(place) for place in np.argsort(-pushes, kind="stable")[:MAX_DROPPED] if pushes[place] > 0]
    tokens = classifier.preprocessor.tokens(explanation.text, len(explanation.tokens) + _MARGIN)
    near = condense(explanation.text, tokens)
    choices = [order[:count] for count in range(1, len(order) + 1)]
    flip, before = next(_flipping(classifier, explanation, near, choices), None), None
    while flip != before:  # a token may become unnecessary after another one is put back
        before = flip
        for place in reversed(order):
            if flip and place in flip:
                fewer = [other for other in flip if other != place]
                flip = next(_flipping(classifier, explanation, near, [fewer]), flip)
    if flip is None:
        return None
    text = edit(explanation.text, explanation.tokens, dict.fromkeys(flip, ""))
    return Flip(tuple(sorted(flip)), text, classifier.predict([text])[0])


def _flipping(
    classifier: Classifier, explanation: Explanation, near: tuple[str, Sequence[Token]], choices: Sequence[list[int]]
) -> Iterator[list[int]]:
    """Yields the choices of tokens whose removal flips the prediction.

    ``near`` is the condensed text with its tokens, which is scored instead of the whole text.
    """
    texts = [edit(*near, dict.fromkeys(choice, "")) for choice in choices]
    for choice, prediction in zip(choices, classifier.predict(texts), strict=True):
        if prediction.label not in {None, explanation.prediction.label}:
            yield choice


@dataclass(frozen=True, slots=True)
class Difference:
    """A token that is in both versions of a text, or in one of them.

    Attributes:
        before: its index in the first version, None if it is new.
        after: its index in the second version, None if it was removed.
        text: the token as in the second version, or as in the first if it was removed.
        change: its contribution in the second version minus that in the first; an absent token contributes 0.
    """

    before: int | None
    after: int | None
    text: str
    change: float


def compare(before: Explanation, after: Explanation) -> list[Difference]:
    """Returns the tokens of both versions in order, with the tokens common to both matched.

    The changes, plus those of baseline logit and residual, add up to the change of the logit. If the versions repeat a
    few words hundreds of times, these words are matched only next to others.
    """
    old, new = ([token.form for token in version.tokens] for version in (before, after))
    counts = Counter(old)
    repetitive = sum(counts[token] for token in new) > _MAX_MATCHES  # matching would take minutes
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
    """Returns the full forms of negated verbs whose ``n't`` is dropped, by index: "ca" becomes "can"."""
    return {
        place - 1: verb.capitalize() if tokens[place - 1].text[0].isupper() else verb
        for place, new in changes.items()
        if not new and tokens[place].form == "n't" and place
        if (verb := _FULL_VERBS.get(tokens[place - 1].form)) and place - 1 not in changes
    }


def _rejoin(parts: Sequence[str], gap: str, word: str) -> str:
    """Returns the gap before ``word`` if tokens were dropped between it and ``parts``."""
    if not parts:
        return gap.removeprefix(" ")
    if gap in {"", " "} and word in _ENDS and parts[-1][-1].isalpha():
        return ""
    return gap or " "


def _close_up(gap: str, more: str) -> str:
    """Joins the gaps around a dropped token, without one of the two spaces that meet."""
    return gap + (more[1:] if gap.endswith(" ") and more.startswith(" ") else more)

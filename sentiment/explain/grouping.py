"""Groups contributions by word, phrase or sentence. A group's contribution is exactly the sum of its tokens'."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from sentiment.types import Explanation, Token

Level = Literal["token", "word", "phrase", "sentence"]

_STOPS = {".", "!", "?", "…"}
_CLOSING = {'"', "”", "’", "'", ")", "]", "»"}
_OPENING = {"(", "[", "“", "‘", "«"}
_PAUSES = {",", ";", ":", "–", "—", ")", "]", "»"}
_LINKS = {"-", "'", "’", "_"}
_ABBREVIATIONS = {"mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "etc"}
# A phrase can begin with one of these.
_CONNECTIVES = {
    *("and", "but", "or", "nor", "yet", "because", "although", "though", "while", "whereas", "however", "despite"),
    *("if", "unless", "when", "where", "which", "who", "until", "since"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """A group of adjacent tokens.

    Attributes:
        start: the start of the group in the text.
        end: the end of the group; ``text[start:end]`` includes the gaps between its tokens.
        first: the index of its first token.
        stop: the index after its last token.
        value: the sum of its tokens' contributions, in logit units.
        unknown: whether all its tokens are unknown to the model.
    """

    start: int
    end: int
    first: int
    stop: int
    value: float
    unknown: bool


def group(explanation: Explanation, level: Level) -> list[Group]:
    """Returns the tokens read as groups, in order; every token is in exactly one group."""
    starts = [0, *cuts(explanation.text, explanation.tokens, level), len(explanation.tokens)]
    values, unknown = explanation.contributions.tolist(), explanation.unknown.tolist()
    return [
        Group(
            explanation.tokens[first].start,
            explanation.tokens[stop - 1].end,
            first,
            stop,
            math.fsum(values[first:stop]),
            all(unknown[first:stop]),
        )
        for first, stop in pairwise(starts)
        if stop > first
    ]


def cuts(text: str, tokens: Sequence[Token], level: Level) -> list[int]:
    """Returns the indices of the tokens that begin a group, in order, without the first token."""
    begins = {"token": _begins_token, "word": _begins_word, "phrase": _begins_phrase, "sentence": _begins_sentence}
    return [place for place in range(1, len(tokens)) if begins[level](text, tokens, place)]


def _begins_token(text: str, tokens: Sequence[Token], place: int) -> bool:
    return True


def _begins_word(text: str, tokens: Sequence[Token], place: int) -> bool:
    """Treats the parts of a contraction, and words linked by a hyphen or apostrophe, as one word."""
    if tokens[place - 1].end != tokens[place].start:
        return True
    words = _is_word(tokens[place - 1]) and _is_word(tokens[place])
    return not (words or _links(tokens, place - 1) or _links(tokens, place))


def _begins_phrase(text: str, tokens: Sequence[Token], place: int) -> bool:
    """Begins a phrase at a sentence, after a pause, and before a connective, opening bracket or quotation mark."""
    before, token = tokens[place - 1], tokens[place]
    if _begins_sentence(text, tokens, place):
        return True
    if not _begins_word(text, tokens, place):
        return False
    if before.form in _PAUSES:
        return token.form not in _PAUSES and not _closes(before, token)
    if before.end == token.start:
        return False
    connects = token.form in _CONNECTIVES and before.form not in _CONNECTIVES
    return token.text in _OPENING or connects


def _begins_sentence(text: str, tokens: Sequence[Token], place: int) -> bool:
    """Begins a sentence after a stop and its closing marks, an empty line, or a tag that breaks the line."""
    gap = text[tokens[place - 1].end : tokens[place].start]
    if _breaks_line(gap):
        return True
    if not gap or _is_stop(tokens[place]):
        return False
    last = place - 1
    while last and tokens[last].form in _CLOSING:
        last -= 1
    return _is_stop(tokens[last]) and not (tokens[last].form == "." and last and _is_abbreviation(tokens[last - 1]))


def _breaks_line(gap: str) -> bool:
    return gap.count("\n") > 1 or bool(re.search(r"<(?:br|p|/p|div|/div|li|/li)\b", gap, re.IGNORECASE))


def _is_abbreviation(token: Token) -> bool:
    initial = len(token.text) == 1 and token.text.isupper() and token.text != "I"
    return initial or token.form in _ABBREVIATIONS


def _is_stop(token: Token) -> bool:
    return token.form in _STOPS or token.form.startswith("..")


def _is_word(token: Token) -> bool:
    return any(map(str.isalnum, token.form))


def _closes(before: Token, token: Token) -> bool:
    """Returns whether a token is a closing bracket or quotation mark: no gap separates it from the one before."""
    return token.form in _CLOSING and before.end == token.start


def _links(tokens: Sequence[Token], place: int) -> bool:
    """Returns whether a token is a hyphen or apostrophe directly between two words."""
    if not 0 < place < len(tokens) - 1 or tokens[place].form not in _LINKS:
        return False
    before, link, after = tokens[place - 1 : place + 2]
    return before.end == link.start and link.end == after.start and _is_word(before) and _is_word(after)

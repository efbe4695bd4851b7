"""Splits a text into tokens with their spans.

A token is a word, the stem or the ending of a contraction (``do`` + ``n't``, ``it`` + ``'s``), a number or a rating
(``7.5/10``), a run of dots, a smiley, or any other single visible character. HTML tags and white space separate
tokens. Nothing is changed or dropped: the spans and the gaps between them reproduce the text. Tokens are lower-cased
when they are looked up (``vocabulary.py``), not here.

Contractions follow the Penn Treebank (Marcus et al. 1993), so a negation stays visible as ``n't``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from operator import itemgetter

from sentiment.types import Token

# The bound on the length of a tag keeps the search linear for any text.
_TAG = r"<(?i:[a-zA-Z/!])[^<>]{0,200}>"
_MULTIPLE = r"""
        \d+(?:[.,]\d+)?/\d+(?![^\W_])         # a rating: 8/10, 7.5/10
     |  [^\W\d_]+(?=n['’]t(?![^\W_]))         # the stem of a negated verb: do|n't
     |  n['’]t(?![^\W_])
     |  ['’](?:s|m|d|re|ve|ll)(?![^\W_])      # it|'s, they|'re
     |  [^\W_]+
     |  \.\.+
     |  [:;=]-?[()DP](?![^\W_])               # a smiley
"""
_PATTERN = re.compile(rf"{_TAG}|({_MULTIPLE}|\S)", re.VERBOSE | re.IGNORECASE)
_TAGS = re.compile(_TAG)
# The same, but the first group matches runs of characters that are one token each.
_RUNS = re.compile(rf"([^\w\s<.:;='’]+|<+(?=<)|_+)|{_TAG}|({_MULTIPLE}|\S)", re.VERBOSE | re.IGNORECASE)
_CHUNK = re.compile(r"\S+")


def tokenize(text: str, limit: int | None = None) -> list[Token]:
    """Returns the first ``limit`` tokens of ``text`` in order, or all, each with its ``[start, end)`` span."""
    return list(islice(_tokens(text), limit))


def _tokens(text: str) -> Iterator[Token]:
    for match in _PATTERN.finditer(text):
        if match.lastindex:
            yield Token(match[1], *match.span())


def count_tokens(text: str) -> int:
    """Returns the number of tokens in ``text`` without storing them."""
    count = 0
    for match in _RUNS.finditer(text):
        if match.lastindex:
            count += match.end() - match.start() if match.lastindex == 1 else 1
    return count


def chunks(text: str) -> list[str]:
    """Splits the text at white space and tags; no token crosses such a cut or depends on the other side."""
    return _without_tags(text).split()


def iter_chunks(text: str) -> Iterator[str]:
    """Yields the same chunks as ``chunks``, for long texts."""
    return map(itemgetter(0), _CHUNK.finditer(_without_tags(text)))


def _without_tags(text: str) -> str:
    return _TAGS.sub(" ", text) if "<" in text else text


def token_texts(text: str) -> list[str]:
    """Returns the texts of ``tokenize(text)`` without their spans; several times faster."""
    return [token for token in _PATTERN.findall(text) if token]

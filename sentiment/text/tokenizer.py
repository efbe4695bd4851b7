"""Text to tokens that know their place.

A token is a word, the stem or the ending of a contraction (``do`` + ``n't``, ``it`` + ``'s``), a number or a mark
out of ten (``7.5/10``), a run of dots, a smiley, or any other single visible character. HTML tags and white space
lie between tokens. Nothing is changed or dropped: the spans and the gaps between them give back the text.
Lower-casing happens when a token is looked up (``vocabulary.py``), not here.

The conventions for contractions are those of the Penn Treebank (Marcus et al. 1993), so that a negation stays
visible as ``n't``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from operator import itemgetter

from sentiment.types import Token

# Bounds on how far a tag and a mark reach keep the search linear, whatever a long text is made of.
_TAG = r"<(?i:[a-zA-Z/!])[^<>]{0,200}>"
_MULTIPLE = r"""
        \d+(?:[.,]\d+)?/\d+(?![^\W_])         # a mark: 8/10, 7.5/10
     |  [^\W\d_]+(?=n['’]t(?![^\W_]))         # the stem of a negated verb: do|n't
     |  n['’]t(?![^\W_])
     |  ['’](?:s|m|d|re|ve|ll)(?![^\W_])      # it|'s, they|'re
     |  [^\W_]+
     |  \.\.+
     |  [:;=]-?[()DP](?![^\W_])               # a smiley
"""
_PATTERN = re.compile(rf"{_TAG}|({_MULTIPLE}|\S)", re.VERBOSE | re.IGNORECASE)
_TAGS = re.compile(_TAG)
# The same, with runs of characters that are a token each in the first group.
_RUNS = re.compile(rf"([^\w\s<.:;='’]+|<+(?=<)|_+)|{_TAG}|({_MULTIPLE}|\S)", re.VERBOSE | re.IGNORECASE)
_STRETCH = re.compile(r"\S+")


def tokenize(text: str, limit: int | None = None) -> list[Token]:
    """Returns the tokens of ``text`` in order, each with its ``[start, end)`` span; the first ``limit`` of them."""
    return list(islice(_tokens(text), limit))


def _tokens(text: str) -> Iterator[Token]:
    for match in _PATTERN.finditer(text):
        if match.lastindex:
            yield Token(match[1], *match.span())


def count_tokens(text: str) -> int:
    """Returns the number of tokens in ``text``, which may be long: takes no memory for them."""
    count = 0
    for match in _RUNS.finditer(text):
        if match.lastindex:
            count += match.end() - match.start() if match.lastindex == 1 else 1
    return count


def stretches(text: str) -> list[str]:
    """The text, cut where there is white space or a tag: no token reaches over a cut, nor depends on what is there."""
    return _without_tags(text).split()


def each_stretch(text: str) -> Iterator[str]:
    """The same one by one, for long texts."""
    return map(itemgetter(0), _STRETCH.finditer(_without_tags(text)))


def _without_tags(text: str) -> str:
    return _TAGS.sub(" ", text) if "<" in text else text


def token_texts(text: str) -> list[str]:
    """The texts of ``tokenize(text)``, for when their places do not matter; several times faster."""
    return [token for token in _PATTERN.findall(text) if token]

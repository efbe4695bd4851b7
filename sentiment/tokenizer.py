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

from sentiment.records import Token

# Bounds on how far a tag and a mark reach keep the search linear, whatever a long text is made of.
_TAG = r"<(?i:[a-zA-Z/!])[^<>]{0,200}>"
_PATTERN = re.compile(
    rf"""
    {_TAG}
    |(  \d+(?:[.,]\d+)?/\d+(?![^\W_])         # a mark: 8/10, 7.5/10
     |  [^\W\d_]+(?=n['’]t(?![^\W_]))         # the stem of a negated verb: do|n't
     |  n['’]t(?![^\W_])
     |  ['’](?:s|m|d|re|ve|ll)(?![^\W_])      # it|'s, they|'re
     |  [^\W_]+
     |  \.\.+
     |  [:;=]-?[()DP](?![^\W_])               # a smiley
     |  \S
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_TAGS = re.compile(_TAG)


def tokenize(text: str) -> list[Token]:
    """The tokens of ``text`` in order, each with its ``[start, end)`` span."""
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    for match in _PATTERN.finditer(text):
        if match.lastindex:
            yield Token(match[1], *match.span())


def stretches(text: str) -> list[str]:
    """The text, cut where there is white space or a tag: no token reaches over a cut, nor depends on what is there."""
    return (_TAGS.sub(" ", text) if "<" in text else text).split()


def token_texts(text: str) -> list[str]:
    """The texts of ``tokenize(text)``, for when their places do not matter; several times faster."""
    return [token for token in _PATTERN.findall(text) if token]

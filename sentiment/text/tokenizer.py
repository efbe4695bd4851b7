"""Splits a text into tokens.

A token is a word, the stem or the ending of a contraction (``do`` + ``n't``, ``it`` + ``'s``), a number or a rating
(``7.5/10``), a run of dots, a smiley, or any other single visible character. HTML tags and white space separate
tokens. Nothing is changed or dropped: the tokens and the gaps between them reproduce the text. Tokens are lower-cased
when they are looked up, not here.

Contractions follow the Penn Treebank (Marcus et al. 1993), so a negation stays visible as ``n't``.

``FIRST`` takes ``<terrible>`` for a tag and ``dont`` for one word. ``SECOND`` splits ``dont`` like ``don't``; it is for
texts in normal form, which have no tags.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from operator import itemgetter

_RATING = r"\d+(?:[.,]\d+)?/\d+(?![^\W_])"  # 8/10, 7.5/10
_MULTIPLE = rf"""
        {_RATING}
     |  [^\W\d_]+(?=n['’]t(?![^\W_]))         # the stem of a negated verb: do|n't
     |  n['’]t(?![^\W_])
     |  ['’](?:s|m|d|re|ve|ll)(?![^\W_])      # it|'s, they|'re
     |  [^\W_]+
     |  \.\.+
     |  [:;=]-?[()DP](?![^\W_])               # a smiley
"""
# The bound on the length of a tag keeps the search linear for any text.
_TAG = r"<(?i:[a-zA-Z/!])[^<>]{0,200}>"

_VERBS = "do|does|did|is|was|are|were|has|have|had|ca|wo|could|would|should|must|might|need|ai"
_QUOTE = r"(?:'|''|\\')"  # as SQL and JSON files escape it
_MULTIPLE_2 = rf"""
        {_RATING}
     |  (?<![^\W_])(?:{_VERBS})(?=nt(?![^\W_]))           # do|nt
     |  [^\W\d_]+(?=n(?:{_QUOTE}|\?)t(?![^\W_]))         # do|n't, do|n?t
     |  n(?:{_QUOTE}|\?)t(?![^\W_])
     |  {_QUOTE}(?:s|m|d|re|ve|ll)(?![^\W_])
     |  [^\W_]+
     |  \.\.+
     |  [:;=]-?[()DP](?![^\W_])  |  [:=]'-?[()]
     |  </?3+(?![\w/]|[.,]\d)                            # a heart, or a broken one
"""
_CHUNK = re.compile(r"\S+")


class Tokenizer:
    """Finds tokens by the pattern of those of more than one character, and that of a tag if texts may have tags."""

    def __init__(self, multiple: str, tag: str | None = None) -> None:
        flags = re.VERBOSE | re.IGNORECASE
        either = rf"{tag}|({multiple}|\S)" if tag else rf"({multiple}|\S)"
        self._tags = re.compile(tag) if tag else None
        self._tokens = re.compile(either, flags)
        # The same, but the first group matches runs of characters that are one token each.
        self._runs = re.compile(rf"([^\w\s<.:;='’\\]+|<+(?=<)|_+)|{either}", flags)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yields the ``[start, end)`` span of each token, in order."""
        for match in self._tokens.finditer(text):
            if match.lastindex:
                yield match.span()

    def texts(self, text: str) -> list[str]:
        """Returns the tokens without their spans; several times faster."""
        return [token for token in self._tokens.findall(text) if token]

    def counts(self, text: str) -> Iterator[tuple[str, int]]:
        """Yields tokens with numbers of occurrences, which add up to the tokens of ``text``, without storing them."""
        for match in self._runs.finditer(text):
            if match.lastindex == 1:
                yield from Counter(match[1]).items()
            elif match.lastindex:
                yield match[2], 1

    def chunks(self, text: str) -> list[str]:
        """Splits the text at white space and tags; no token crosses such a cut or depends on the other side."""
        return self._without_tags(text).split()

    def iter_chunks(self, text: str) -> Iterator[str]:
        """Yields the same chunks as ``chunks``, for long texts."""
        return map(itemgetter(0), _CHUNK.finditer(self._without_tags(text)))

    def _without_tags(self, text: str) -> str:
        return self._tags.sub(" ", text) if self._tags and "<" in text else text


FIRST = Tokenizer(_MULTIPLE, _TAG)
SECOND = Tokenizer(_MULTIPLE_2)

"""Converts a text to the model's input; training and serving both use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice

import numpy as np
import numpy.typing as npt

from sentiment.text.drafts import Draft
from sentiment.text.reading import LATEST, READINGS
from sentiment.text.vocabulary import UNK, Vocabulary
from sentiment.types import EncodedReview, Token

_MAX_CACHED = 100_000  # chunks, about 15 MB
_LONG = 50  # characters from which a chunk is too rare to cache
_LONG_TEXT = 20_000  # characters; in a longer text only the tokens read are looked up, which bounds memory
_MAY_BE_NEGATED = ("nt", "NT", "Nt", "nT")  # as "dont"; ``_split`` leaves these words to the tokenizer
_MARKS = frozenset(".,!?;")


class _ChunkIds(dict[str, tuple[int, ...]]):
    """A cache of the token ids of chunks of text between white space, most of which are frequent.

    It caches only chunks whose tokens are all in the vocabulary, so no name or number from a user's text is stored.
    """

    def __init__(self, encode: Callable[[str], tuple[int, ...]]) -> None:
        super().__init__()
        self._encode = encode

    def __missing__(self, chunk: str) -> tuple[int, ...]:
        """Encodes a chunk; caches its ids while there is room."""
        ids = self._encode(chunk)
        if UNK not in ids and len(self) < _MAX_CACHED and len(chunk) < _LONG:
            self[chunk] = ids
        return ids


class Preprocessor:
    """Tokenizes a text, truncates it after ``max_length`` tokens and looks up their ids.

    Args:
        vocabulary: the words that have ids.
        max_length: the number of tokens read.
        version: the version of reading; see ``reading``.
    """

    def __init__(self, vocabulary: Vocabulary, max_length: int, version: int = LATEST) -> None:
        reading = READINGS[version]
        self.vocabulary = vocabulary
        self.max_length = max_length
        self._normalize = reading.normalize
        self._tokenizer = reading.tokenizer
        self._form = reading.forms(vocabulary)
        self._chunk_ids = _ChunkIds(self._encode)
        words = [any(map(str.isalpha, token)) for token in vocabulary.tokens]
        self._is_known_word = np.array([False, False, *words])

    def __call__(self, text: str) -> EncodedReview:
        """Encodes a text and keeps its tokens with their spans, for display and explanation."""
        draft = self._normalize(text, mapped=True)
        found = list(islice(self._found(draft), self.max_length))
        ids = self.vocabulary.encode(form for form, _, _ in found)
        tokens = tuple(_token(text, draft, *each) for each in found)
        return EncodedReview(ids, tokens, self._total(draft.text, found), int((ids == UNK).sum()))

    def ids(self, text: str) -> tuple[npt.NDArray[np.int32], int]:
        """Returns the ids alone, <int32>[tokens_read], and the text's number of tokens; faster than a call."""
        draft = self._normalize(text)
        if len(draft.text) > _LONG_TEXT:
            found = list(islice(self._found(draft), self.max_length))
            return self.vocabulary.encode(form for form, _, _ in found), self._total(draft.text, found)
        by_chunk = map(self._chunk_ids.__getitem__, self._tokenizer.chunks(draft.text))
        ids = np.fromiter(chain.from_iterable(by_chunk), np.int32)
        return ids[: self.max_length], len(ids)

    def tokens(self, text: str, limit: int) -> list[Token]:
        """Returns the first ``limit`` tokens of a text, even beyond ``max_length``."""
        draft = self._normalize(text, mapped=True)
        return [_token(text, draft, *each) for each in islice(self._found(draft), limit)]

    def known_words(self, ids: npt.NDArray[np.int32]) -> float:
        """Returns the share of known words among words; punctuation would make any language look known.

        An unknown token counts as a word. The share is 1.0 if there are no words.
        """
        known = int(self._is_known_word[ids].sum())
        words = known + int((ids == UNK).sum())
        return known / words if words else 1.0

    def _found(self, draft: Draft) -> Iterator[tuple[str, int, int]]:
        """Yields the form of each token that is read, and its span in the draft."""
        for start, end in self._tokenizer.spans(draft.text):
            form = self._form(draft.text[start:end])
            if form is not None:
                yield form, start, end

    def _encode(self, chunk: str) -> tuple[int, ...]:
        get, forms = self.vocabulary.get, map(self._form, _split(chunk) or self._tokenizer.texts(chunk))
        return tuple([get(form) for form in forms if form is not None])

    def _total(self, text: str, found: list[tuple[str, int, int]]) -> int:
        """Returns the number of tokens in a normal text, given those that were read."""
        if len(found) < self.max_length:
            return len(found)
        rest = self._tokenizer.iter_chunks(text[found[-1][2] :])
        return len(found) + sum(len(self._chunk_ids[s]) if len(s) < _LONG else self._count(s) for s in rest)

    def _count(self, chunk: str) -> int:
        return sum(number for token, number in self._tokenizer.counts(chunk) if self._form(token) is not None)


def _split(chunk: str) -> tuple[str, ...]:
    """Returns the tokens of a single word, with or without a mark after it; nothing for any other chunk.

    Most chunks with unknown words are of this kind. They are not cached, and the tokenizer's pattern is three times
    as slow.
    """
    if chunk.isalpha():
        return () if chunk.endswith(_MAY_BE_NEGATED) else (chunk,)
    word, mark = chunk[:-1], chunk[-1]
    return (word, mark) if mark in _MARKS and word.isalpha() and not word.endswith(_MAY_BE_NEGATED) else ()


def _token(text: str, draft: Draft, form: str, start: int, end: int) -> Token:
    start, end = draft.original(start), draft.original(end)
    return Token(text[start:end], start, end, form)

"""Converts a text to the model's input; training and serving both use it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from sentiment.text.tokenizer import chunks, count_tokens, iter_chunks, token_texts, tokenize
from sentiment.text.vocabulary import UNK, Vocabulary
from sentiment.types import EncodedReview, Token

_MAX_CACHED = 100_000  # chunks, about 15 MB
_LONG = 50  # characters from which a chunk is too rare to cache
_LONG_TEXT = 20_000  # characters; in a longer text only the tokens read are looked up, which bounds memory


class _ChunkIds(dict[str, tuple[int, ...]]):
    """A cache of the token ids of chunks of text between white space, most of which are frequent.

    It caches only chunks whose tokens are all in the vocabulary, so no name or number from a user's text is stored.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._vocabulary = vocabulary

    def __missing__(self, chunk: str) -> tuple[int, ...]:
        """Tokenizes a chunk and looks up its ids; caches them while there is room."""
        ids = tuple(map(self._vocabulary.id, token_texts(chunk)))
        if UNK not in ids and len(self) < _MAX_CACHED and len(chunk) < _LONG:
            self[chunk] = ids
        return ids


class Preprocessor:
    """Tokenizes a text, truncates it after ``max_length`` tokens and looks up their ids."""

    def __init__(self, vocabulary: Vocabulary, max_length: int) -> None:
        self.vocabulary = vocabulary
        self.max_length = max_length
        self._chunk_ids = _ChunkIds(vocabulary)
        words = [any(map(str.isalpha, token)) for token in vocabulary.tokens]
        self._is_known_word = np.array([False, False, *words])

    def __call__(self, text: str) -> EncodedReview:
        """Encodes a text and keeps its tokens with their spans, for display and explanation."""
        tokens = tuple(tokenize(text, self.max_length))
        ids = self.vocabulary.encode(token.text for token in tokens)
        return EncodedReview(ids, tokens, self._total(text, tokens), int((ids == UNK).sum()))

    def ids(self, text: str) -> tuple[npt.NDArray[np.int32], int]:
        """Returns the ids of a call, <int32>[tokens_read], and the text's number of tokens; faster for many texts."""
        if len(text) > _LONG_TEXT:
            tokens = tokenize(text, self.max_length)
            return self.vocabulary.encode(token.text for token in tokens), self._total(text, tokens)
        ids = list(chain.from_iterable(map(self._chunk_ids.__getitem__, chunks(text))))
        return np.array(ids[: self.max_length], np.int32), len(ids)

    def _total(self, text: str, read: Sequence[Token]) -> int:
        """Returns the number of tokens in a text, given those that were read."""
        if len(read) < self.max_length:
            return len(read)
        rest = iter_chunks(text[read[-1].end :])
        return len(read) + sum(len(self._chunk_ids[s]) if len(s) < _LONG else count_tokens(s) for s in rest)

    def known_words(self, ids: npt.NDArray[np.int32]) -> float:
        """Returns the share of known words among words; punctuation would make any language look known.

        An unknown token counts as a word. The share is 1.0 if there are no words.
        """
        known = int(self._is_known_word[ids].sum())
        words = known + int((ids == UNK).sum())
        return known / words if words else 1.0

"""The one way from a text to what the model reads, in training and in serving alike."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from sentiment.text.tokenizer import count_tokens, each_stretch, stretches, token_texts, tokenize
from sentiment.text.vocabulary import UNK, Vocabulary
from sentiment.types import EncodedReview, Token

_REMEMBERED = 100_000  # stretches, about 15 MB
_LONG = 50  # characters of a stretch that is not worth remembering
_LONG_TEXT = 20_000  # characters; of a longer text only what is read is looked up, so that it takes little memory


class _Stretches(dict[str, tuple[int, ...]]):
    """The ids of stretches of text met before: of those between white space, most are met again and again.

    Only what the vocabulary knows is remembered: a name or a number from somebody's text is not kept.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._vocabulary = vocabulary

    def __missing__(self, stretch: str) -> tuple[int, ...]:
        """Splits and looks up, and remembers it while there is room."""
        ids = tuple(map(self._vocabulary.id, token_texts(stretch)))
        if UNK not in ids and len(self) < _REMEMBERED and len(stretch) < _LONG:
            self[stretch] = ids
        return ids


class Preprocessor:
    """Tokenizes, looks up, and cuts a text after ``max_length`` tokens."""

    def __init__(self, vocabulary: Vocabulary, max_length: int) -> None:
        self.vocabulary = vocabulary
        self.max_length = max_length
        self._stretches = _Stretches(vocabulary)
        words = [any(map(str.isalpha, token)) for token in vocabulary.tokens]
        self._is_known_word = np.array([False, False, *words])

    def __call__(self, text: str) -> EncodedReview:
        """A text with its tokens in place, for showing and explaining."""
        tokens = tuple(tokenize(text, self.max_length))
        ids = self.vocabulary.encode(token.text for token in tokens)
        return EncodedReview(ids, tokens, self._total(text, tokens), int((ids == UNK).sum()))

    def ids(self, text: str) -> tuple[npt.NDArray[np.int32], int]:
        """<int32>[tokens_read], the same ids as by a call, and the number of tokens in the text; for many texts."""
        if len(text) > _LONG_TEXT:
            tokens = tokenize(text, self.max_length)
            return self.vocabulary.encode(token.text for token in tokens), self._total(text, tokens)
        ids = list(chain.from_iterable(map(self._stretches.__getitem__, stretches(text))))
        return np.array(ids[: self.max_length], np.int32), len(ids)

    def _total(self, text: str, read: Sequence[Token]) -> int:
        """The number of tokens in a text of which these are read."""
        if len(read) < self.max_length:
            return len(read)
        rest = each_stretch(text[read[-1].end :])
        return len(read) + sum(len(self._stretches[s]) if len(s) < _LONG else count_tokens(s) for s in rest)

    def known_words(self, ids: npt.NDArray[np.int32]) -> float:
        """The share of known words among words, so that full stops do not make a language familiar.

        An unknown token counts as a word. 1.0 where there are no words at all.
        """
        known = int(self._is_known_word[ids].sum())
        words = known + int((ids == UNK).sum())
        return known / words if words else 1.0

"""The versions of reading a text. A run records the version that it was trained with, or is served with.

Version 1 reads texts as they are. Version 2 reads their normal form, and finds words for emoji, for ratings and for
words with repeated letters that the vocabulary lacks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sentiment.text import tokenizer
from sentiment.text.drafts import Draft
from sentiment.text.forms import Forms, spelling
from sentiment.text.normalization import normalize
from sentiment.text.tokenizer import Tokenizer
from sentiment.text.vocabulary import Vocabulary, normal_form

LATEST = 2  # the version of new trainings


@dataclass(frozen=True, slots=True)
class Reading:
    """One version of reading.

    Attributes:
        normalize: returns the normal form of a text, and maps its offsets back if ``mapped``.
        tokenizer: splits the normal form.
        spelling: returns the normal form of a token, to count it.
        forms: returns, for a vocabulary, a function from a token to the word to look up, None for an unread sign.
    """

    normalize: Callable[..., Draft]
    tokenizer: Tokenizer
    spelling: Callable[[str], str]
    forms: Callable[[Vocabulary], Callable[[str], str | None]]

    def words(self, text: str) -> list[str]:
        """Returns the tokens of a text in their normal form, for counting."""
        return list(map(self.spelling, self.tokenizer.texts(self.normalize(text).text)))


READINGS = {
    1: Reading(Draft, tokenizer.FIRST, normal_form, lambda vocabulary: normal_form),
    2: Reading(normalize, tokenizer.SECOND, spelling, Forms),
}

"""Normalises the names of columns and splits them into words."""

from __future__ import annotations

import re
import unicodedata

_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W\d_]+")


def plain(text: str) -> str:
    """Returns a text in lower case and without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(letter for letter in letters if not unicodedata.combining(letter)))


def name_words(name: str) -> list[str]:
    """Returns the words of a name: "reviewText" and "Review_Text" become "review" and "text"."""
    return _WORD.findall(plain(_CAMEL_CASE.sub(" ", unicodedata.normalize("NFC", name))))


def words_of(listed: str) -> frozenset[str]:
    """Returns the entries of a comma-separated list, in the form of ``plain``."""
    return frozenset(plain(word.strip()) for word in listed.split(","))

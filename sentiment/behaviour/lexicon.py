"""The lexicon, and templates filled from it."""

from __future__ import annotations

import re
import string
import tomllib
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

Lexicon = Mapping[str, Sequence[str]]

MAX_FILLINGS = 12  # of one template


def read() -> Lexicon:
    """Returns the lists of words by name, from ``lexicon.toml``."""
    return tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text(encoding="utf-8"))


def fillings(texts: Sequence[str], lexicon: Lexicon) -> list[tuple[str, ...]]:
    """Returns a template's texts with several fillings of the placeholders; a filling has the same words in all texts.

    The longest list is used once, up to ``MAX_FILLINGS`` words; shorter ones are repeated. The first word depends only
    on the template's text, so a new template does not change the cases of others.

    Args:
        texts: texts with placeholders like ``{film}`` or ``{film2}``.
        lexicon: lists of words by placeholder.

    Raises:
        KeyError: a placeholder names an unknown list.
    """
    slots = list(dict.fromkeys(slot for text in texts for slot in _slots(text)))
    names = list(dict.fromkeys(_list_of(slot) for slot in slots))
    offset = zlib.crc32(texts[0].encode())
    count = min(MAX_FILLINGS, max((len(lexicon[name]) for name in names), default=1))
    filled = []
    for case in range(count):
        start = {name: case + offset * (index + 1) for index, name in enumerate(names)}
        words = {slot: _at(lexicon[_list_of(slot)], start[_list_of(slot)] + _number(slot)) for slot in slots}
        filled.append(tuple(_articles(text.format_map(words)) for text in texts))
    return filled


def _slots(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name]


def _list_of(slot: str) -> str:
    return slot.rstrip(string.digits)


def _number(slot: str) -> int:
    return int(slot.removeprefix(_list_of(slot)) or 0)


def _at(words: Sequence[str], index: int) -> str:
    return words[index % len(words)]


def _articles(text: str) -> str:
    """Turns ``a`` into ``an`` before a vowel; the lexicon has no exceptions."""
    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)

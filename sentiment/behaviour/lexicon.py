"""The words that fill templates."""

from __future__ import annotations

import re
import string
import tomllib
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

Lexicon = Mapping[str, Sequence[str]]

MOST = 12  # fillings of one template


def read() -> Lexicon:
    """The lists of words by name, from ``lexicon.toml``."""
    return tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text(encoding="utf-8"))


def fillings(texts: Sequence[str], lexicon: Lexicon) -> list[tuple[str, ...]]:
    """The texts of one template with their placeholders filled, all of them with the same words, again and again.

    The longest list named is gone through once, up to ``MOST`` words; the others are turned beside it. Where in the
    lists a template begins depends on nothing but its text, so a template added leaves the cases of others as they are.

    Args:
        texts: with placeholders like ``{film}`` or ``{film2}``.
        lexicon: the lists they name.

    Raises:
        KeyError: a placeholder names no list.
    """
    slots = list(dict.fromkeys(slot for text in texts for slot in _slots(text)))
    names = list(dict.fromkeys(_list_of(slot) for slot in slots))
    turn = zlib.crc32(texts[0].encode())
    count = min(MOST, max((len(lexicon[name]) for name in names), default=1))
    found = []
    for case in range(count):
        start = {name: case + turn * (place + 1) for place, name in enumerate(names)}
        words = {slot: _at(lexicon[_list_of(slot)], start[_list_of(slot)] + _number(slot)) for slot in slots}
        found.append(tuple(_articles(text.format_map(words)) for text in texts))
    return found


def _slots(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name]


def _list_of(slot: str) -> str:
    return slot.rstrip(string.digits)


def _number(slot: str) -> int:
    return int(slot.removeprefix(_list_of(slot)) or 0)


def _at(words: Sequence[str], place: int) -> str:
    return words[place % len(words)]


def _articles(text: str) -> str:
    """``a`` or ``an``, as the word that was filled in asks for; the lexicon has no word that sounds otherwise."""
    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)

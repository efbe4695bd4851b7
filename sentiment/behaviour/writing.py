"""Changes in how a text is typed, encoded or stored, which must not change the prediction."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from functools import partial

_APOSTROPHE = re.compile(r"(?<=[^\W\d_])['’](?=[^\W\d_])")  # within a word
_NEGATED = re.compile(r"(?<=n)['’](?=t\b)", re.IGNORECASE)  # of "don't"
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_SPACE = re.compile(r"(?<!<br) ", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


def has_negation(text: str) -> bool:
    """Returns whether a text has a contraction with n't, such as "don't"."""
    return _NEGATED.search(text) is not None


def _apostrophe(replacement: str, text: str) -> str:
    return _APOSTROPHE.sub(replacement, text)


def _inside_longest_word(inserted: str, text: str) -> str:
    words = list(_WORD.finditer(text))
    if not words:
        return text
    word = max(words, key=lambda match: match.end() - match.start())
    middle = (word.start() + word.end()) // 2
    return text[:middle] + inserted + text[middle:]


def _escape_breaks(text: str) -> str:
    return _BREAK.sub("&lt;br&gt;", text) if _BREAK.search(text) else f"{text}&lt;br&gt;"


_MARKS = {
    "’": "’",
    "‘": "‘",
    "ʼ (U+02BC)": "ʼ",
    "´": "´",
    "`": "`",
    "＇ (full width)": "＇",
    "Õ (Mac Roman)": "Õ",
    "â€™ (UTF-8 read as cp1252)": "â€™",
    "&#39;": "&#39;",
    "&rsquo;": "&rsquo;",
}
CHANGES: dict[str, Callable[[str], str]] = {  # description -> change
    **{f"apostrophe as {name}": partial(_apostrophe, mark) for name, mark in _MARKS.items()},
    "no apostrophe in n't": partial(_NEGATED.sub, ""),
    "HTML escaped": html.escape,
    "<br> as &lt;br&gt;": _escape_breaks,
    "accents decomposed (NFD)": partial(unicodedata.normalize, "NFD"),
    "zero-width space in a word": partial(_inside_longest_word, "\u200b"),
    "soft hyphen in a word": partial(_inside_longest_word, "\u00ad"),
    "byte order mark before": lambda text: f"\ufeff{text}",
    "no-break spaces": partial(_SPACE.sub, "\u00a0"),
    "emoji after": lambda text: f"{text} 🎬",
}

"""Perturbations of spelling, case and punctuation that keep the meaning of a text."""

from __future__ import annotations

import re
from collections.abc import Callable


def swap_letters(text: str) -> str:
    """Swaps the two middle letters of the longest word, or the next pair of different letters."""
    start, word = _longest(text)
    at = next((i for i in range(len(word) // 2 - 1, len(word) - 1) if word[i] != word[i + 1]), 0)
    return _replaced(text, start, word, word[:at] + word[at + 1] + word[at] + word[at + 2 :])


def drop_letter(text: str) -> str:
    """Removes the middle letter of the longest word."""
    start, word = _longest(text)
    return _replaced(text, start, word, word[: len(word) // 2] + word[len(word) // 2 + 1 :])


def double_letter(text: str) -> str:
    """Doubles the letter before the middle of the longest word."""
    start, word = _longest(text)
    return _replaced(text, start, word, word[: len(word) // 2] + word[len(word) // 2 - 1 :])


def no_space_after_marks(text: str) -> str:
    """Removes the spaces after full stops and commas."""
    return re.sub(r"([.,]) ", r"\1", text)


def without_marks(text: str) -> str:
    """Removes all punctuation but apostrophes."""
    return re.sub(r"[^\w\s'’]", "", text)


def exclaim(text: str) -> str:
    """Ends sentences with three exclamation marks instead of a full stop."""
    return text.replace(".", "!!!")


def trail_off(text: str) -> str:
    """Ends sentences with three dots instead of a full stop."""
    return text.replace(".", "...")


def spread_out(text: str) -> str:
    """Starts a line after each sentence, and doubles the other spaces."""
    return re.sub(r"(?<!\n) ", "  ", re.sub(r"([.!?]) ", r"\1\n\n", text))


def _longest(text: str) -> tuple[int, str]:
    """Returns start and text of the first longest lower-case word; names are therefore unchanged."""
    words = [(match.start(), match[0]) for match in re.finditer(r"\b[a-z]+\b", text)]
    return max(words, key=lambda word: len(word[1]))


def _replaced(text: str, start: int, word: str, new: str) -> str:
    return text[:start] + new + text[start + len(word) :]


PERTURBATIONS: dict[str, Callable[[str], str]] = {
    "swap_letters": swap_letters,
    "drop_letter": drop_letter,
    "double_letter": double_letter,
    "no_space_after_marks": no_space_after_marks,
    "upper": str.upper,
    "lower": str.lower,
    "without_marks": without_marks,
    "exclaim": exclaim,
    "trail_off": trail_off,
    "spread_out": spread_out,
}

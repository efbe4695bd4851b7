"""Guesses and names the columns of reviews and of labels."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from sentiment.tables.errors import FileError

Cells = Sequence[str | None]

TEXT_NAMES = ("review", "text", "reviews", "review_text", "reviewtext", "content", "comment", "comments", "body")
LABEL_NAMES = ("sentiment", "label", "labels", "polarity", "class", "target", "stars", "rating", "score")

_POSITIVE = frozenset({"pos", "positive", "true", "yes", "good"})
_NEGATIVE = frozenset({"neg", "negative", "false", "no", "bad"})
_PLAIN = frozenset({"pos", "positive", "neg", "negative"})
_STARS, _MARKS = 5, 10
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
# A full year, three numbers with one separator, or a month between two numbers: "8/10" and "10:30" are not dates.
_DATED = re.compile(
    r"(?<![\d.,:])(1\d|20)\d\d(?!\d)"  # 2021-05-03, May 2021
    r"|(?<!\d)(19|20)\d{6}[T ]\d"  # 20210503T1030
    r"|(?<![\d.])\d{1,2}([-/.])\d{1,2}\3(\d{4}|\d\d)\b(?!\.)"  # 3/4/21, 3.4.2021 10:30
    r"|\d(?:st|nd|rd|th)?\W+[a-z]{3,}\W+\d"  # 3-May-21
    r"|[a-z]{3,}\W+\d+\w*\W*,\s*\d\d\b",  # May 3, 21
    re.IGNORECASE,
)
_SENTENCE_WORDS = 3  # on average; a column with fewer holds names or categories
_CHOICE_CHARACTERS = 100
_DATE_LIMIT = 60  # characters; a longer cell is not a date


def guess_text_column(columns: Sequence[str], rows: Sequence[Cells], texts: Sequence[int] = ()) -> int:
    """Returns the column that looks most like reviews: by its name first, then by the words in its cells.

    Args:
        columns: the names.
        rows: the first rows.
        texts: positions of the columns that can hold reviews; empty for all.
    """
    texts = texts or range(len(columns))
    names = {columns[i].strip().lower(): i for i in reversed(texts)}
    for known in TEXT_NAMES:
        if known in names:
            return names[known]
    return max(texts, key=lambda i: sum(len((row[i] or "").split()) for row in rows if i < len(row)))


def column_choices(columns: Sequence[str]) -> list[str]:
    """Returns a distinct label for each column, none of them "none": a browser knows a choice only by its label."""
    columns = [name if len(name) <= _CHOICE_CHARACTERS else f"{name[:_CHOICE_CHARACTERS]}…" for name in columns]
    often = Counter(columns)
    return [
        f"{name} (column {i + 1})".lstrip() if often[name] > 1 or name in ("", "none") or "(column " in name else name
        for i, name in enumerate(columns)
    ]


def looks_like_reviews(columns: Sequence[str], rows: Sequence[Cells], position: int) -> bool:
    """Returns whether a column has a usual name of reviews, or holds sentences and not ids, prices or categories."""
    if columns[position].strip().lower() in TEXT_NAMES:
        return True
    cells = [row[position] or "" for row in rows if position < len(row)]
    words = [len([word for word in cell.split() if any(map(str.isalpha, word))]) for cell in cells if cell.strip()]
    return not words or sum(words) / len(words) >= _SENTENCE_WORDS


def guess_label_column(columns: Sequence[str], rows: Sequence[Cells], text: int) -> int | None:
    """Returns the column whose values are all labels, None if there is none; a usual name takes precedence."""
    names = [name.strip().lower() for name in columns]
    others = [i for i in range(len(columns)) if i != text]
    for i in sorted(others, key=lambda i: names[i] not in LABEL_NAMES):
        values = {row[i] or "" for row in rows if i < len(row)} - {""}
        if values and (_are_sentiment_words(values) or (names[i] in LABEL_NAMES and _are_labels(values))):
            return i
    return None


def _are_sentiment_words(values: Iterable[str]) -> bool:
    return all(value.strip().lower() in _PLAIN for value in values)


def _are_labels(values: Collection[str]) -> bool:
    """Returns whether values of a column with a usual name are labels: known words, or a scale of numbers."""
    numbers = [_number(value) for value in values if _NUMBER.fullmatch(value.strip())]
    if not numbers:
        return all(value.strip().lower() in _POSITIVE | _NEGATIVE for value in values)
    return len(numbers) == len(values) and _scale_ends(set(numbers)) is not None


def label_values(values: Iterable[str]) -> dict[str, int | None]:
    """Maps each value of a label column to 1 positive, 0 negative, or None for neither or unknown.

    Words are looked up. Numbers are read on the smallest scale that contains them all: 0 and 1, -1 to 1, 1 and 2, 0 and
    4 with 2 between, stars up to 5, marks up to 10. The middle of a scale is neither. Numbers on another scale are
    unknown.
    """
    values = list(values)
    numbers = {value: _number(value) for value in values if _NUMBER.fullmatch(value.strip())}
    low, high = _scale_ends(set(numbers.values())) or (-math.inf, math.inf)
    means: dict[str, int | None] = {}
    for value in values:
        word = value.strip().lower()
        if value in numbers:
            means[value] = 1 if numbers[value] >= high else 0 if numbers[value] <= low else None
        else:
            means[value] = 1 if word in _POSITIVE else 0 if word in _NEGATIVE else None
    return means


def _scale_ends(numbers: set[float]) -> tuple[float, float] | None:
    """Returns the highest negative and lowest positive number of the smallest fitting scale; None if none fits."""
    for scale, low, high in (
        ({0, 1}, 0, 1),
        ({-1, 0, 1}, -1, 1),
        ({1, 2}, 1, 2),
        ({0, 2, 4}, 0, 4),
    ):
        if numbers <= scale:
            return low, high
    if min(numbers) < 0 or max(numbers) > _MARKS:
        return None
    return (2, 4) if max(numbers) <= _STARS else (4, 7)


def _number(value: str) -> float:
    return float(value.strip().replace(",", "."))


def find_column(columns: Sequence[str], wanted: str | int) -> int:
    """Returns the position of a column: an integer is the position, a string a name or else a number from 1.

    Raises:
        FileError: there is no such column, or more than one.
    """
    if isinstance(wanted, int):
        return wanted
    positions = [i for i, name in enumerate(columns) if name == wanted]
    if len(positions) == 1:
        return positions[0]
    if positions:
        numbers = " and ".join(str(i + 1) for i in positions)
        raise FileError(f"Columns {numbers} are both called {wanted}; give the number of the one you mean.")
    if wanted.isdecimal() and 1 <= int(wanted) <= len(columns):
        return int(wanted) - 1
    shown = ", ".join(columns[:20]) + (", …" if len(columns) > 20 else "")
    raise FileError(f"There is no column called {wanted}; there is {shown}.")


def looks_like_date(value: str) -> bool:
    """Returns whether a value is written like a date."""
    return len(value) <= _DATE_LIMIT and _DATED.search(value) is not None

"""Which column holds the reviews, which the labels, and whether a table has a header at all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sentiment.bulk.decoding import BulkError

Cells = Sequence[str | None]

TEXT_NAMES = ("review", "text", "reviews", "review_text", "reviewtext", "content", "comment", "comments", "body")
LABEL_NAMES = ("sentiment", "label", "labels", "polarity", "class", "target", "stars", "rating", "score")
DELIMITERS = ",;\t|"
ONE_COLUMN = "\x1f"  # the unit separator: what splits a table that has nothing to split

_POSITIVE = frozenset({"pos", "positive", "1", "1.0", "true"})
_NEGATIVE = frozenset({"neg", "negative", "0", "0.0", "false"})
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_REVIEW_WORDS = 12  # more words than a column's name has


def guess_text_column(columns: Sequence[str], rows: Sequence[Cells]) -> int:
    """The column that most looks like reviews: by its name first, then by how many words its cells hold."""
    names = [name.strip().lower() for name in columns]
    for known in TEXT_NAMES:
        if known in names:
            return names.index(known)
    words = [sum(len((row[i] or "").split()) for row in rows if i < len(row)) for i in range(len(columns))]
    return max(range(len(columns)), key=words.__getitem__)


def guess_label_column(columns: Sequence[str], rows: Sequence[Cells], text: int) -> int | None:
    """The column whose every value is a label, one with a telling name before the others; None without one."""
    names = [name.strip().lower() for name in columns]
    others = [i for i in range(len(columns)) if i != text]
    for i in sorted(others, key=lambda i: names[i] not in LABEL_NAMES):
        values = {row[i] or "" for row in rows if i < len(row)} - {""}
        words = not any(_NUMBER.fullmatch(value.strip()) for value in values)
        if values and (words or names[i] in LABEL_NAMES) and label_values(sorted(values)) is not None:
            return i
    return None


def label_values(values: Sequence[str]) -> dict[str, int | None] | None:
    """What each value of a label column means: 1 positive, 0 negative, None neither; None for no label column.

    Words and 0/1 say it themselves. Numbers up to 5 are stars, up to 10 marks: the middle is neither.
    """
    means: dict[str, int | None] = {}
    for value in values:
        word = value.strip().lower()
        if word in _POSITIVE or word in _NEGATIVE:
            means[value] = int(word in _POSITIVE)
    if len(means) == len(values):
        return means
    marks = {value: float(value) for value in values if _NUMBER.fullmatch(value.strip()) and "," not in value}
    if len(marks) != len(values) or not marks or min(marks.values()) < 0 or max(marks.values()) > 10:
        return None
    low, high = (2, 4) if max(marks.values()) <= 5 else (4, 7)
    return {value: 1 if mark >= high else 0 if mark <= low else None for value, mark in marks.items()}


def find_column(columns: Sequence[str], wanted: str | int) -> int:
    """The column at a place, or of a name, or of a number from 1 where no column has it as its name.

    Raises:
        BulkError: there is none, or more than one.
    """
    if isinstance(wanted, int):
        return wanted
    places = [i for i, name in enumerate(columns) if name == wanted]
    if len(places) == 1:
        return places[0]
    if places:
        numbers = " and ".join(str(i + 1) for i in places)
        raise BulkError(f"Columns {numbers} are both called {wanted}; give the number of the one you mean.")
    if wanted.isdecimal() and 1 <= int(wanted) <= len(columns):
        return int(wanted) - 1
    shown = ", ".join(columns[:20]) + (", …" if len(columns) > 20 else "")
    raise BulkError(f"There is no column called {wanted}; there is {shown}.")


def guess_delimiter(sample: dict[str, list[list[str]]], preferred: str) -> str:
    """The delimiter that splits most rows into as many cells as the first row, which it must split at all.

    Args:
        sample: the first rows as each delimiter would split them.
        preferred: what wins a tie.
    """
    best, best_score = ONE_COLUMN, (0.0, 0, False)
    for delimiter, rows in sample.items():
        width = len(rows[0]) if rows else 0
        if width < 2:
            continue
        share = sum(len(row) == width for row in rows) / len(rows)
        score = (round(share, 1), width, delimiter == preferred)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first of these rows names the columns; data give themselves away as a review, a number or a label."""
    first, rest = rows[0], rows[1:]
    if any(cell.strip().lower() in TEXT_NAMES for cell in first):
        return True
    if any(len(cell.split()) > _REVIEW_WORDS for cell in first):
        return False
    for i, cell in enumerate(first):
        below = [row[i].strip().lower() for row in rest if i < len(row)]
        word = cell.strip().lower()
        if below and _NUMBER.fullmatch(word) and all(map(_NUMBER.fullmatch, below)):
            return False
        if below and word in _POSITIVE | _NEGATIVE and all(value in _POSITIVE | _NEGATIVE for value in below):
            return False
    return True

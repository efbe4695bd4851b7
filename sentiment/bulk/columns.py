"""Which column holds the reviews, which the labels, and whether a table has a header at all."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from sentiment.bulk.problem import BulkError

Cells = Sequence[str | None]

TEXT_NAMES = ("review", "text", "reviews", "review_text", "reviewtext", "content", "comment", "comments", "body")
LABEL_NAMES = ("sentiment", "label", "labels", "polarity", "class", "target", "stars", "rating", "score")
DELIMITERS = ",;\t|"
ONE_COLUMN = "\x1f"  # the unit separator: what splits a table that has nothing to split

_POSITIVE = frozenset({"pos", "positive", "true", "yes", "good"})
_NEGATIVE = frozenset({"neg", "negative", "false", "no", "bad"})
_PLAIN = frozenset({"pos", "positive", "neg", "negative"})
_STARS, _MARKS = 5, 10
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_REVIEW_WORDS = 12  # more words than a column's name has
_SENTENCE_WORDS = 3  # on average; fewer are names or categories


def guess_text_column(columns: Sequence[str], rows: Sequence[Cells], texts: Sequence[int] = ()) -> int:
    """The column that most looks like reviews: by its name first, then by how many words its cells hold.

    Args:
        columns: the names.
        rows: the first rows.
        texts: places of the columns that can hold reviews; all where empty.
    """
    texts = texts or range(len(columns))
    names = {columns[i].strip().lower(): i for i in reversed(texts)}
    for known in TEXT_NAMES:
        if known in names:
            return names[known]
    return max(texts, key=lambda i: sum(len((row[i] or "").split()) for row in rows if i < len(row)))


def labels_to_choose(columns: Sequence[str]) -> list[str]:
    """A label a column, no two alike and none of them "none": a choice in the browser is known by its label alone."""
    often = Counter(columns)
    return [
        f"{name} (column {i + 1})".lstrip() if often[name] > 1 or name in ("", "none") or "(column " in name else name
        for i, name in enumerate(columns)
    ]


def looks_like_reviews(columns: Sequence[str], rows: Sequence[Cells], place: int) -> bool:
    """Whether a column is called as reviews are, or holds sentences; ids, prices and categories do not."""
    if columns[place].strip().lower() in TEXT_NAMES:
        return True
    cells = [row[place] or "" for row in rows if place < len(row)]
    words = [len([word for word in cell.split() if any(map(str.isalpha, word))]) for cell in cells if cell.strip()]
    return not words or sum(words) / len(words) >= _SENTENCE_WORDS


def guess_label_column(columns: Sequence[str], rows: Sequence[Cells], text: int) -> int | None:
    """The column whose every value is a label, one with a telling name before the others; None without one."""
    names = [name.strip().lower() for name in columns]
    others = [i for i in range(len(columns)) if i != text]
    for i in sorted(others, key=lambda i: names[i] not in LABEL_NAMES):
        values = {row[i] or "" for row in rows if i < len(row)} - {""}
        if values and (_are_plain(values) or (names[i] in LABEL_NAMES and _are_labels(values))):
            return i
    return None


def _are_plain(values: Iterable[str]) -> bool:
    return all(value.strip().lower() in _PLAIN for value in values)


def _are_labels(values: Collection[str]) -> bool:
    """Whether these can be labels, given that the column's name says so: known words, or a scale of numbers."""
    numbers = [_number(value) for value in values if _NUMBER.fullmatch(value.strip())]
    if not numbers:
        return all(value.strip().lower() in _POSITIVE | _NEGATIVE for value in values)
    return len(numbers) == len(values) and _ends(set(numbers)) is not None


def label_values(values: Iterable[str]) -> dict[str, int | None]:
    """What each value of a label column means: 1 positive, 0 negative, None neither or not known.

    Words say it themselves. Numbers are read on the smallest scale that holds them all: 0 and 1, -1 to 1, 1 and 2, 0
    and 4 with 2 between, stars up to 5, marks up to 10; the middle of a scale is neither. On a scale that is
    none of these, a number says nothing.
    """
    values = list(values)
    numbers = {value: _number(value) for value in values if _NUMBER.fullmatch(value.strip())}
    low, high = _ends(set(numbers.values())) or (-math.inf, math.inf)
    means: dict[str, int | None] = {}
    for value in values:
        word = value.strip().lower()
        if value in numbers:
            means[value] = 1 if numbers[value] >= high else 0 if numbers[value] <= low else None
        else:
            means[value] = 1 if word in _POSITIVE else 0 if word in _NEGATIVE else None
    return means


def _ends(numbers: set[float]) -> tuple[float, float] | None:
    """The highest negative and the lowest positive number of the smallest scale that holds these; None without one."""
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

"""Guesses the columns of reviews and of labels, the delimiter, and whether a table has a header."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from statistics import median

from sentiment.tables.errors import FileError

Cells = Sequence[str | None]

TEXT_NAMES = ("review", "text", "reviews", "review_text", "reviewtext", "content", "comment", "comments", "body")
LABEL_NAMES = ("sentiment", "label", "labels", "polarity", "class", "target", "stars", "rating", "score")
DELIMITERS = ",;\t|"
ONE_COLUMN = "\x1f"  # the unit separator, as the delimiter of a table with one column

_POSITIVE = frozenset({"pos", "positive", "true", "yes", "good"})
_NEGATIVE = frozenset({"neg", "negative", "false", "no", "bad"})
_PLAIN = frozenset({"pos", "positive", "neg", "negative"})
_STARS, _MARKS = 5, 10
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_REVIEW_WORDS = 12  # a column's name has fewer words
# A full year, three numbers with one separator, or a month between two numbers: "8/10" and "10:30" are not dates.
_DATED = re.compile(
    r"(?<![\d.,:])(1\d|20)\d\d(?!\d)"  # 2021-05-03, May 2021
    r"|(?<!\d)(19|20)\d{6}[T ]\d"  # 20210503T1030
    r"|(?<![\d.])\d{1,2}([-/.])\d{1,2}\3(\d{4}|\d\d)\b(?!\.)"  # 3/4/21, 3.4.2021 10:30
    r"|\d(?:st|nd|rd|th)?\W+[a-z]{3,}\W+\d"  # 3-May-21
    r"|[a-z]{3,}\W+\d+\w*\W*,\s*\d\d\b",  # May 3, 21
    re.IGNORECASE,
)
_HEADER_WORD = re.compile(
    "(author|body|category|column|comment|content|created|customer|date|description|feedback|field|id|index|label"
    "|language|location|message|name|no|nr|opinion|phrase|polarity|post|rating|remark|response|review|reviewer|score"
    "|sentence|sentiment|star|status|subject|summary|target|text|timestamp|title|tweet|type|updated|url|user|username"
    "|verified|vote)s?"
)
_SENTENCE_WORD = re.compile(  # names of columns rarely contain one of these
    "an?|and|are|but|did|don't|had|has|have|he|i|i'm|is|isn't|it|it's|me|my|not|she|so|they|this|too|very|was|wasn't|we"
    "|were|you|your"
)
_QUESTION = re.compile(r"(how|why|which|what(?! an?\b)|please|describe|tell)\b|.*[?:]$", re.IGNORECASE | re.DOTALL)
_ENDS_SENTENCE = re.compile(r"[.!…]+[\"'”’)\]]*$")
_NAME_PARTS = re.compile(r"[A-Z]?[a-z']+|[A-Z]+(?![a-z])")
_SENTENCE_WORDS = 3  # on average; a column with fewer holds names or categories
_NAMES_SHOWN, _NAME_CHARACTERS = 5, 60  # of a header in a message
_CHOICE_CHARACTERS = 100
_NAME_LIMIT = 1000  # characters; a longer cell is not a column's name
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


def guess_delimiter(sample: dict[str, list[list[str]]], preferred: str) -> str:
    """Returns the delimiter that splits the first row, and most rows into as many cells as the first.

    Args:
        sample: the first rows as each delimiter would split them.
        preferred: the delimiter that wins a tie.
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
    """Returns whether the first of these rows is a header.

    It is data if a cell is a review or a sentence, or resembles the cells below it.
    """
    first, rest = rows[0], rows[1:]
    if any(cell.strip().lower() in TEXT_NAMES for cell in first):
        return True
    if any(len(cell) > _NAME_LIMIT or len(cell.split()) > _REVIEW_WORDS or _is_sentence(cell) for cell in first):
        return False
    below = [_cells_below(rest, position) for position in range(len(first))]
    if any(_is_value(cell, cells) for cell, cells in zip(first, below, strict=True)):
        return False
    others = [row for row in rest if row != first]  # joined files may repeat the whole header
    if any(cell.strip() and any(cell in row[i : i + 1] for row in others) for i, cell in enumerate(first)):
        return False
    text = max(range(len(first)), key=lambda position: sum(len(cell.split()) for cell in below[position]))
    return not _is_review(first[text], below[text])


def header_is_doubtful(columns: Sequence[str], rows: Sequence[Cells]) -> bool:
    """Returns whether the header could be data: no name is usual, and none differs in kind from its cells.

    Args:
        columns: the names.
        rows: the first rows below the header.
    """
    if any(_has_header_word(name) or "_" in name for name in columns):
        return False
    below = [_cells_below(rows, position) for position in range(len(columns))]
    return not any(
        cells and _has_letters(name) and not any(map(_has_letters, cells))
        for name, cells in zip(columns, below, strict=True)
    )


def header_note(columns: Sequence[str]) -> str:
    """Returns a sentence that quotes the header in use."""
    names = [" ".join("".join(filter(_is_shown, name)).split())[:_NAME_CHARACTERS] for name in columns[:_NAMES_SHOWN]]
    more = ", …" if len(columns) > _NAMES_SHOWN else ""
    return "First row used as the header: " + ", ".join(f"“{name}”" for name in names) + more + "."


def looks_like_date(value: str) -> bool:
    """Returns whether a value is written like a date."""
    return len(value) <= _DATE_LIMIT and _DATED.search(value) is not None


def _is_shown(character: str) -> bool:
    return character.isprintable() or character.isspace()


def _cells_below(rows: Sequence[Cells], position: int) -> list[str]:
    cells = [(row[position] or "").strip()[:_NAME_LIMIT] for row in rows if position < len(row)]
    return [cell for cell in cells if cell]


def _is_value(cell: str, below: Sequence[str]) -> bool:
    """Returns whether a cell is a number, a mark, a date or a label, like all cells below it."""
    word = cell.strip().lower()
    if not below or not word:
        return False
    if word in _POSITIVE | _NEGATIVE:
        return all(value.lower() in _POSITIVE | _NEGATIVE for value in below)
    if looks_like_date(word):
        return all(map(looks_like_date, below))
    if len(word) == 1 and not word.isdigit():  # "#" is the usual name of a column of numbers
        return False
    return not _has_letters(word) and not any(map(_has_letters, below))


def _is_sentence(cell: str) -> bool:
    """Returns whether a cell is punctuated as a sentence; "Avg. Temp." and survey questions are not."""
    cell = cell.strip()
    words = cell.split()
    if not words or _QUESTION.match(cell):
        return False
    if re.search(r"\w!+(\s|[\"'”’)]|$)", cell):
        return True
    if len(words) > 1 and re.search(r"\w\s*(\.\.|…)", cell):
        return True
    ended = _ENDS_SENTENCE.search(cell) is not None
    if ended and (len(words) > 2 or (len(words) == 2 and words[1][0].islower())):
        return True
    return len(words) > 4 and re.search(r"\w{3,}[.?][\"'”’)]*\s+\w", cell) is not None


def _is_review(cell: str, below: Sequence[str]) -> bool:
    """Returns whether the first cell of the text column is a review, by its words and by the cells below it."""
    cell = cell.strip()
    words = cell.lower().replace("’", "'").split()
    if not words or not below or _QUESTION.match(cell):
        return False
    if len(words) > 2 and any(_SENTENCE_WORD.fullmatch(word.strip('.,;:!?"()')) for word in words):
        return True
    if _ENDS_SENTENCE.search(cell):
        return 2 * sum(_ENDS_SENTENCE.search(each) is not None for each in below) > len(below)
    usual = median(len(each.split()) for each in below)
    return len(words) > 1 and not _has_header_word(cell) and 2 <= usual <= 2 * len(words)


def _has_header_word(name: str) -> bool:
    return any(_HEADER_WORD.fullmatch(part.lower()) for part in _NAME_PARTS.findall(name))


def _has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))

"""Which column holds the reviews, which the labels, and whether a table has a header at all."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from statistics import median

from sentiment.bulk.errors import BulkError

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
# A year in full, three numbers with one sign between them, or a name among two: "8/10" and "10:30" are no dates.
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
_SENTENCE_WORD = re.compile(  # names of columns hardly ever have one of these
    "an?|and|are|but|did|don't|had|has|have|he|i|i'm|is|isn't|it|it's|me|my|not|she|so|they|this|too|very|was|wasn't|we"
    "|were|you|your"
)
_ASKS = re.compile(r"(how|why|which|what(?! an?\b)|please|describe|tell)\b|.*[?:]$", re.IGNORECASE | re.DOTALL)
_ENDS_SENTENCE = re.compile(r"[.!…]+[\"'”’)\]]*$")
_NAME_PARTS = re.compile(r"[A-Z]?[a-z']+|[A-Z]+(?![a-z])")
_SENTENCE_WORDS = 3  # on average; fewer are names or categories
_NAMES_SHOWN, _NAME_CHARACTERS = 5, 60  # of a header in a sentence
_CHOICE_CHARACTERS = 100
_NAME_LIMIT = 1000  # characters; no name of a column is longer
_DATE_LIMIT = 60  # characters; no date is longer


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
    columns = [name if len(name) <= _CHOICE_CHARACTERS else f"{name[:_CHOICE_CHARACTERS]}…" for name in columns]
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
    """Returns whether the first of these rows names the columns.

    It is data if a cell is a review or a sentence, or is like the cells beneath it.
    """
    first, rest = rows[0], rows[1:]
    if any(cell.strip().lower() in TEXT_NAMES for cell in first):
        return True
    if any(len(cell) > _NAME_LIMIT or len(cell.split()) > _REVIEW_WORDS or _is_sentence(cell) for cell in first):
        return False
    below = [_cells_below(rest, place) for place in range(len(first))]
    if any(_is_value(cell, cells) for cell, cells in zip(first, below, strict=True)):
        return False
    others = [row for row in rest if row != first]  # a header may be repeated as a whole, where files were joined
    if any(cell.strip() and any(cell in row[i : i + 1] for row in others) for i, cell in enumerate(first)):
        return False
    text = max(range(len(first)), key=lambda place: sum(len(cell.split()) for cell in below[place]))
    return not _is_review(first[text], below[text])


def header_is_doubtful(columns: Sequence[str], rows: Sequence[Cells]) -> bool:
    """Returns whether names taken from the first row could be data: none is a usual name, none differs in kind.

    Args:
        columns: the names.
        rows: the first rows beneath them.
    """
    if any(_has_header_word(name) or "_" in name for name in columns):
        return False
    below = [_cells_below(rows, place) for place in range(len(columns))]
    return not any(
        cells and _has_letters(name) and not any(map(_has_letters, cells))
        for name, cells in zip(columns, below, strict=True)
    )


def header_note(columns: Sequence[str]) -> str:
    """Returns the sentence that says which header was used."""
    names = [" ".join("".join(filter(_is_shown, name)).split())[:_NAME_CHARACTERS] for name in columns[:_NAMES_SHOWN]]
    more = ", …" if len(columns) > _NAMES_SHOWN else ""
    return "First row used as the header: " + ", ".join(f"“{name}”" for name in names) + more + "."


def is_dated(value: str) -> bool:
    """Returns whether a value has the signs of a date."""
    return len(value) <= _DATE_LIMIT and _DATED.search(value) is not None


def _is_shown(character: str) -> bool:
    return character.isprintable() or character.isspace()


def _cells_below(rows: Sequence[Cells], place: int) -> list[str]:
    cells = [(row[place] or "").strip()[:_NAME_LIMIT] for row in rows if place < len(row)]
    return [cell for cell in cells if cell]


def _is_value(cell: str, below: Sequence[str]) -> bool:
    """Whether a cell is a number, a mark, a date or a label, as all cells beneath it are."""
    word = cell.strip().lower()
    if not below or not word:
        return False
    if word in _POSITIVE | _NEGATIVE:
        return all(value.lower() in _POSITIVE | _NEGATIVE for value in below)
    if is_dated(word):
        return all(map(is_dated, below))
    if len(word) == 1 and not word.isdigit():  # "#" is the usual name of a column of numbers
        return False
    return not _has_letters(word) and not any(map(_has_letters, below))


def _is_sentence(cell: str) -> bool:
    """Whether a cell is punctuated as a sentence; "Avg. Temp." and questions of a survey are not."""
    cell = cell.strip()
    words = cell.split()
    if not words or _ASKS.match(cell):
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
    """Whether the first cell of the column of reviews is a review, by its words and by those beneath it."""
    cell = cell.strip()
    words = cell.lower().replace("’", "'").split()
    if not words or not below or _ASKS.match(cell):
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

"""Finds the delimiter, the first row and the header of a table in the first rows of a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from sentiment.tables.columns import TEXT_NAMES, looks_like_date
from sentiment.tables.sampling import Cells

DELIMITERS = ",;\t|"  # those that are detected in any table
ONE_COLUMN = "\x1f"  # the unit separator, as the delimiter of a table with one column
IN_PROSE = ",; :.-"  # delimiters that an unquoted review may contain
ROW_NAME = "row_name"  # of a first column that the header does not name

_LABEL_WORDS = frozenset(
    {"pos", "positive", "neg", "negative", "neu", "neutral", "mixed", "irrelevant", "true", "false", "yes", "no"}
    | {"good", "bad", "ham", "spam", "fresh", "rotten"}
)
_LABEL_NUMBER = re.compile(r"[+-]?\d{1,2}(?:[.,]\d+)?")
_MOST_ABOVE = 20  # rows that may be above the header
_HEADER_WORDS = 4  # a name below other rows has at most as many words
_REVIEW_WORDS = 12  # a column's name has fewer words
_HEADER_WORD = re.compile(
    "(author|body|category|column|comment|content|created|customer|date|description|feedback|field|id|index|label"
    "|language|location|message|name|no|nr|opinion|phrase|polarity|post|rating|remark|response|review|reviewer|score"
    "|sentence|sentiment|star|status|subject|summary|target|text|timestamp|title|tweet|type|updated|url|user|username"
    "|verified|vote)s?"
)
_SPACED_NAMES = re.compile('"[^"]*"(?: "[^"]*")+')
_ID_WORDS = frozenset({"id", "index", "no", "nr", "row", "number"})
_SENTENCE_WORD = re.compile(  # names of columns rarely contain one of these
    "an?|and|are|but|did|don't|had|has|have|he|i|i'm|is|isn't|it|it's|me|my|not|she|so|they|this|too|very|was|wasn't|we"
    "|were|you|your"
)
_QUESTION = re.compile(r"(how|why|which|what(?! an?\b)|please|describe|tell)\b|.*[?:]$", re.IGNORECASE | re.DOTALL)
_ENDS_SENTENCE = re.compile(r"[.!…]+[\"'”’)\]]*$")
_NAME_PARTS = re.compile(r"[A-Z]?[a-z']+|[A-Z]+(?![a-z])")
_NAMES_SHOWN, _NAME_CHARACTERS = 5, 60  # of a header in a message
_NAME_LIMIT = 1000  # characters; a longer cell is not a column's name


@dataclass(frozen=True, slots=True)
class Start:
    """The beginning of a table.

    Attributes:
        above: the number of rows above the table, such as a title.
        row_names: whether the first column holds row names and has no name in the header, as in files from R.
    """

    above: int = 0
    row_names: bool = False


def guess_delimiter(sample: dict[str, list[list[str]]], preferred: str) -> str:
    """Returns the delimiter that splits the first row of the table, and most rows into as many cells as the first.

    Args:
        sample: the first rows as each delimiter would split them.
        preferred: the delimiter that wins a tie.
    """
    best, best_score = ONE_COLUMN, (0.0, 0, False)
    for delimiter, rows in sample.items():
        if not rows:
            continue
        start = find_start(rows, prose=delimiter in IN_PROSE)
        table = rows[start.above :]
        width = len(table[0]) + start.row_names
        if width < 2:
            continue
        share = sum(len(row) == width for row in table[start.row_names :]) / len(table)
        score = (round(share, 1), width, delimiter == preferred)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def find_start(rows: Sequence[Cells], *, prose: bool) -> Start:
    """Returns where the table begins: below a title or other rows that are narrower than the table.

    Args:
        rows: the first rows of the file.
        prose: whether reviews may contain the delimiter, so that equal numbers of cells may be chance.
    """
    width = Counter(len(row) for row in rows[len(rows) // 2 :]).most_common(1)[0][0]
    above = next((i for i, row in enumerate(rows[: _MOST_ABOVE + 1]) if not _is_narrow(row, width)), 0)
    table = rows[above:]
    if above == 0 or width < 2 or len(table) < 2:
        return Start()
    if (header := _header_place(table)) is not None:
        return Start(above + header)
    if 10 * sum(len(row) == width for row in table) < 9 * len(table):
        return Start()
    if above == 1 and len(rows[0]) == width - 1 and _has_row_names(rows[0], table, prose=prose):
        return Start(row_names=True)
    titled = all(len(row) == 1 for row in rows[:above]) and width > 2 and len(table) > (5 if prose else 2)
    return Start(above if titled else 0)


def above_note(rows: Sequence[Cells]) -> str:
    """Returns a sentence that quotes the rows above the table."""
    lines = [" ".join(cell for cell in row if cell and cell.strip()) for row in rows]
    return f"Left out above the table: {_quoted([line for line in lines if line])}. The option header keeps them."


def _is_narrow(row: Cells, width: int) -> bool:
    """Returns whether a row has fewer cells than the table, or fills at most half of its columns."""
    return len(row) < width or (width > 1 and 2 * sum(bool(cell and cell.strip()) for cell in row) <= width)


def _header_place(table: Sequence[Cells]) -> int | None:
    """Returns the place of a header with usual names: the first row, or one that repeats some of its names.

    Letterboxd's lists begin with a table of one row, which describes the list, and its header.
    """
    if is_named_header(table):
        return 0
    for place, row in enumerate(table[1:_MOST_ABOVE], 1):
        same = sum(_has_header_word(cell or "") for cell, above in zip(row, table[0], strict=False) if cell == above)
        if same > 1 and is_named_header(table[place:]):
            return place
    return None


def is_named_header(table: Sequence[Cells]) -> bool:
    """Returns whether the first row holds short names, at least one of them usual."""
    names = [cell or "" for cell in table[0]]
    return (
        all(len(name.split()) <= _HEADER_WORDS for name in names)
        and any(_has_header_word(name) for name in names)
        and has_header([[cell or "" for cell in row] for row in table])
    )


def _has_row_names(header: Cells, table: Sequence[Cells], *, prose: bool) -> bool:
    """Returns whether the first column has names of rows, and the header names only the other columns."""
    names = [(row[0] or "").strip() for row in table if row]
    if (header[0] or "").strip().lower() in _ID_WORDS or len(set(names)) < len(names) or len(names) < 2:
        return False
    if not any((row[-1] or "").strip() for row in table):  # rows that end in a delimiter
        return False
    if all(name.isdecimal() and len(name) < 10 for name in names):
        return all(int(b) == int(a) + 1 for a, b in pairwise(names)) or not prose
    return (not prose or (len(header) > 1 and len(names) >= 5)) and all(len(name.split()) <= 3 for name in names)


def has_spaced_names(line: str) -> bool:
    """Returns whether a line is a header as R writes it: quoted names with spaces between them."""
    return _SPACED_NAMES.fullmatch(line.strip()) is not None


def splits_lines(lines: Sequence[str], delimiter: str) -> bool:
    """Returns whether a delimiter makes a table of plain lines: with a usual header, or labels at either end.

    A tab needs neither, because it rarely occurs in prose.
    """
    rows = [line.rstrip("\r\n").split(delimiter) for line in lines if line.strip()]
    if len(rows) < 2 or len(rows[0]) < 2 or len({len(row) for row in rows}) > 1:
        return False
    labelled = any(_are_label_like([row[i] for row in rows]) for i in (0, -1))
    return delimiter == "\t" or labelled or is_named_header(rows)


def _are_label_like(cells: Sequence[str]) -> bool:
    """Returns whether the cells of a column are labels, whatever the first one is."""
    words = [cell.strip().strip('"').lower() for cell in cells[1:]]
    return all(word in _LABEL_WORDS or _LABEL_NUMBER.fullmatch(word) for word in words)


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
    return f"First row used as the header: {_quoted(columns)}."


def _quoted(names: Sequence[str]) -> str:
    """Returns the first names in quotation marks, each on one line and without control characters."""
    shown = [" ".join("".join(filter(_is_shown, name)).split())[:_NAME_CHARACTERS] for name in names[:_NAMES_SHOWN]]
    return ", ".join(f"“{name}”" for name in shown) + (", …" if len(names) > _NAMES_SHOWN else "")


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
    if word in _LABEL_WORDS:
        return all(value.lower() in _LABEL_WORDS for value in below)
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

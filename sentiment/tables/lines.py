"""Numbered lines and CSV records, with recovery after a malformed one.

A quotation mark that is never closed would extend one cell to the end of the file. This reader reports only the line of
the mark, and continues with the next. Recovery is linear: no line is parsed more than three times.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

from sentiment.file_limits import (  # a longer row counts as an unclosed quotation mark
    MAX_RECORD,
    MAX_RECORD_LINES,
)
from sentiment.tables.headers import IN_PROSE
from sentiment.tables.quoting import Escapes, hide_escapes, show_escapes

_SEVERAL = "several rows"


@dataclass(slots=True)  # not frozen, which would triple the time to create one for each row
class Line:
    """A line with its line end, its number from 1, and its problem ("" for none)."""

    number: int
    text: str
    problem: str = ""


@dataclass(slots=True)  # not frozen, which would triple the time to create one for each row
class Record:
    """The cells of one row; a malformed row has a single cell with its first line.

    Attributes:
        line: the number of its first line, from 1.
        cells: its cells.
        problem: why it could not be parsed, "" if it could.
        quoted: positions of the quoted cells, only for records with too many cells.
    """

    line: int
    cells: list[str]
    problem: str = ""
    quoted: frozenset[int] = frozenset()


def read_lines(file: TextIO) -> Iterator[Line]:
    """Yields the lines of a file; a line longer than ``MAX_RECORD`` is truncated and has a problem."""
    number = 0
    while text := file.readline(MAX_RECORD):
        number += 1
        problem = ""
        while len(text) == MAX_RECORD and text[-1] not in "\r\n":
            problem = f"longer than {MAX_RECORD:,} characters; the rest is left out"
            if not (rest := file.readline(MAX_RECORD)) or rest[-1] in "\r\n":
                break
        yield Line(number, text, problem)


def read_records(file: TextIO, delimiter: str, width: int, escapes: Escapes = "") -> Iterator[Record]:
    """Yields the records of delimited text, without blank lines.

    Quoting follows RFC 4180 strictly at first, apart from ``escapes``. A line that breaks its rules is parsed as
    Python's ``csv`` and spreadsheets do, if that gives ``width`` cells; otherwise its record has a problem. If prose
    rarely contains the delimiter, a line that it splits into ``width`` cells is a row, whatever is quoted.

    Args:
        file: the text.
        delimiter: the character between cells.
        width: the number of cells of a row, 0 if it is unknown.
        escapes: which characters are escaped with a backslash.
    """
    csv.field_size_limit(max(MAX_RECORD, csv.field_size_limit()))
    lines = _Rewindable(read_lines(file), escapes)
    parse_leniently = _LenientParser(delimiter, width, escapes)
    while True:
        try:
            for cells in csv.reader(lines, delimiter=delimiter, strict=True):
                if len(lines.taken) > 1 and parse_leniently.are_rows(lines.taken[0], lines.taken[-1]):
                    raise csv.Error(_SEVERAL)
                number = lines.taken[0].number
                quoted = frozenset[int]()
                if len(cells) > width > 0:
                    quoted = _quoted(lines.taken, delimiter, escapes)
                lines.taken.clear()
                if cells:
                    yield Record(number, show_escapes(cells) if escapes else cells, quoted=quoted)
            return
        except csv.Error as error:
            first = lines.rewind(str(error))
            yield parse_leniently(first, first.problem or _describe(str(error)))


@dataclass
class _Rewindable:
    """Iterates over the texts of lines, and can go back to the start of the current record.

    A record of several lines is inside a quoted cell at the start of each line after its first. The rest of its parse
    depends only on these lines. So if a record failed on line n, a later one that reaches n from an earlier line fails
    there too, and is not read that far.

    Attributes:
        lines: the lines of the file.
        escapes: which characters are escaped with a backslash.
        taken: the lines of the current record.
        again: the lines to be returned again.
        size: characters in ``taken``.
        failed_line: the last line of the last failed record.
        failure: why it failed.
    """

    lines: Iterator[Line]
    escapes: Escapes = ""
    taken: list[Line] = field(default_factory=list)
    again: deque[Line] = field(default_factory=deque)
    size: int = 0
    failed_line: int = 0
    failure: str = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.taken and self.taken[-1].number < self.failed_line:
            raise csv.Error(self.failure)
        line = self.again.popleft() if self.again else next(self.lines)
        self.size = self.size + len(line.text) if self.taken else len(line.text)
        self.taken.append(line)
        if line.problem or self.size > MAX_RECORD or len(self.taken) > MAX_RECORD_LINES:
            raise csv.Error("unexpected end of data")
        return hide_escapes(line.text, self.escapes) if self.escapes else line.text

    def rewind(self, failure: str) -> Line:
        """Returns the first line of a failed record; the other lines are returned again later."""
        first, *others = self.taken
        if self.taken[-1].number > self.failed_line:
            self.failed_line, self.failure = self.taken[-1].number, failure
        self.again.extendleft(reversed(others))
        self.taken.clear()
        return first


@dataclass(frozen=True, slots=True)
class _LenientParser:
    """Parses a line that breaks the rules of quoting."""

    delimiter: str
    width: int
    escapes: Escapes

    def __call__(self, line: Line, problem: str) -> Record:
        """Returns the record on a line; it has the problem if the line does not give ``width`` cells."""
        raw = line.text.rstrip("\r\n")
        if line.problem:
            return Record(line.number, [raw], problem)
        text = hide_escapes(raw, self.escapes) if self.escapes else raw
        if self._is_row(text):
            return Record(line.number, show_escapes([_unquote(cell) for cell in text.split(self.delimiter)]))
        rows = list(csv.reader([text], delimiter=self.delimiter))
        if rows and len(rows[0]) == self.width and text.count('"') % 2 == 0:
            return Record(line.number, show_escapes(rows[0]))
        return Record(line.number, [raw], problem)

    def are_rows(self, first: Line, last: Line) -> bool:
        """Returns whether a record of several lines is several rows: its quotation marks belong to the texts."""
        return self.width > 1 and self._is_row(first.text) and self._is_row(last.text)

    def _is_row(self, text: str) -> bool:
        """Returns whether the delimiter splits a line into ``width`` cells, or at all if the width is unknown."""
        if self.delimiter in IN_PROSE or self.width == 1:
            return False
        found = text.count(self.delimiter)
        return found == self.width - 1 if self.width else found > 0


def _unquote(cell: str) -> str:
    """Returns a cell without its quotation marks, if it is well quoted."""
    if len(cell) < 2 or cell[0] != '"' or cell[-1] != '"':
        return cell
    inner = cell[1:-1].replace('""', "")
    return cell if '"' in inner else cell[1:-1].replace('""', '"')


def _quoted(lines: list[Line], delimiter: str, escapes: Escapes) -> frozenset[int]:
    """Returns the positions of the quoted cells of a well-formed record."""
    sign = re.escape(delimiter)
    text = "".join(hide_escapes(line.text, escapes) if escapes else line.text for line in lines)
    cells = re.finditer(rf'(?:^|{sign})("[^"]*(?:""[^"]*)*"|[^{sign}]*)', text)
    return frozenset(position for position, cell in enumerate(cells) if cell[1].startswith('"'))


def _describe(error: str) -> str:
    if "end of data" in error or error == _SEVERAL:
        return "a quotation mark is opened and never closed"
    return "a quotation mark inside a quoted cell is not doubled"

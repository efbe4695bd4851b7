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


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its line end, its number from 1, and its problem ("" for none)."""

    number: int
    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
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


def read_records(file: TextIO, delimiter: str, width: int) -> Iterator[Record]:
    """Yields the records of delimited text, without blank lines.

    Quoting follows RFC 4180 strictly at first. A line that breaks its rules is parsed as Python's ``csv`` and
    spreadsheets do, if that gives ``width`` cells; otherwise its record has a problem.
    """
    lines = _Rewindable(read_lines(file))
    while True:
        try:
            for cells in csv.reader(lines, delimiter=delimiter, strict=True):
                number = lines.taken[0].number
                quoted = _quoted(lines.taken, delimiter) if len(cells) > width > 0 else frozenset[int]()
                lines.taken.clear()
                if cells:
                    yield Record(number, cells, quoted=quoted)
            return
        except csv.Error as error:
            first = lines.rewind(str(error))
            yield _parse_leniently(first, delimiter, width, first.problem or _describe(str(error)))


@dataclass
class _Rewindable:
    """Iterates over the texts of lines, and can go back to the start of the current record.

    A record of several lines is inside a quoted cell at the start of each line after its first. The rest of its parse
    depends only on these lines. So if a record failed on line n, a later one that reaches n from an earlier line fails
    there too, and is not read that far.

    Attributes:
        lines: the lines of the file.
        taken: the lines of the current record.
        again: the lines to be returned again.
        size: characters in ``taken``.
        failed_line: the last line of the last failed record.
        failure: why it failed.
    """

    lines: Iterator[Line]
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
        return line.text

    def rewind(self, failure: str) -> Line:
        """Returns the first line of a failed record; the other lines are returned again later."""
        first, *others = self.taken
        if self.taken[-1].number > self.failed_line:
            self.failed_line, self.failure = self.taken[-1].number, failure
        self.again.extendleft(reversed(others))
        self.taken.clear()
        return first


def _quoted(lines: list[Line], delimiter: str) -> frozenset[int]:
    """Returns the positions of the quoted cells of a well-formed record."""
    sign = re.escape(delimiter)
    text = "".join(line.text for line in lines)
    cells = re.finditer(rf'(?:^|{sign})("[^"]*(?:""[^"]*)*"|[^{sign}]*)', text)
    return frozenset(position for position, cell in enumerate(cells) if cell[1].startswith('"'))


def _parse_leniently(line: Line, delimiter: str, width: int, problem: str) -> Record:
    text = line.text.rstrip("\r\n")
    rows = [] if line.problem else list(csv.reader([text], delimiter=delimiter))
    if rows and len(rows[0]) == width and text.count('"') % 2 == 0:
        return Record(line.number, rows[0])
    return Record(line.number, [text], problem)


def _describe(error: str) -> str:
    if "end of data" in error:
        return "a quotation mark is opened and never closed"
    return "a quotation mark inside a quoted cell is not doubled"

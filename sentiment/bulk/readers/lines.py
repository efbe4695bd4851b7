"""Numbered lines and CSV records, with recovery after a malformed one.

A quotation mark that is opened and never closed would swallow the rest of the file into one cell. Here it costs its
own line: reading goes on with the next. Recovery is linear: no line is parsed more than three times.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

from sentiment.file_limits import (  # a longer row is taken for a quotation mark never closed
    MAX_RECORD,
    MAX_RECORD_LINES,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its line end, its number from 1, and what is wrong with it, "" for nothing."""

    number: int
    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one row; with a problem, a single cell that holds its first line whole.

    Attributes:
        line: the number of its first line, from 1.
        cells: its cells.
        problem: why it could not be taken apart, "" for nothing.
        quoted: places of the quoted cells; for records with too many cells only.
    """

    line: int
    cells: list[str]
    problem: str = ""
    quoted: frozenset[int] = frozenset()


def read_lines(file: TextIO) -> Iterator[Line]:
    """The lines of a file; one longer than ``MAX_RECORD`` is given without what lies beyond."""
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
    """The records of delimited text, blank lines left out.

    Quoting is that of RFC 4180, to the letter first. A line that breaks its rules is taken as Python's ``csv`` and
    spreadsheets take it, if that gives ``width`` cells; otherwise it is a record with a problem.
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
            yield _leniently(first, delimiter, width, first.problem or _in_words(str(error)))


@dataclass
class _Rewindable:
    """The texts of lines, with a memory of those taken for the present record.

    A record that spans lines is inside a quoted cell at the start of each line but its first. What follows from there
    depends on these lines alone. So where a record has failed on line n, every later one that began before n and goes
    beyond its own line fails on n too, and need not be read as far.

    Attributes:
        lines: the lines of the file.
        taken: those of the present record.
        again: those to be given once more.
        size: characters in ``taken``.
        failed_line: the last line of the last record that failed.
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
        """Returns the first line of a record that failed; the others are given once more."""
        first, *others = self.taken
        if self.taken[-1].number > self.failed_line:
            self.failed_line, self.failure = self.taken[-1].number, failure
        self.again.extendleft(reversed(others))
        self.taken.clear()
        return first


def _quoted(lines: list[Line], delimiter: str) -> frozenset[int]:
    """The places of the quoted cells of a record that follows the rules."""
    sign = re.escape(delimiter)
    text = "".join(line.text for line in lines)
    cells = re.finditer(rf'(?:^|{sign})("[^"]*(?:""[^"]*)*"|[^{sign}]*)', text)
    return frozenset(place for place, cell in enumerate(cells) if cell[1].startswith('"'))


def _leniently(line: Line, delimiter: str, width: int, problem: str) -> Record:
    text = line.text.rstrip("\r\n")
    rows = [] if line.problem else list(csv.reader([text], delimiter=delimiter))
    if rows and len(rows[0]) == width and text.count('"') % 2 == 0:
        return Record(line.number, rows[0])
    return Record(line.number, [text], problem)


def _in_words(error: str) -> str:
    if "end of data" in error:
        return "a quotation mark is opened and never closed"
    return "a quotation mark stands inside a quoted cell without being doubled"

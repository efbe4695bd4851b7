"""Interface of every file reader: column names, and rows in chunks.

All cells are text: "NA", "null" and "001" are unchanged. Parquet keeps its own types. A row that cannot be read has a
line number and a problem. Memory does not grow with the file, except for xlsx. ``file_limits`` bounds the contents of a
file.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from sentiment import file_limits
from sentiment.tables.errors import FileError

CHUNK_ROWS = 2048
CHUNK_CHARACTERS = 8_000_000
CHUNK_CELLS = 1_000_000
SAMPLE_ROWS = 200
SAMPLE_CHARACTERS = 1_000_000
_MAX_LISTED = 100  # surplus cells of a row up to which empty ones are listed too


@dataclass(slots=True)  # not frozen, which would triple the time to create one for each row
class Row:
    """A row of a file.

    Attributes:
        line: the number of its first line in the file, from 1.
        cells: one for each column, fewer or more in a ragged row; None for a missing cell.
        problem: why the row cannot be read, "" if it can.
        native: the row in its own format, for an output of that format; "" if the cells suffice.
        quoted: positions of the quoted cells, in a row with too many cells; a delimiter cannot have split these.
        note: a remark on a readable row, "" for none.
    """

    line: int
    cells: Sequence[str | None]
    problem: str = ""
    native: str = ""
    quoted: Collection[int] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows that are scored together.

    Attributes:
        columns: the input's columns, in order, each as long as the chunk.
        texts: the cells to score: a string, or None if missing; any other value is unreadable.
        lines: the number of each row's first line in the file, from 1.
        problems: why rows cannot be read, by their position in the chunk.
        native: see ``Row``; None if no row has it.
        notes: remarks on readable rows, by their position in the chunk.
    """

    columns: list[pa.Array]
    texts: list[object]
    lines: list[int]
    problems: dict[int, str]
    native: pa.Array | None = None
    notes: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Options:
    """Options for reading a file; None means that the reader detects it. ``options.py`` checks them.

    Attributes:
        format: one of ``formats.FORMATS``.
        encoding: Python's name of an encoding.
        delimiter: one character; ``headers.ONE_COLUMN`` for a table of one column, and for the lines of a ``.txt``.
        header: whether the first row of the table names the columns.
        sheet: the name of a sheet of a workbook, or its number from 1.
    """

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    sheet: str | None = None


@dataclass
class Source(ABC):
    """An open table: its columns, and its rows, which can be read repeatedly.

    Attributes:
        path: the file.
        format: csv, tsv, txt, jsonl, parquet or xlsx.
        columns: the names of the columns, as in the file.
        kinds: the type of each column in an output that has types: string, integer, number or boolean.
        found: how the file was read, for the user: encoding, delimiter, header or sheet.
        notes: sentences for the user about guesses and about what was left out.
        sheets: the names of a workbook's sheets that can be read; empty for other formats.
    """

    path: Path
    format: str
    columns: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    found: dict[str, str | int | bool] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)

    @property
    def schema(self) -> pa.Schema | None:
        """The column types of an input that has them, else None."""
        return None

    @property
    def texts(self) -> list[int]:
        """Positions of the columns that hold text."""
        return list(range(len(self.columns)))

    def remarks(self) -> list[str]:
        """Returns the notes, including those that are known only after a complete reading."""
        return self.notes

    def check_columns(self, columns: Collection[str]) -> None:
        """Checks the number of columns and the length of their names.

        Raises:
            FileError: there are too many columns, or a name is too long.
        """
        try:
            file_limits.check_columns(columns, self.path.name)
        except file_limits.LimitError as error:
            raise FileError(str(error)) from error

    @abstractmethod
    def sample(self) -> list[Sequence[str | None]]:
        """Returns the first readable rows, for detection and a preview."""

    @abstractmethod
    def chunks(self, text: int) -> Iterator[Chunk]:
        """Yields all rows in chunks; the boundaries of the chunks depend only on the file.

        Args:
            text: the position of the column to score.
        """


class RowSource(Source):
    """A table that is read row by row, as text."""

    unit = "line"  # what the numbers of the rows count, for messages
    cuts = False  # whether an unquoted text may contain the delimiter, and be split there

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """Yields every row, in order."""

    def sample(self) -> list[Sequence[str | None]]:
        """Returns the first readable rows."""
        rows: list[Sequence[str | None]] = []
        size = 0
        for row in self.rows():
            if not row.problem:
                rows.append(row.cells)
            size += _size(row)
            if len(rows) >= SAMPLE_ROWS or size > SAMPLE_CHARACTERS:
                break
        return rows

    def chunks(self, text: int) -> Iterator[Chunk]:
        """Yields chunks of up to ``CHUNK_ROWS`` rows, ``CHUNK_CELLS`` cells and about ``CHUNK_CHARACTERS`` characters.

        Raises:
            FileError: too many cells are missing.
        """
        width = len(self.columns)
        most = max(1, min(CHUNK_ROWS, CHUNK_CELLS // width))
        gathered: list[Row] = []
        size = missing = 0
        for row in self.rows():
            fitted = row if len(row.cells) == width and not row.problem else _fit(row, width, text, self.cuts)
            missing += row.cells.count(None) + max(0, width - len(row.cells))
            if missing > file_limits.MAX_MISSING:
                raise FileError(
                    f"More than {file_limits.MAX_MISSING:,} cells of {self.path.name} are missing: most of its rows do "
                    f"not fill its {width:,} columns; keep only the columns that you need."
                )
            gathered.append(fitted)
            size += _size(fitted)
            if len(gathered) == most or size > CHUNK_CHARACTERS:
                yield _chunk(gathered, text, self.unit)
                gathered, size = [], 0
        if gathered:
            yield _chunk(gathered, text, self.unit)


def _size(row: Row) -> int:
    """Returns the characters that a row takes in memory, plus one for each cell."""
    return sum(map(len, filter(None, row.cells))) + len(row.cells) + len(row.problem)


def _fit(row: Row, width: int, text: int, cuts: bool) -> Row:
    """Makes a ragged row as wide as the table.

    A row that could not be parsed is placed whole in the text column. Missing cells become None. Surplus cells are
    listed in the note, or in the problem if the text may have been split at a delimiter inside it.
    """
    cells, problem, note = list(row.cells), row.problem, ""
    if problem and len(cells) == 1 < width:
        cells = [*[None] * text, *cells]
    if len(cells) > width:
        surplus, cells = cells[width:], cells[:width]
        if any(surplus) and not problem:
            listed = surplus if len(surplus) <= _MAX_LISTED else [cell for cell in surplus if cell]
            left_over = json.dumps(listed, ensure_ascii=False)
            message = f"{_number(width + len(surplus), 'cell')} for {_number(width, 'column')}; left over: {left_over}"
            problem, note = (message, "") if cuts and text not in row.quoted else ("", message)
    if len(cells) <= text and not problem:
        problem = f"{_number(len(cells), 'cell')} for {_number(width, 'column')}, none of them the text"
    padding = [None] * (width - len(cells))
    return Row(row.line, [*cells, *padding], problem, row.native, note=note)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _chunk(rows: list[Row], text: int, unit: str) -> Chunk:
    columns = [pa.array(column, pa.string()) for column in zip(*(row.cells for row in rows), strict=True)]
    native = pa.array([row.native for row in rows], pa.string()) if any(row.native for row in rows) else None
    problems = {i: f"{unit} {row.line}: {row.problem}" for i, row in enumerate(rows) if row.problem}
    notes = {i: f"{unit} {row.line}: {row.note}" for i, row in enumerate(rows) if row.note}
    return Chunk(columns, [row.cells[text] for row in rows], [row.line for row in rows], problems, native, notes)

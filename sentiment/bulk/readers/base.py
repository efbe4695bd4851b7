"""What a table of reviews is to the rest: columns, and rows in chunks.

Everything is text: "NA", "null" and "001" stay what they are; Parquet keeps its own types. A row that cannot be read
comes with its line number and what is wrong with it. Memory does not grow with the file, xlsx excepted; ``limits``
has the bounds on what a file may hold.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from sentiment import file_limits
from sentiment.bulk.errors import BulkError

CHUNK_ROWS = 2048
CHUNK_CHARACTERS = 8_000_000
CHUNK_CELLS = 1_000_000
SAMPLE_ROWS = 200
SAMPLE_CHARACTERS = 1_000_000
_SHOWN = 100  # surplus cells of a row that are named though they may be empty


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was read.

    Attributes:
        line: where it begins in the file, from 1.
        cells: one for each column; fewer or more in a ragged row; None where there is nothing.
        problem: why it cannot be read, "" for nothing.
        native: the row in its form's own terms, for an output of the same form; "" where the cells say it all.
        quoted: places of the cells that were quoted, in a row with too many cells; no delimiter can have cut those.
        note: a remark on a row that can be read, "" for none.
    """

    line: int
    cells: Sequence[str | None]
    problem: str = ""
    native: str = ""
    quoted: Collection[int] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that are scored together.

    Attributes:
        columns: the input's columns, in order, each as long as the chunk.
        texts: what is to be scored: a string, None for nothing there, anything else is unreadable.
        lines: where each row begins in the file, from 1.
        problems: why rows cannot be read, by their place in the chunk.
        native: see ``Row``; None where no row has it.
        notes: remarks on rows that can be read, by their place in the chunk.
    """

    columns: list[pa.Array]
    texts: list[object]
    lines: list[int]
    problems: dict[int, str]
    native: pa.Array | None = None
    notes: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Options:
    """How to read a file; what is None is found out."""

    form: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None


@dataclass
class Source(ABC):
    """An open table: its columns, and its rows as often as they are asked for.

    Attributes:
        path: the file.
        form: csv, tsv, txt, jsonl, parquet or xlsx.
        columns: their names, as they stand in the file.
        kinds: for each column, what an output with types may make of its texts: string, integer, number, boolean.
        found: how the file was read, in words for the user.
    """

    path: Path
    form: str
    columns: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    found: dict[str, str | int | bool] = field(default_factory=dict)

    @property
    def schema(self) -> pa.Schema | None:
        """The types of an input that has them."""
        return None

    @property
    def texts(self) -> list[int]:
        """Places of the columns that hold text."""
        return list(range(len(self.columns)))

    def check_columns(self, columns: Collection[str]) -> None:
        """Refuses a table whose columns are too many, or whose names are too long.

        Raises:
            BulkError: they are.
        """
        try:
            file_limits.check_columns(columns, self.path.name)
        except file_limits.LimitError as error:
            raise BulkError(str(error)) from error

    @abstractmethod
    def sample(self) -> list[Sequence[str | None]]:
        """The first rows that can be read, for guessing and for a preview."""

    @abstractmethod
    def chunks(self, text: int) -> Iterator[Chunk]:
        """Every row, in order, in chunks whose borders depend on the file alone.

        Args:
            text: the column to be scored.
        """


class RowSource(Source):
    """A table that is read row by row, as text."""

    unit = "line"  # what the numbers of its rows count
    cuts = False  # whether a text that is not quoted can contain the delimiter, and be cut there

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """Every row, in order."""

    def sample(self) -> list[Sequence[str | None]]:
        """The first rows that can be read."""
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
        """Chunks of at most ``CHUNK_ROWS`` rows, and of about ``CHUNK_CHARACTERS`` characters or ``CHUNK_CELLS`` cells.

        Raises:
            BulkError: the table lacks too many cells.
        """
        width = len(self.columns)
        most = max(1, min(CHUNK_ROWS, CHUNK_CELLS // width))
        gathered: list[Row] = []
        size = missing = 0
        for row in self.rows():
            fitted = _fitted(row, width, text, self.cuts)
            missing += row.cells.count(None) + max(0, width - len(row.cells))
            if missing > file_limits.MAX_MISSING:
                raise BulkError(
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
    """Characters that a row takes in memory, one more for each cell."""
    return sum(len(cell or "") for cell in row.cells) + len(row.cells) + len(row.problem)


def _fitted(row: Row, width: int, text: int, cuts: bool) -> Row:
    """Makes a ragged row as wide as the table.

    A row that could not be taken apart stands whole in the text column. Cells that are missing are None. Surplus cells
    are listed in the note, or in the problem if the text may have been cut at a delimiter of its own.
    """
    cells, problem, note = list(row.cells), row.problem, ""
    if problem and len(cells) == 1 < width:
        cells = [*[None] * text, *cells]
    if len(cells) > width:
        surplus, cells = cells[width:], cells[:width]
        if any(surplus) and not problem:
            shown = surplus if len(surplus) <= _SHOWN else [cell for cell in surplus if cell]
            left_over = json.dumps(shown, ensure_ascii=False)
            said = f"{_number(width + len(surplus), 'cell')} for {_number(width, 'column')}; left over: {left_over}"
            problem, note = (said, "") if cuts and text not in row.quoted else ("", said)
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

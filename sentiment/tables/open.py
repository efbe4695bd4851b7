"""Opens a table of reviews in any supported format, and surveys it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sentiment.tables.base import Chunk, Options, Source
from sentiment.tables.cells import as_texts
from sentiment.tables.delimited import DelimitedSource
from sentiment.tables.errors import FileError
from sentiment.tables.formats import FORMATS, detect_format
from sentiment.tables.headers import header_is_doubtful
from sentiment.tables.jsonl import JsonSource
from sentiment.tables.options import check_options
from sentiment.tables.parquet import ParquetSource, is_text_type
from sentiment.tables.plain import open_plain
from sentiment.tables.sampling import Cells
from sentiment.tables.spreadsheets import MAX_ESCAPED_WIDTH, XLSX_CHARACTERS, worksheet_length
from sentiment.tables.xlsx import WorkbookSource
from sentiment.types import Report


def open_source(path: Path, options: Options | None = None) -> Source:
    """Opens the table in a file.

    Raises:
        FileError: the file cannot be read; the message says why.
    """
    options = options or Options()
    try:
        facts = path.stat()
    except FileNotFoundError as error:
        raise FileError(f"There is no file {path}.") from error
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from error
    if not path.is_file():
        raise FileError(f"{path} is not a file.")
    if not os.access(path, os.R_OK):
        raise FileError(f"{path} cannot be read: permission denied.")
    if facts.st_size == 0:
        raise FileError(f"{path.name} is empty.")
    if options.format is not None and options.format not in FORMATS:
        raise FileError(f"There is no format {options.format}; the formats are {', '.join(FORMATS)}.")
    format, compression = (options.format, "") if options.format else detect_format(path)
    check_options(format, options, path.name)
    match format:
        case "csv" | "tsv":
            return DelimitedSource(path, format, compression, options)
        case "txt":
            return open_plain(path, compression, options)
        case "jsonl" | "json":
            return JsonSource(path, format, compression, options)
        case "parquet":
            return ParquetSource(path)
        case _:
            return WorkbookSource(path, options)


def header_in_doubt(source: Source, options: Options, sample: Sequence[Cells]) -> bool:
    """Returns whether the first row was detected as the header, but may be data.

    Args:
        source: the table.
        options: how it was opened.
        sample: its first rows.
    """
    guessed = options.header is None and bool(source.found.get("header"))
    return guessed and header_is_doubtful(source.columns, sample)


@dataclass(slots=True)
class Survey:
    """Totals of a whole table.

    Attributes:
        rows: the number of rows.
        unreadable: the number of unreadable rows.
        extra: the number of readable rows with more cells than the table has columns.
        longest: the most characters that the longest cell of text takes in a worksheet.
        longest_line: the line of that cell.
    """

    rows: int = 0
    unreadable: int = 0
    longest: int = 0
    longest_line: int = 0
    extra: int = 0

    def add(self, chunk: Chunk) -> None:
        """Adds a chunk to the totals."""
        self.rows += len(chunk.texts)
        self.unreadable += len(chunk.problems)
        self.extra += len(chunk.notes)
        for column in chunk.columns:
            if is_text_type(column.type):
                self._measure(column, chunk.lines)

    def _measure(self, column: pa.Array, lines: list[int]) -> None:
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            column = pa.array(as_texts(column), pa.large_string())
        lengths = pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False).copy()
        for row in np.flatnonzero(lengths > XLSX_CHARACTERS // MAX_ESCAPED_WIDTH):  # others always fit
            [text] = as_texts(column.slice(row, 1))
            lengths[row] = worksheet_length(text or "")
        if len(lengths) and lengths.max() > self.longest:
            self.longest, self.longest_line = int(lengths.max()), lines[int(lengths.argmax())]


def survey(source: Source, text: int, report: Report) -> Survey:
    """Reads the table once from end to end, so that limits and totals are known before scoring starts.

    Args:
        source: the table.
        text: the position of the column to score.
        report: called with the number of rows read.
    """
    result = Survey()
    for chunk in source.chunks(text):
        result.add(chunk)
        report("reading", result.rows, 0)
    return result

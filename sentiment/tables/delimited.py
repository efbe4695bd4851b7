"""Readers of delimited text, ``.csv`` and ``.tsv``, and of plain lines, ``.txt``."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from sentiment.file_limits import MAX_COLUMNS, MAX_RECORD
from sentiment.tables.base import SAMPLE_CHARACTERS, SAMPLE_ROWS, Options, Row, RowSource
from sentiment.tables.cells import printable
from sentiment.tables.columns import DELIMITERS, guess_delimiter, has_header
from sentiment.tables.decoding import Encoding, count_damaged, detect_encoding, is_damaged, open_text
from sentiment.tables.errors import FileError
from sentiment.tables.lines import Record, read_lines, read_records


class DelimitedSource(RowSource):
    """A ``.csv`` or ``.tsv`` file."""

    def __init__(self, path: Path, format: str, compression: str, options: Options) -> None:
        super().__init__(path, format)
        csv.field_size_limit(max(MAX_RECORD, csv.field_size_limit()))
        self._compression = compression
        self._encoding = choose_encoding(path, compression, options)
        self._declared = self._declared_delimiter()
        self._delimiter = options.delimiter or self._declared or self._guess_delimiter()
        first = self._first_rows(self._delimiter)
        if not first:
            raise FileError(f"{path.name} has no rows, not even a header.")
        self.check_columns(first[0])
        self._header = has_header(first) if options.header is None else options.header
        self.columns = list(first[0]) if self._header else [f"column_{i + 1}" for i in range(len(first[0]))]
        self.kinds = ["string"] * len(self.columns)
        self.cuts = self._delimiter not in "\t|"  # which rarely occur in prose
        self.found = {"encoding": self._encoding.name, "delimiter": self._delimiter, "header": self._header}

    def rows(self) -> Iterator[Row]:
        """Yields every row except the header and blank lines."""
        for number, record in enumerate(self._records(self._delimiter, len(self.columns))):
            if number or not self._header:
                row = Row(record.line, record.cells, record.problem, quoted=record.quoted)
                yield report_damage(row, self._encoding)

    def _records(self, delimiter: str, width: int) -> Iterator[Record]:
        with open_text(self.path, self._compression, self._encoding) as file:
            records = read_records(file, delimiter, width)
            if self._declared:
                next(records)
            yield from records

    def _declared_delimiter(self) -> str | None:
        """Returns the delimiter that a first line ``sep=;`` declares for Excel, None if there is no such line."""
        with open_text(self.path, self._compression, self._encoding) as file:
            line = file.readline(len("sep=;") + 2).rstrip("\r\n")
        return line[-1] if len(line) == len("sep=;") and line.startswith("sep=") else None

    def _guess_delimiter(self) -> str:
        sample = {delimiter: self._first_rows(delimiter) for delimiter in DELIMITERS}
        return guess_delimiter(sample, preferred="\t" if self.format == "tsv" else ",")

    def _first_rows(self, delimiter: str) -> list[list[str]]:
        rows: list[list[str]] = []
        size = 0
        for record in self._records(delimiter, 0):
            if not record.problem or not rows:
                rows.append([printable(cell) for cell in record.cells[: MAX_COLUMNS + 1]])
            size += sum(map(len, record.cells)) + len(record.cells)
            if len(rows) > SAMPLE_ROWS or size > SAMPLE_CHARACTERS:
                break
        return rows


class LinesSource(RowSource):
    """A ``.txt`` file: each line is a review, an empty line an empty review."""

    def __init__(self, path: Path, compression: str, options: Options) -> None:
        super().__init__(path, "txt", ["text"], ["string"])
        self._compression = compression
        self._encoding = choose_encoding(path, compression, options)
        self.found = {"encoding": self._encoding.name}

    def rows(self) -> Iterator[Row]:
        """Yields every line."""
        with open_text(self.path, self._compression, self._encoding) as file:
            for line in read_lines(file):
                row = Row(line.number, [line.text.rstrip("\r\n")], line.problem)
                yield report_damage(row, self._encoding)


def choose_encoding(path: Path, compression: str, options: Options) -> Encoding:
    """Returns the requested encoding, or the detected one."""
    if options.encoding is None:
        return detect_encoding(path, compression)
    return Encoding(options.encoding, count_damaged(path, compression, options.encoding))


def report_damage(row: Row, encoding: Encoding) -> Row:
    """Reports the invalid bytes of a row as its problem, and replaces them by escapes."""
    if not encoding.damaged or not any(is_damaged(cell or "") for cell in row.cells):
        return row
    cells = [None if cell is None else printable(cell) for cell in row.cells]
    return Row(row.line, cells, row.problem or f"bytes that are not {encoding.name}", row.native)

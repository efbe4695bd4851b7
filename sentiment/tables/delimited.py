"""Reader of delimited text: ``.csv``, ``.tsv``, and a ``.txt`` that is a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from sentiment.file_limits import MAX_COLUMNS
from sentiment.tables.base import SAMPLE_CHARACTERS, SAMPLE_ROWS, Options, Row, RowSource
from sentiment.tables.cells import printable
from sentiment.tables.decoding import Encoding, count_damaged, detect_encoding, is_damaged, open_text
from sentiment.tables.errors import FileError
from sentiment.tables.formats import check_not_json
from sentiment.tables.headers import (
    DELIMITERS,
    IN_PROSE,
    ROW_NAME,
    Start,
    above_note,
    find_start,
    guess_delimiter,
    has_header,
    has_spaced_names,
)
from sentiment.tables.lines import Record, read_records
from sentiment.tables.quoting import Escapes, find_escapes


class DelimitedSource(RowSource):
    """A file whose rows are cells between delimiters."""

    def __init__(self, path: Path, format: str, compression: str, options: Options) -> None:
        super().__init__(path, format)
        check_not_json(path, compression)
        self._compression = compression
        self._encoding = choose_encoding(path, compression, options)
        self._declared = self._declared_delimiter()
        known = options.delimiter or self._declared
        self._escapes = self._find_escapes(known or DELIMITERS)
        self._delimiter = known or self._guess_delimiter()
        rows = self._first_rows(self._delimiter)
        if not rows:
            raise FileError(f"{path.name} has no rows, not even a header.")
        self._start = find_start(rows, prose=self._delimiter in IN_PROSE)
        if options.header is not None:  # it states what the first row is
            self._start = Start(row_names=self._start.row_names and options.header)
        first = rows[self._start.above :]
        self.check_columns(first[0])
        has_names = has_header(first) if options.header is None else options.header
        self._header = has_names or self._start.row_names
        self.columns = self._names(first[0])
        self.kinds = ["string"] * len(self.columns)
        self.cuts = self._delimiter not in "\t|"  # which rarely occur in prose
        self.found = {"encoding": self._encoding.name, "delimiter": self._delimiter, "header": self._header}
        self.notes = encoding_notes(self._encoding) + self._reading_notes(rows)

    def rows(self) -> Iterator[Row]:
        """Yields every row except those above the table, the header and blank lines."""
        records = self._records(self._delimiter, len(self.columns))
        for record in islice(records, self._start.above + self._header, None):
            row = Row(record.line, record.cells, record.problem, quoted=record.quoted)
            yield report_damage(row, self._encoding)

    def _names(self, first: list[str]) -> list[str]:
        if not self._header:
            return [f"column_{i + 1}" for i in range(len(first))]
        return [ROW_NAME, *first] if self._start.row_names else list(first)

    def _reading_notes(self, rows: list[list[str]]) -> list[str]:
        notes = []
        if self._start.above:
            notes.append(above_note(rows[: self._start.above]))
        if self._start.row_names:
            notes.append(f"The header has no name for the first column; it is called {ROW_NAME} here.")
        if self._escapes:
            notes.append(f"Backslashes before quotation marks were read as escapes ({self._escapes}).")
        return notes

    def _records(self, delimiter: str, width: int) -> Iterator[Record]:
        with open_text(self.path, self._compression, self._encoding) as file:
            records = read_records(file, delimiter, width, self._escapes)
            if self._declared:
                next(records)
            yield from records

    def _declared_delimiter(self) -> str | None:
        """Returns the delimiter that a first line ``sep=;`` declares for Excel, None if there is no such line."""
        with open_text(self.path, self._compression, self._encoding) as file:
            line = file.readline(len("sep=;") + 2).rstrip("\r\n")
        return line[-1] if len(line) == len("sep=;") and line.startswith("sep=") else None

    def _find_escapes(self, delimiters: str) -> Escapes:
        if not self._encoding.escapes:
            return ""
        with open_text(self.path, self._compression, self._encoding) as file:
            return find_escapes(file, delimiters)

    def _guess_delimiter(self) -> str:
        with open_text(self.path, self._compression, self._encoding) as file:
            names_spaced = has_spaced_names(file.readline(SAMPLE_CHARACTERS))
        delimiters = DELIMITERS + " " * names_spaced
        sample = {delimiter: self._first_rows(delimiter, broken=True) for delimiter in delimiters}
        return guess_delimiter(sample, preferred="\t" if self.format == "tsv" else ",")

    def _first_rows(self, delimiter: str, *, broken: bool = False) -> list[list[str]]:
        """Returns the first rows, without malformed ones after the first unless ``broken``."""
        rows: list[list[str]] = []
        size = 0
        for record in self._records(delimiter, 0):
            if broken or not record.problem or not rows:
                rows.append([printable(cell) for cell in record.cells[: MAX_COLUMNS + 1]])
            size += sum(map(len, record.cells)) + len(record.cells)
            if len(rows) > SAMPLE_ROWS or size > SAMPLE_CHARACTERS:
                break
        return rows


def choose_encoding(path: Path, compression: str, options: Options) -> Encoding:
    """Returns the requested encoding, or the detected one."""
    if options.encoding is None:
        return detect_encoding(path, compression)
    return Encoding(options.encoding, count_damaged(path, compression, options.encoding))


def encoding_notes(encoding: Encoding) -> list[str]:
    """Returns a sentence on an encoding that was guessed."""
    if not encoding.guessed:
        return []
    return [f"The encoding {encoding.name} was guessed; choose another if letters look wrong."]


def report_damage(row: Row, encoding: Encoding) -> Row:
    """Reports the invalid bytes of a row as its problem, and replaces them by escapes."""
    if not encoding.damaged or not any(is_damaged(cell or "") for cell in row.cells):
        return row
    cells = [None if cell is None else printable(cell) for cell in row.cells]
    return Row(row.line, cells, row.problem or f"bytes that are not {encoding.name}", row.native)

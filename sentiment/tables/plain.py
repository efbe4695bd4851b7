"""Readers of ``.txt``: a review on each line, the lines of fastText, or a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from sentiment.tables.base import SAMPLE_CHARACTERS, SAMPLE_ROWS, Options, Row, RowSource
from sentiment.tables.decoding import open_text
from sentiment.tables.delimited import DelimitedSource, choose_encoding, encoding_notes, report_damage
from sentiment.tables.errors import FileError
from sentiment.tables.formats import check_not_json
from sentiment.tables.headers import ONE_COLUMN, has_spaced_names, splits_lines
from sentiment.tables.lines import read_lines, read_records
from sentiment.tables.options import delimiter_name

_DELIMITERS = "\t;|@#^~,"  # that may make a table of plain lines
_FASTTEXT = re.compile(r"\s*((?:__label__\S+[ \t]+)+)(\S.*)", re.DOTALL)
_LINES = "The delimiter “none” reads every line as a review."


class LinesSource(RowSource):
    """A ``.txt`` file: each line is a review, an empty line an empty review."""

    def __init__(self, path: Path, compression: str, options: Options) -> None:
        super().__init__(path, "txt", ["text"], ["string"])
        if options.header is not None:
            raise FileError(f"The option header cannot be used for {path.name}, which is read line by line.")
        check_not_json(path, compression)
        self._compression = compression
        self._encoding = choose_encoding(path, compression, options)
        self.found = {"encoding": self._encoding.name}
        self.notes = encoding_notes(self._encoding)

    def rows(self) -> Iterator[Row]:
        """Yields every line."""
        with open_text(self.path, self._compression, self._encoding) as file:
            for line in read_lines(file):
                row = Row(line.number, self._cells(line.text.rstrip("\r\n")), line.problem)
                yield report_damage(row, self._encoding)

    def table_delimiter(self) -> str:
        """Returns the delimiter that makes the lines a table, "" if there is none."""
        lines = [row.cells[0] or "" for row in self._first_rows()]
        if found := next((sign for sign in _DELIMITERS if splits_lines(lines, sign)), ""):
            return found
        if lines and has_spaced_names(lines[0]) and all(line.startswith('"') for line in lines):
            return " "
        return "\t" if self._has_tabbed_records() else ""

    def is_fasttext(self) -> bool:
        """Returns whether every line begins with a label of fastText."""
        lines = [row.cells[0] or "" for row in self._first_rows()]
        given = [line for line in lines if line.strip()]
        return bool(given) and all(_FASTTEXT.match(line) for line in given)

    def _cells(self, text: str) -> list[str | None]:
        return [text]

    def _first_rows(self) -> list[Row]:
        rows: list[Row] = []
        size = 0
        for row in islice(self.rows(), SAMPLE_ROWS):
            rows.append(row)
            size += len(row.cells[0] or "")
            if size > SAMPLE_CHARACTERS:
                break
        return rows

    def _has_tabbed_records(self) -> bool:
        """Returns whether the lines are a table with tabs in which quoted cells contain line ends."""
        with open_text(self.path, self._compression, self._encoding) as file:
            records = list(islice(read_records(file, "\t", 0), SAMPLE_ROWS))
        widths = {len(record.cells) for record in records}
        return len(records) > 1 and len(widths) == 1 and widths != {1} and not any(r.problem for r in records)


class FastTextSource(LinesSource):
    """A ``.txt`` file of fastText: labels such as ``__label__2``, then the text."""

    def __init__(self, path: Path, compression: str, options: Options) -> None:
        super().__init__(path, compression, options)
        self.columns, self.kinds = ["label", "text"], ["string", "string"]
        self.notes.append(f"The labels of fastText (__label__) are a column of their own. {_LINES}")

    def _cells(self, text: str) -> list[str | None]:
        if not (found := _FASTTEXT.fullmatch(text)):
            return [None, text]
        return [" ".join(label.removeprefix("__label__") for label in found[1].split()), found[2]]


def open_plain(path: Path, compression: str, options: Options) -> RowSource:
    """Opens a ``.txt`` file as the kind that its lines suggest, or as a table if the options name a delimiter."""
    if options.delimiter and options.delimiter != ONE_COLUMN:
        return DelimitedSource(path, "txt", compression, options)
    if options.delimiter is None:
        lines = LinesSource(path, compression, Options(encoding=options.encoding))
        if lines.is_fasttext():
            return FastTextSource(path, compression, options)
        if delimiter := lines.table_delimiter():
            known = Options(encoding=options.encoding, delimiter=delimiter, header=options.header)
            table = DelimitedSource(path, "txt", compression, known)
            name = delimiter_name(delimiter)
            table.notes.append(f"Read as a table, because the delimiter “{name}” splits every line equally. {_LINES}")
            return table
    return LinesSource(path, compression, options)

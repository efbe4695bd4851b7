"""Reviews in an Excel workbook: the first sheet, its first row that is not blank the header."""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException

from sentiment.bulk.columns import has_header
from sentiment.bulk.decoding import UNPACKING, printable
from sentiment.bulk.problem import BulkError
from sentiment.bulk.source import SAMPLE_ROWS, Options, Row, RowSource

_DAMAGES = (  # what openpyxl lets through
    InvalidFileException, ParseError, LookupError, ValueError, TypeError, AttributeError, RuntimeError, *UNPACKING,
)  # fmt: skip
MAX_UNPACKED = 4 << 30  # bytes; a workbook that unpacks to more is taken for an attack


class WorkbookSource(RowSource):
    """An ``.xlsx`` file. ``native`` has a letter a cell: s text, n number, b boolean, d date, t time, - nothing."""

    unit = "row"

    def __init__(self, path: Path, options: Options) -> None:
        super().__init__(path, "xlsx")
        _check(path)
        self._header = True if options.header is None else options.header
        first = self._first()
        if first is None:
            raise BulkError(f"{path.name} has no rows on its first sheet.")
        if options.header is None:
            self._header = has_header(first)
        self.columns = list(first[0]) if self._header else [f"column_{i + 1}" for i in range(len(first[0]))]
        self.kinds = ["string"] * len(self.columns)
        self.found["header"] = self._header

    def rows(self) -> Iterator[Row]:
        """Every row but the header, blank ones at the start and the end left out."""
        rows = self._rows()
        if self._header:
            next(rows)
        yield from rows

    def _first(self) -> list[list[str]] | None:
        rows: list[list[str]] = []
        for row in self._rows():
            rows.append([cell or "" for cell in row.cells])
            if len(rows) > SAMPLE_ROWS:
                break
        return rows or None

    def _rows(self) -> Iterator[Row]:
        """The rows from the first that is not blank to the last."""
        begun = False
        blank: list[Row] = []
        for number, values in enumerate(self._values(), 1):
            cells = [_as_text(value) for value in values]
            while cells and cells[-1] is None:
                cells.pop()
            row = Row(number, cells, native="".join(map(_letter, values[: len(cells)])))
            if cells:
                yield from blank
                yield row
                begun, blank = True, []
            elif begun:
                blank.append(row)

    def _values(self) -> Iterator[Sequence[object]]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                book = openpyxl.load_workbook(self.path, read_only=True, data_only=True)
                try:
                    sheet = book.worksheets[0]
                    self.found["sheet"] = sheet.title
                    sheet.reset_dimensions()
                    yield from sheet.iter_rows(values_only=True)
                finally:
                    book.close()
            except _DAMAGES as error:
                raise BulkError(f"{self.path.name} is damaged, or no Excel workbook.") from error


def _check(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
    except zipfile.BadZipFile as error:
        raise BulkError(f"{path.name} is damaged, or no Excel workbook.") from error
    if unpacked > MAX_UNPACKED:
        raise BulkError(f"{path.name} unpacks to {unpacked >> 30:,} GB; save it as .csv.")


def _as_text(value: object) -> str | None:
    match value:
        case None:
            return None
        case str():
            return printable(unescape(value))
        case bool():
            return "TRUE" if value else "FALSE"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _letter(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "b"
        case int():
            return "n"
        case float() if math.isfinite(value):
            return "n"
        case datetime() | date():
            return "d"
        case time():
            return "t"
        case timedelta() | str() | _:
            return "s"

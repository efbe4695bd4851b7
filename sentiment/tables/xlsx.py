"""Reader of Excel workbooks: the first sheet; its first row that is not blank may be the header."""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException

from sentiment.file_limits import (
    MAX_BLANK_ROWS,
    MAX_SHEET_ROW,
    MAX_WORKBOOK_PART,
    LimitError,
    check_unpacked,
    workbook_limit,
)
from sentiment.tables.base import SAMPLE_ROWS, Options, Row, RowSource
from sentiment.tables.cells import printable
from sentiment.tables.columns import has_header
from sentiment.tables.decoding import DECOMPRESSION_ERRORS, is_damage
from sentiment.tables.errors import FileError
from sentiment.tables.spreadsheets import XLSX_ROWS

_DAMAGES = (  # raised by openpyxl for damaged files
    InvalidFileException, ParseError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError,
    *DECOMPRESSION_ERRORS,
)  # fmt: skip
_BLOCK = 64  # rows read at a time


class WorkbookSource(RowSource):
    """An ``.xlsx`` file. ``native`` has a letter per cell: s text, n number, b boolean, d date, t time, - empty."""

    unit = "row"

    def __init__(self, path: Path, options: Options) -> None:
        super().__init__(path, "xlsx")
        _check(path)
        self._header = True if options.header is None else options.header
        first = self._first()
        if first is None:
            raise FileError(f"{path.name} has no rows on its first sheet.")
        self.check_columns(first[0])
        if options.header is None:
            self._header = has_header(first)
        self.columns = list(first[0]) if self._header else [f"column_{i + 1}" for i in range(len(first[0]))]
        self.kinds = ["string"] * len(self.columns)
        self.found["header"] = self._header

    def rows(self) -> Iterator[Row]:
        """Yields every row except the header, and except blank rows at the start and the end."""
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
        """Yields the rows from the first to the last that is not blank."""
        begun, blank = False, 0
        for number, values in enumerate(self._values(), 1):
            cells = [_as_text(value) for value in values]
            while cells and cells[-1] is None:
                cells.pop()
            if number > XLSX_ROWS:
                raise FileError(
                    f"{self.path.name} has rows beyond {XLSX_ROWS:,}, where a worksheet ends; save it again from a "
                    "spreadsheet program."
                )
            if not cells:
                blank += begun
                continue
            if blank > MAX_BLANK_ROWS:
                raise FileError(
                    f"{self.path.name} has {blank:,} blank rows before row {number:,}; delete that row, or them."
                )
            yield from (Row(above, []) for above in range(number - blank, number))
            yield Row(number, cells, native="".join(map(_letter, values[: len(cells)])))
            begun, blank = True, 0

    def _values(self) -> Iterator[Sequence[object]]:
        try:
            rows = self._sheet_rows()
            while block := _next_rows(rows):
                yield from block
        except LimitError as error:
            raise FileError(str(error)) from error
        except _DAMAGES as error:
            raise FileError(f"{self.path.name} is damaged, or no Excel workbook.") from error
        except OSError as error:
            if is_damage(error):
                raise FileError(f"{self.path.name} is damaged, or no Excel workbook.") from error
            raise

    def _sheet_rows(self) -> Iterator[Sequence[object]]:
        """Yields the values of the first sheet, row by row."""
        reader = ExcelReader(self.path, read_only=True, data_only=True)
        reader.archive.close()
        with _Archive(self.path) as archive:
            reader.archive = archive
            reader.read()
            sheet = reader.wb.worksheets[0]
            self.found["sheet"] = sheet.title
            sheet.reset_dimensions()
            with _SheetStream(sheet._get_source(), self.path.name) as stream:
                sheet._get_source = lambda: stream
                for values in sheet.iter_rows(values_only=True):
                    stream.row_bytes = 0
                    yield values


class _Archive(zipfile.ZipFile):
    """A workbook's archive that bounds the parts which openpyxl loads whole into memory."""

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        """Returns a part of the workbook other than its sheets and strings."""
        if (name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)).file_size > MAX_WORKBOOK_PART:
            raise LimitError(
                f"A part of {self.filename and Path(self.filename).name} other than its cells, such as its styles, has "
                f"more than {MAX_WORKBOOK_PART:,} bytes; save the workbook as .csv."
            )
        return super().read(name, pwd)


class _SheetStream:
    """The XML of a sheet; refuses a row that is too large before its cells fill the memory."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream, self._name = stream, name
        self.row_bytes = 0

    def read(self, size: int) -> bytes:
        """Returns the next bytes."""
        block = self._stream.read(size)
        self.row_bytes += len(block)
        if self.row_bytes > MAX_SHEET_ROW:
            raise LimitError(f"{self._name} has a row of more than {MAX_SHEET_ROW:,} bytes; save it as .csv.")
        return block

    def __enter__(self) -> _SheetStream:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _next_rows(rows: Iterator[Sequence[object]]) -> list[Sequence[object]]:
    """Returns the next rows; openpyxl's warnings are suppressed only during this call."""
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        return list(islice(rows, _BLOCK))


def _check(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
        check_unpacked(unpacked, workbook_limit(path.stat().st_size), path.name, "save it as .csv")
    except LimitError as error:
        raise FileError(str(error)) from error
    except (*DECOMPRESSION_ERRORS, OSError) as error:
        if isinstance(error, OSError) and not is_damage(error):
            raise
        raise FileError(f"{path.name} is damaged, or no Excel workbook.") from error


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

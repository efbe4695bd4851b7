"""Reader of Excel workbooks: one sheet, from its header or its first row that is not blank."""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException

from sentiment.file_limits import (
    MAX_BLANK_ROWS,
    MAX_WORKBOOK_PART,
    LimitError,
    check_unpacked,
    workbook_limit,
)
from sentiment.tables.base import SAMPLE_ROWS, Options, Row, RowSource
from sentiment.tables.cells import printable
from sentiment.tables.errors import FileError
from sentiment.tables.formats import DECOMPRESSION_ERRORS, describe_other_kind, is_damage
from sentiment.tables.headers import above_note, find_start, has_header
from sentiment.tables.sheets import choose_sheet, open_sheet
from sentiment.tables.spreadsheets import XLSX_ROWS

_WORKBOOK_ERRORS = (  # raised by openpyxl for damaged files
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
        self._formulas = 0  # without a saved value
        ignored = warnings.catch_warnings(action="ignore", category=UserWarning)  # openpyxl's
        with ignored, _damage_explained(path), _opened(path) as book:
            self._sheet, self.sheets, self.notes = choose_sheet(book, options.sheet, path.name)
            with closing(self._sheet_values(book)) as values:
                first_rows = islice(self._rows(values), SAMPLE_ROWS + 1)
                rows = [[cell or "" for cell in row.cells] for row in first_rows]
        self.found["sheet"] = self._sheet
        if not rows:
            raise FileError(f"{path.name} has no rows on its sheet “{self._sheet}”.")
        above = find_start(_padded(rows), prose=False).above if options.header is None else 0
        first = rows[above:]
        self.check_columns(first[0])
        self._header = has_header(first) if options.header is None else options.header
        self._skipped = above + self._header
        self.columns = list(first[0]) if self._header else [f"column_{i + 1}" for i in range(len(first[0]))]
        self.kinds = ["string"] * len(self.columns)
        self.found["header"] = self._header
        if above:
            self.notes.append(above_note(rows[:above]))

    def rows(self) -> Iterator[Row]:
        """Yields every row below the header, except blank rows at the start and the end."""
        return islice(self._rows(self._values()), self._skipped, None)

    def remarks(self) -> list[str]:
        """Returns the notes, and how many formulas have no saved value."""
        if not self._formulas:
            return self.notes
        have = "formula has" if self._formulas == 1 else "formulas have"
        return [
            *self.notes,
            f"{self._formulas:,} {have} no saved value and read as empty; open the workbook in a spreadsheet program "
            "and save it.",
        ]

    def _rows(self, table: Iterator[Sequence[object]]) -> Iterator[Row]:
        """Yields the rows from the first to the last that is not blank."""
        begun, blank = False, 0
        for number, values in enumerate(table, 1):
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
                    f"{self.path.name} has {blank:,} blank rows before row {number:,}; delete them, or that row."
                )
            yield from (Row(above, []) for above in range(number - blank, number))
            yield Row(number, cells, native="".join(map(_letter, values[: len(cells)])))
            begun, blank = True, 0

    def _values(self) -> Iterator[Sequence[object]]:
        """Yields the values of the sheet, row by row."""
        with (
            _damage_explained(self.path),
            _opened(self.path) as book,
            closing(self._sheet_values(book)) as rows,  # otherwise a sheet that was read in part keeps the file open
        ):
            while block := _next_rows(rows):
                yield from block

    def _sheet_values(self, book: Workbook) -> Generator[Sequence[object]]:
        with open_sheet(book[self._sheet], self.path.name) as (sheet, stream):
            for values in sheet.iter_rows(values_only=True):
                stream.row_bytes = 0
                self._formulas = max(self._formulas, stream.formulas)
                yield values


@contextmanager
def _damage_explained(path: Path) -> Iterator[None]:
    try:
        yield
    except LimitError as error:
        raise FileError(str(error)) from error
    except _WORKBOOK_ERRORS as error:
        raise FileError(f"{path.name} is damaged or not an Excel workbook.") from error
    except OSError as error:
        if is_damage(error):
            raise FileError(f"{path.name} is damaged or not an Excel workbook.") from error
        raise


@contextmanager
def _opened(path: Path) -> Iterator[Workbook]:
    """Opens a workbook without its cells."""
    reader = ExcelReader(path, read_only=True, data_only=True)
    reader.archive.close()
    with _Archive(path) as archive:
        reader.archive = archive
        reader.read()
        yield reader.wb


def _padded(rows: list[list[str]]) -> list[list[str]]:
    """Returns rows of equal length, because a worksheet leaves out empty cells; titles stay as they are."""
    width = max(map(len, rows))
    return [row if len(row) <= 1 else row + [""] * (width - len(row)) for row in rows]


class _Archive(zipfile.ZipFile):
    """A workbook's archive that bounds the parts which openpyxl loads whole into memory.

    It closes what openpyxl leaves open when a part is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._parts: list[IO[bytes]] = []
        super().__init__(path)

    def open(self, *args: Any, **kwargs: Any) -> IO[bytes]:
        """Opens a part of the workbook."""
        self._parts.append(super().open(*args, **kwargs))
        return self._parts[-1]

    def close(self) -> None:
        """Closes the archive and its parts."""
        for part in self._parts:
            part.close()
        super().close()

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        """Returns a part of the workbook other than its sheets and strings."""
        if (name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)).file_size > MAX_WORKBOOK_PART:
            raise LimitError(
                f"A part of {self.filename and Path(self.filename).name} other than its cells, such as its styles, has "
                f"more than {MAX_WORKBOOK_PART:,} bytes; save the workbook as .csv."
            )
        return super().read(name, pwd)


def _next_rows(rows: Iterator[Sequence[object]]) -> list[Sequence[object]]:
    """Returns the next rows; openpyxl's warnings are suppressed only during this call."""
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        return list(islice(rows, _BLOCK))


def _check(path: Path) -> None:
    """Rejects a file that is too large when unpacked, or is not a workbook."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.startswith(b"PK") and (kind := describe_other_kind(head)):
        raise FileError(f"{path.name} is not an .xlsx workbook: it looks like {kind}.")
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
        check_unpacked(unpacked, workbook_limit(path.stat().st_size), path.name, "save it as .csv")
    except LimitError as error:
        raise FileError(str(error)) from error
    except (*DECOMPRESSION_ERRORS, OSError) as error:
        if isinstance(error, OSError) and not is_damage(error):
            raise
        raise FileError(f"{path.name} is damaged or not an Excel workbook.") from error


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

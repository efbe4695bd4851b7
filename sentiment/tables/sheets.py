"""Chooses and opens a sheet of an Excel workbook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import IO, Any

from openpyxl import Workbook

from sentiment.file_limits import MAX_SHEET_ROW, LimitError
from sentiment.tables.errors import FileError
from sentiment.tables.headers import is_named_header

_LOOKED_AT = 50  # sheets whose first rows are read
_FIRST_ROWS, _SCANNED = 20, 1000  # non-blank rows that are read, and rows in which they are sought
_SHOWN = 10  # names in a message
_CELL = r"(?:\w+:)?"
_EMPTY_FORMULA = re.compile(
    rf"<{_CELL}c\b([^>]*)>\s*<{_CELL}f\b[^>]*(?:/>|>[^<]*</{_CELL}f>)\s*"
    rf"(?:<{_CELL}v\s*/>|<{_CELL}v>\s*</{_CELL}v>|</{_CELL}c>)".encode()
)


def choose_sheet(book: Workbook, wanted: str | None, file: str) -> tuple[str, list[str], list[str]]:
    """Chooses the sheet to read: the wanted one, else the first visible one that is a table.

    Args:
        book: the workbook.
        wanted: the name of a sheet, or its number from 1; None to choose.
        file: the workbook's name in a message.

    Returns:
        The sheet's name, the names of the visible sheets with rows, and notes for the user.

    Raises:
        FileError: there is no such sheet, or none has rows.
    """
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    samples = {sheet.title: _first_rows(sheet, file) for sheet in visible[:_LOOKED_AT]}
    filled = [name for name, rows in samples.items() if rows]
    if wanted is not None:
        name = _find_sheet([sheet.title for sheet in book.worksheets], wanted, file)
    elif filled:
        tables = [name for name in filled if len(samples[name]) > 1]
        name = next((name for name in tables if not _is_cover(samples[name])), [*tables, *filled][0])
    else:
        raise FileError(f"{file} has no rows on its visible sheets.")
    others = [other for other in filled if other != name]
    hidden = [sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible" and sheet.title != name]
    notes = [f"Only the sheet {_quoted([name])} is read, not {_quoted(others)}."] if others else []
    if hidden:
        notes.append(f"Hidden sheets are not read: {_quoted(hidden)}.")
    return name, filled, notes


@contextmanager
def open_sheet(sheet: Any, file: str) -> Iterator[tuple[Any, SheetStream]]:
    """Opens a sheet for reading its rows, together with its stream, which bounds them."""
    sheet.reset_dimensions()
    with SheetStream(sheet._get_source(), file) as stream:
        sheet._get_source = lambda: stream
        try:
            yield sheet, stream
        finally:
            del sheet._get_source  # otherwise the sheet could not be read again


class SheetStream:
    """The XML of a sheet; refuses a row that is too large before its cells fill the memory.

    Attributes:
        row_bytes: bytes read since the last row; the reader of the rows sets it to 0.
        formulas: the number of formulas without a saved value so far.
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream, self._name = stream, name
        self.row_bytes = self.formulas = 0
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Returns the next bytes."""
        block = self._stream.read(size)
        self.row_bytes += len(block)
        if self.row_bytes > MAX_SHEET_ROW:
            raise LimitError(f"{self._name} has a row of more than {MAX_SHEET_ROW:,} bytes; save it as .csv.")
        self._count_formulas(block)
        return block

    def _count_formulas(self, block: bytes) -> None:
        """Counts formulas whose value is missing; an empty text is a value."""
        text = self._rest + block
        end = 0
        if b"f>" in text or b"<f" in text:
            for found in _EMPTY_FORMULA.finditer(text):
                self.formulas += b't="str"' not in found[1]
                end = found.end()
        self._rest = text[max(end, text.rfind(b"<c"), len(text) - (1 << 15)) :]

    def __enter__(self) -> SheetStream:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _first_rows(sheet: Any, file: str) -> list[Sequence[object]]:
    """Returns the first rows of a sheet that are not blank."""
    with open_sheet(sheet, file) as (opened, stream):
        rows = []
        for values in islice(opened.iter_rows(values_only=True), _SCANNED):
            stream.row_bytes = 0
            if any(value is not None for value in values):
                rows.append(values)
            if len(rows) == _FIRST_ROWS:
                break
        return rows


def _is_cover(rows: list[Sequence[object]]) -> bool:
    """Returns whether a sheet holds a few lines of one cell, and no usual name above them."""
    lines = [[str(value) for value in row if value is not None] for row in rows]
    return len(rows) < _FIRST_ROWS and all(len(line) == 1 for line in lines) and not is_named_header(lines)


def _find_sheet(names: list[str], wanted: str, file: str) -> str:
    if wanted in names:
        return wanted
    if found := next((name for name in names if name.strip().lower() == wanted.strip().lower()), None):
        return found
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    raise FileError(f"There is no sheet {wanted} in {file}; the sheets are {', '.join(names[:_SHOWN])}.")


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")

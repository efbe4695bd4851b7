"""Bounds on the content of a file, so that a small file cannot take much time, memory or disk.

Each bound is far above what a table of reviews needs. An error names the exceeded bound and says what to do.

``budget`` holds what a visitor and a server may use, and ``tables/spreadsheets.py`` the limits of worksheets.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import BinaryIO

MAX_RECORD = 16_000_000  # characters in a row, bytes in a Parquet cell
MAX_RECORD_LINES = 100_000  # lines in a row of a CSV file
MAX_COLUMNS = 4_096
MAX_NAMES = 1_000_000  # characters in the names of all columns
MAX_MISSING = 50_000_000  # cells that a table lacks: short rows, absent keys, empty cells of a workbook
MAX_BLANK_ROWS = 10_000  # consecutive blank rows of a worksheet
MAX_UNPACKED_FREE = 256_000_000  # bytes to which any packed or encoded file may unpack
MAX_WORKBOOK_FREE = 32_000_000  # the same for a workbook, whose strings are all in memory at once
MAX_UNPACKED_RATIO = 200  # unpacked size of a larger file, as a multiple of its size; text compresses 3 to 20 times
MAX_WORKBOOK_RATIO = 50  # the same for a workbook
MAX_WORKBOOK_PART = 4_000_000  # bytes of a workbook part without cells, such as its styles
MAX_SHEET_ROW = 4_000_000  # bytes of XML between two rows of a worksheet

_BLOCK = 1 << 20


class LimitError(Exception):
    """Raised for a file that exceeds a bound; the message is one sentence for the user."""


def check_columns(columns: Collection[str], name: str) -> None:
    """Rejects a table with too many columns or too long column names.

    Raises:
        LimitError: a bound is exceeded.
    """
    if len(columns) > MAX_COLUMNS:
        raise LimitError(f"{name} has more than {MAX_COLUMNS:,} columns; keep those that you need.")
    if sum(map(len, columns)) > MAX_NAMES:
        raise LimitError(f"{name} has column names of more than {MAX_NAMES:,} characters in all; shorten them.")


def unpacked_limit(packed: int) -> int:
    """Returns the number of bytes to which a packed file of ``packed`` bytes may unpack."""
    return max(MAX_UNPACKED_FREE, MAX_UNPACKED_RATIO * packed)


def workbook_limit(packed: int) -> int:
    """Returns the number of bytes to which a workbook of ``packed`` bytes may unpack."""
    return max(MAX_WORKBOOK_FREE, MAX_WORKBOOK_RATIO * packed)


def check_unpacked(size: int, limit: int, name: str, advice: str = "use it unpacked, or split it") -> None:
    """Rejects a file that unpacks to more bytes than its limit.

    Raises:
        LimitError: ``size`` exceeds ``limit``.
    """
    if size > limit:
        megabytes = f"{limit / 1e6:,.0f} MB"
        raise LimitError(f"{name} unpacks to more than {megabytes}, too much for a file of its size; {advice}.")


class BoundedStream(io.RawIOBase):
    """A stream of unpacked bytes that raises ``LimitError`` once more than ``limit`` have been read."""

    def __init__(self, stream: BinaryIO, limit: int, name: str) -> None:
        self._stream, self._limit, self._name, self._size = stream, limit, name, 0

    def readable(self) -> bool:
        """Returns True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Reads up to ``len(buffer)`` bytes into the buffer and returns their number."""
        try:
            block = self._stream.read(len(buffer))
        except MemoryError as error:  # LZMA reserves as much as the archive asks for
            raise LimitError(f"{self._name} needs too much memory to unpack; use it unpacked.") from error
        self._size += len(block)
        check_unpacked(self._size, self._limit, self._name)
        buffer[: len(block)] = block
        return len(block)

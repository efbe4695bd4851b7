"""Bounds on what a file may hold, so that a small one cannot take much time, memory or disk.

Each bound is far above what a table of reviews needs. Whoever meets one is told which it is and what to do.
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
MAX_BLANK_ROWS = 10_000  # blank rows of a worksheet between two that are not
MAX_UNPACKED_FREE = 256_000_000  # bytes that any packed or encoded file may unpack to
MAX_WORKBOOK_FREE = 32_000_000  # the same for a workbook, whose strings are all in memory at once
MAX_UNPACKED_RATIO = 200  # times its size that a larger file may unpack to; text packs 3 to 20 times
MAX_WORKBOOK_RATIO = 50  # the same for a workbook
MAX_WORKBOOK_PART = 4_000_000  # bytes of a part of a workbook that holds no cells, such as its styles
MAX_SHEET_ROW = 4_000_000  # bytes of XML from one row of a worksheet to the next

_BLOCK = 1 << 20


class LimitError(Exception):
    """A file that exceeds a bound; the message is one sentence for the user."""


def check_columns(columns: Collection[str], name: str) -> None:
    """Refuses a table with too many columns, or with names of columns that are too long.

    Raises:
        LimitError: a bound is exceeded.
    """
    if len(columns) > MAX_COLUMNS:
        raise LimitError(f"{name} has more than {MAX_COLUMNS:,} columns; keep those that you need.")
    if sum(map(len, columns)) > MAX_NAMES:
        raise LimitError(f"{name} has names of columns of more than {MAX_NAMES:,} characters; shorten them.")


def unpacked_limit(packed: int) -> int:
    """Bytes that a packed file of so many bytes may unpack to."""
    return max(MAX_UNPACKED_FREE, MAX_UNPACKED_RATIO * packed)


def workbook_limit(packed: int) -> int:
    """Bytes that a workbook of so many bytes may unpack to."""
    return max(MAX_WORKBOOK_FREE, MAX_WORKBOOK_RATIO * packed)


def check_unpacked(size: int, limit: int, name: str, advice: str = "use it unpacked, or split it") -> None:
    """Refuses a file that unpacks to more than its limit.

    Raises:
        LimitError: it does.
    """
    if size > limit:
        megabytes = f"{limit / 1e6:,.0f} MB"
        raise LimitError(f"{name} unpacks to more than {megabytes}, too much for a file of its size; {advice}.")


class BoundedStream(io.RawIOBase):
    """A stream of unpacked bytes that ends in a ``LimitError`` once it has given too many."""

    def __init__(self, stream: BinaryIO, limit: int, name: str) -> None:
        self._stream, self._limit, self._name, self._size = stream, limit, name, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills the buffer as far as there are bytes."""
        block = self._stream.read(len(buffer))
        self._size += len(block)
        check_unpacked(self._size, self._limit, self._name)
        buffer[: len(block)] = block
        return len(block)

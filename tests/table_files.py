"""Tables for tests: files that are read with the problems and notes of the reading, and workbooks."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

from sentiment.tables.base import Options
from sentiment.tables.open import open_source

TABLE = [["id", "review", "stars"], [1, "We liked it", 5], [2, "Dull", 1], [3, "Fine", 3]]


@dataclass(frozen=True)
class Read:
    """The parts of a reading that tests compare."""

    columns: list[str]
    rows: list[list[str | None]]
    notes: str
    problems: list[str]
    detected: dict[str, Any]


def read_table(folder: Path, name: str, content: str | bytes, **options: Any) -> Read:
    """Writes a file into a folder, and reads it as a table with these options."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    source = open_source(path, Options(**options))
    rows = list(source.rows())
    cells, problems = [list(row.cells) for row in rows], [row.problem for row in rows]
    return Read(source.columns, cells, " ".join(source.remarks()), problems, source.found)


def workbook(**sheets: list[list[Any]]) -> bytes:
    """A workbook with these sheets; one whose name begins with "hidden" is hidden."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name.startswith("hidden") else "visible"
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def sheet_rows(path: Path) -> list[tuple[Any, ...]]:
    """The rows of the active sheet of a workbook, with its header."""
    with contextlib.closing(openpyxl.load_workbook(path, read_only=True)) as book:
        return list(book.active.values)

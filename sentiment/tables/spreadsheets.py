"""Rules of spreadsheets: which cells they run as formulas, and what a worksheet can hold."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time
from typing import Any

from sentiment.tables.cells import as_json
from sentiment.tables.errors import FileError

XLSX_ROWS = 1_048_576
XLSX_COLUMNS = 16_384
XLSX_CHARACTERS = 32_767

# A spreadsheet runs a cell that begins with one of these (OWASP, CSV Injection); full-width signs count too.
_SIGNS = "=+-@＝＋－＠"
# It ignores these before them: white space and control characters, zero-width signs, byte order marks, soft hyphens.
_IGNORED = (
    r"\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff"
)
_FORMULA = re.compile(rf"[\t\r\n]|[{_IGNORED}]*[{re.escape(_SIGNS)}]")
_NUMBER = re.compile(r"[+-]?(?:\d[\d.,]*|[.,]\d+)(?:[eE][+-]?\d+)?%?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\r\x0e-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
MAX_ESCAPED_WIDTH = 7  # the most characters that one escaped character takes in a worksheet
_EXACT = 2**53  # a worksheet stores numbers as doubles


def escape_formula(cell: str) -> str:
    """Puts an apostrophe before a cell that a spreadsheet would run as a formula; numbers are unchanged."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell.strip(" \xa0")) else cell


def worksheet_text(cell: str, *, raw: bool) -> str:
    """Returns a text for a worksheet: characters that XML cannot hold are escaped, and formulas too.

    Args:
        cell: the text.
        raw: do not escape formulas.

    Raises:
        FileError: the text is too long for a cell.
    """
    text = _CONTROL.sub(_escaped, cell if raw else escape_formula(cell))
    if len(text) > XLSX_CHARACTERS:
        raise FileError(f"A cell of a worksheet holds {XLSX_CHARACTERS:,} characters; one here has {len(text):,}.")
    return text


def worksheet_length(cell: str) -> int:
    """Returns the most characters that a text takes in a worksheet, apostrophe and escapes included."""
    return len(_CONTROL.sub(_escaped, escape_formula(cell)))


def worksheet_value(value: Any) -> Any:
    """Returns a value that a worksheet can hold without loss, as text if necessary."""
    match value:
        case bool() | str() | None | time():
            return value
        case int() if abs(value) <= _EXACT:
            return value
        case float() if math.isfinite(value):
            return value
        case datetime() if value.tzinfo is None and value.year >= 1900:
            return value
        case date() if not isinstance(value, datetime) and value.year >= 1900:
            return value
        case bytes():
            return value.decode("utf-8", "backslashreplace")
        case list() | dict():
            return as_json(value)
        case _:
            return str(value)


def parse_native_cell(value: Any, letter: str) -> Any:
    """Restores the value of a workbook's cell from its text and type letter; see ``xlsx.WorkbookSource``."""
    if not isinstance(value, str):
        return value
    match letter:
        case "n":
            return int(value) if value.lstrip("-").isdecimal() else float(value)
        case "b":
            return value == "TRUE"
        case "d":
            return datetime.fromisoformat(value)
        case "t":
            return time.fromisoformat(value)
        case _:
            return value


def _escaped(match: re.Match[str]) -> str:
    """Escapes what XML cannot hold as Office Open XML does (ECMA-376 part 1, 22.9.2.19)."""
    found = match[0]
    return f"_x005F{found}" if len(found) > 1 else f"_x{ord(found):04X}_"

"""Reader of JSON Lines: one object per line, whose keys are the columns."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sentiment.tables.base import Options, Row, RowSource
from sentiment.tables.cells import printable
from sentiment.tables.decoding import is_damaged, open_text
from sentiment.tables.delimited import choose_encoding, report_damage
from sentiment.tables.errors import FileError
from sentiment.tables.lines import Line, read_lines

_EXACT = 2**53  # integers up to here are exact as doubles
_LONG = 2**63


class JsonLinesSource(RowSource):
    """A ``.jsonl`` file. The columns are all keys of all lines, in order of first appearance."""

    def __init__(self, path: Path, compression: str, options: Options) -> None:
        super().__init__(path, "jsonl")
        self._compression = compression
        self._encoding = choose_encoding(path, compression, options)
        self.found = {"encoding": self._encoding.name}
        kinds = self._kinds_by_key()
        self._positions = {key: position for position, key in enumerate(kinds)}
        self.columns = [printable(key) for key in kinds]
        self.kinds = [_common_kind(kind) for kind in kinds.values()]
        if not self.columns:
            raise FileError(f"{path.name} has no JSON object on any of its lines.")

    def rows(self) -> Iterator[Row]:
        """Yields every line that is not blank."""
        for line in self._lines():
            text = line.text.strip()
            value = _parse(line)
            if isinstance(value, str):
                row = Row(line.number, [text], value)
            else:
                native = "" if self._encoding.damaged and is_damaged(text) else text  # else it is not UTF-8
                cells: list[str | None] = [None] * len(self._positions)
                for key, cell in value.items():
                    cells[self._positions[key]] = _as_text(cell)
                row = Row(line.number, cells, native=native)
            yield _report_surrogates(report_damage(row, self._encoding))

    def _lines(self) -> Iterator[Line]:
        with open_text(self.path, self._compression, self._encoding) as file:
            yield from (line for line in read_lines(file) if line.text.strip())

    def _kinds_by_key(self) -> dict[str, set[str]]:
        kinds: dict[str, set[str]] = {}
        for line in self._lines():
            value = _parse(line)
            if isinstance(value, dict):
                if new := value.keys() - kinds.keys():
                    self.check_columns([*kinds, *new])
                for key, cell in value.items():
                    kinds.setdefault(key, set()).add(_kind(cell))
        return kinds


class _Float(float):
    """A number that keeps its literal in the file."""

    __slots__ = ("literal",)
    literal: str

    def __new__(cls, literal: str) -> _Float:
        number = super().__new__(cls, literal)
        number.literal = literal
        return number


def _parse(line: Line) -> dict[str, Any] | str:
    """Returns the object on a line, or the problem of the line."""
    if line.problem:
        return line.problem
    try:
        value = json.loads(line.text, parse_float=_Float)
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg} at character {error.colno}"
    except RecursionError:
        return "nested too deeply"
    except ValueError:
        return "a number with too many digits"
    return value if isinstance(value, dict) else "not a JSON object"


def _report_surrogates(row: Row) -> Row:
    """Reports the lone surrogates of a row as its problem, and replaces them by escapes."""
    if not any(printable(cell) != cell for cell in row.cells if cell and not cell.isascii()):
        return row
    problem = row.problem or "half a character, a surrogate without its other half"
    return Row(row.line, [cell and printable(cell) for cell in row.cells], problem, row.native)


def _as_text(value: object) -> str | None:
    """Returns a value as in the file: strings without quotes, None for null, objects and lists as JSON."""
    match value:
        case None | str():
            return value
        case _Float():
            return value.literal
        case _:
            return json.dumps(value, ensure_ascii=False)


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() if abs(value) <= _EXACT:
            return "integer"
        case int() if -_LONG <= value < _LONG:
            return "long"
        case float() if math.isfinite(value):
            return "number"
        case _:
            return "string"


def _common_kind(kinds: set[str]) -> str:
    """Returns the kind that represents all values of a column without loss."""
    kinds = kinds - {"null"}
    if kinds <= {"integer", "long"} and kinds:
        return "integer"
    if kinds <= {"integer", "number"} and kinds:
        return "number"
    return "boolean" if kinds == {"boolean"} else "string"

"""Reader of JSON: one object per line, an array of objects, or one object that contains a list of them.

The columns are the keys. An object inside an object gives a column for each of its keys: ``user.name``.
"""

from __future__ import annotations

import ast
import json
import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sentiment.tables.base import Options, Row, RowSource
from sentiment.tables.cells import as_json, printable
from sentiment.tables.decoding import is_damaged, open_text
from sentiment.tables.delimited import choose_encoding, encoding_notes, report_damage
from sentiment.tables.errors import FileError
from sentiment.tables.json_stream import BrokenError, Element, read_elements, survey_object
from sentiment.tables.lines import Line, read_lines

_EXACT = 2**53  # integers up to here are exact as doubles
_LONG = 2**63
_MAX_LITERAL = 200_000  # characters of a line in Python's notation, whose syntax tree takes a hundred times as much
_DEPTH = 8  # of objects inside each other that become columns


class JsonSource(RowSource):
    """A ``.jsonl`` or ``.json`` file. The columns are all keys of all objects, in order of first appearance."""

    def __init__(self, path: Path, format: str, compression: str, options: Options) -> None:
        super().__init__(path, "jsonl")
        self._compression = compression
        self._encoding = choose_encoding(path, compression, options)
        self.found = {"encoding": self._encoding.name}
        self.notes = encoding_notes(self._encoding)
        self._list = self._find_list(format)
        self._depth = _DEPTH
        try:
            kinds = self._kinds_by_key()
        except FileError:  # too many columns: the inner objects stay JSON
            self._depth = 0
            kinds = self._kinds_by_key()
        self._positions = {key: position for position, key in enumerate(kinds)}
        self.columns = [printable(key) for key in kinds]
        self.kinds = [_common_kind(kind) for kind in kinds.values()]
        if not self.columns:
            raise FileError(f"{path.name} has no JSON object, neither on a line nor in an array.")

    def rows(self) -> Iterator[Row]:
        """Yields every object, and every line or element that is not an object."""
        for element in self._elements():
            if element.problem:
                row = Row(element.line, [element.text], element.problem)
            else:
                damaged = self._encoding.damaged and is_damaged(element.text)
                cells: list[str | None] = [None] * len(self._positions)
                for key, cell in _flatten(element.value, self._depth).items():
                    cells[self._positions[key]] = _as_text(cell)
                row = Row(element.line, cells, native="" if damaged else element.text)
            yield _report_surrogates(report_damage(row, self._encoding))

    def _elements(self) -> Iterator[Element]:
        with open_text(self.path, self._compression, self._encoding) as file:
            if self._list is None:
                yield from (_parse(line) for line in read_lines(file) if line.text.strip())
                return
            for element in read_elements(file, _DECODER, self._list):
                if element.problem or isinstance(element.value, dict):
                    yield element
                else:
                    yield Element(element.line, element.text, problem="not a JSON object")

    def _find_list(self, format: str) -> str | None:
        """Returns the path of the list of objects, "" for the file's own array, None if every line is an object.

        Raises:
            FileError: the file is one object without a list of objects.
        """
        with open_text(self.path, self._compression, self._encoding) as file:
            lines = (line.text.strip() for line in read_lines(file) if line.text.strip())
            first, second = next(lines, ""), next(lines, "")
        if first.startswith("["):
            return ""
        one_line = not second and format == "json" and not first.startswith("{'")
        if not first.startswith("{") or not (one_line or _is_cut(first, second)):
            return None
        try:
            with open_text(self.path, self._compression, self._encoding) as file:
                contents = survey_object(file, _DECODER)
        except BrokenError as error:
            raise FileError(f"{self.path.name} is not well-formed JSON: {error}.") from error
        if contents.objects > 1:
            return ""
        if contents.lists:
            path = max(contents.lists, key=contents.lists.__getitem__)
            self.notes.append(f"The rows are the list “{printable(path)[:100]}” of the JSON object.")
            return path
        if contents.only_objects:
            raise FileError(
                f"{self.path.name} is one JSON object without a list of objects; write it as an array with an object "
                'for each review (in pandas: orient="records").'
            )
        return ""

    def _kinds_by_key(self) -> dict[str, set[str]]:
        kinds: dict[str, set[str]] = {}
        for element in self._elements():
            if not element.problem:
                flat = _flatten(element.value, self._depth)
                if new := flat.keys() - kinds.keys():
                    self.check_columns([*kinds, *new])
                for key, cell in flat.items():
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


_DECODER = json.JSONDecoder(parse_float=_Float)


def _parse(line: Line) -> Element:
    """Returns the object on a line, or the problem of the line."""
    text = line.text.strip()
    if line.problem:
        return Element(line.number, text, problem=line.problem)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        literal = _parse_literal(text)
        if literal is not None:
            return Element(line.number, as_json(literal), json.loads(as_json(literal)))
        return Element(line.number, text, problem=f"not JSON: {error.msg} at character {error.colno}")
    except RecursionError:
        return Element(line.number, text, problem="nested too deeply")
    except ValueError:
        return Element(line.number, text, problem="a number with too many digits")
    return Element(line.number, text, value, "" if isinstance(value, dict) else "not a JSON object")


def _parse_literal(text: str) -> dict[Any, Any] | None:
    """Returns a dictionary in Python's notation, as in the Amazon reviews of 2014; None if the text is not one."""
    if not text.startswith("{") or "'" not in text or len(text) > _MAX_LITERAL:
        return None
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes that Python does not know
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _is_cut(first: str, second: str) -> bool:
    """Returns whether the object on the first line continues on the second."""
    try:
        _DECODER.decode(first)
    except json.JSONDecodeError as error:
        return error.pos >= len(first) - 1 and not second.startswith("{")
    except (ValueError, RecursionError):
        pass
    return False


def _flatten(value: dict[str, Any], depth: int) -> dict[str, Any]:
    """Returns an object with the values of its inner objects under their paths, unless a key is such a path itself."""
    flat: dict[str, Any] = {}
    for key, cell in value.items():
        if depth and cell and isinstance(cell, dict):
            inner = {f"{key}.{path}": each for path, each in _flatten(cell, depth - 1).items()}
            flat |= inner if not inner.keys() & (flat.keys() | value.keys()) else {key: cell}
        else:
            flat[key] = cell
    return flat


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

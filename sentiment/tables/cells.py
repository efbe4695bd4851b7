"""Converts the cells of a table to values, text or JSON, and truncates them before they become Python objects."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_DAMAGED = re.compile("[\udc00-\udcff]")  # bytes that are not UTF-8, as "surrogateescape" reads them
_BYTES = 4  # the most that a character takes in UTF-8


def truncate(column: pa.Array | pa.ChunkedArray, most: int) -> pa.Array:
    """Returns the cells as text, each cut to its first ``most`` characters, as an array of strings."""
    if isinstance(column, pa.ChunkedArray):
        chunks = [truncate(chunk, most) for chunk in column.chunks]
        return pa.concat_arrays(chunks) if chunks else pa.array([], pa.string())
    kind = column.type
    if pa.types.is_dictionary(kind):
        return truncate(column.dictionary, most).take(column.indices)
    if pa.types.is_nested(kind):
        return pa.array([None if not cell.is_valid else as_json(cell.as_py())[:most] for cell in column], pa.string())
    if _is_binary(kind):
        column = pc.binary_slice(as_plain_type(column), 0, _BYTES * most)
    elif _is_string(kind):
        try:
            return pc.utf8_slice_codeunits(as_plain_type(column), 0, most).cast(pa.string())
        except pa.ArrowInvalid:  # a string is not UTF-8
            column = pc.binary_slice(column.cast(pa.large_binary()), 0, _BYTES * most)
    return pa.array([text and text[:most] for text in as_texts(column)], pa.string())


def longest_cell(column: pa.Array | pa.ChunkedArray) -> int:
    """Returns the bytes of the longest cell of text, 0 if the column holds no text."""
    if isinstance(column, pa.ChunkedArray):
        return max((longest_cell(chunk) for chunk in column.chunks), default=0)
    if pa.types.is_dictionary(column.type):
        return longest_cell(column.dictionary)
    if not (_is_string(column.type) or _is_binary(column.type)):
        return 0
    return pc.max(pc.binary_length(as_plain_type(column))).as_py() or 0


def as_plain_type(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Returns the column in a type that all of Arrow's text functions accept."""
    if pa.types.is_string_view(column.type):
        return column.cast(pa.large_string())
    return column.cast(pa.large_binary()) if _is_other_binary(column.type) else column


def as_values(column: pa.ChunkedArray) -> list[Any]:
    """Returns the values of a column as they are, or as text if one of its strings is not UTF-8."""
    try:
        return column.to_pylist()
    except UnicodeDecodeError:
        return list(as_texts(column))


def as_texts(column: pa.Array | pa.ChunkedArray) -> list[str | None]:
    """Returns the values of a column as text: numbers in digits, dates in ISO 8601, lists and structs as JSON."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_texts(column.cast(kind.value_type))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        try:
            return column.to_pylist()
        except UnicodeDecodeError:
            return as_texts(column.cast(pa.large_binary()))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return [None if value is None else value.decode("utf-8", "backslashreplace") for value in column.to_pylist()]
    try:
        return pc.cast(column, pa.string()).to_pylist()
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return [None if value is None else as_json(value) for value in _nested_values(column)]


def _nested_values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """Returns lists and structs as Python has them; strings are bytes if one of them is not UTF-8."""
    try:
        return column.to_pylist()
    except UnicodeDecodeError:
        return column.cast(_with_bytes(column.type)).to_pylist()


def _with_bytes(kind: pa.DataType) -> pa.DataType:
    """Returns a type with bytes in place of strings."""
    if _is_string(kind):
        return pa.large_binary()
    if pa.types.is_list(kind):
        return pa.list_(_with_bytes(kind.value_type))
    if pa.types.is_large_list(kind):
        return pa.large_list(_with_bytes(kind.value_type))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_with_bytes(kind.value_type), kind.list_size)
    if pa.types.is_map(kind):
        return pa.map_(_with_bytes(kind.key_type), _with_bytes(kind.item_type))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_with_bytes(field.type)) for field in kind])
    return kind


def as_json(value: object) -> str:
    """Returns a value as JSON; bytes become text, and numbers that are not finite become null."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_as_string)
    except ValueError:  # a number is not finite, which is rare
        text = json.dumps(_finite(value), ensure_ascii=False, default=_as_string)
    return printable(text)


def printable(text: str) -> str:
    r"""Returns a text that UTF-8 can encode: damaged bytes become ``\xe9``, a lone surrogate ``\ud83d``."""
    shown = _DAMAGED.sub(lambda mark: f"\\x{ord(mark[0]) - 0xDC00:02x}", text)
    return shown.encode("utf-8", "backslashreplace").decode("utf-8")


def _as_string(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _finite(value: object) -> object:
    match value:
        case float() if not math.isfinite(value):
            return None
        case list() | tuple():
            return [_finite(each) for each in value]
        case dict():
            return {key: _finite(each) for key, each in value.items()}
        case _:
            return value


def _is_string(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or _is_other_binary(kind)


def _is_other_binary(kind: pa.DataType) -> bool:
    return pa.types.is_fixed_size_binary(kind) or pa.types.is_binary_view(kind)

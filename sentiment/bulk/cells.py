"""Cells of a table as text of bounded length, cut in Arrow before any of them becomes a Python string."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from sentiment.bulk.readers.parquet import as_json, as_texts

_BYTES = 4  # that a character of UTF-8 takes at most


def cut(column: pa.Array | pa.ChunkedArray, most: int) -> pa.Array:
    """Returns the cells as ``as_texts`` has them, each cut to its first ``most`` characters, as an array of strings."""
    if isinstance(column, pa.ChunkedArray):
        chunks = [cut(chunk, most) for chunk in column.chunks]
        return pa.concat_arrays(chunks) if chunks else pa.array([], pa.string())
    kind = column.type
    if pa.types.is_dictionary(kind):
        return cut(column.dictionary, most).take(column.indices)
    if pa.types.is_nested(kind):
        return pa.array([None if not cell.is_valid else as_json(cell.as_py())[:most] for cell in column], pa.string())
    if _is_binary(kind):
        column = pc.binary_slice(plain(column), 0, _BYTES * most)
    elif _is_string(kind):
        try:
            return pc.utf8_slice_codeunits(plain(column), 0, most).cast(pa.string())
        except pa.ArrowInvalid:  # a string is not UTF-8
            column = pc.binary_slice(column.cast(pa.large_binary()), 0, _BYTES * most)
    return pa.array([text and text[:most] for text in as_texts(column)], pa.string())


def longest(column: pa.Array | pa.ChunkedArray) -> int:
    """Returns the bytes of the longest cell of text, 0 where a column holds none."""
    if isinstance(column, pa.ChunkedArray):
        return max((longest(chunk) for chunk in column.chunks), default=0)
    if pa.types.is_dictionary(column.type):
        return longest(column.dictionary)
    if not (_is_string(column.type) or _is_binary(column.type)):
        return 0
    return pc.max(pc.binary_length(plain(column))).as_py() or 0


def plain(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Returns the column in a type that all of Arrow's functions on text take."""
    if pa.types.is_string_view(column.type):
        return column.cast(pa.large_string())
    return column.cast(pa.large_binary()) if _is_other_binary(column.type) else column


def _is_string(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or _is_other_binary(kind)


def _is_other_binary(kind: pa.DataType) -> bool:
    return pa.types.is_fixed_size_binary(kind) or pa.types.is_binary_view(kind)

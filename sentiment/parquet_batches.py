"""Reads Parquet in batches of bounded size.

A dictionary-encoded column stores a value once, however many rows have it, so the size of a file says little about
its unpacked size. The longest value of each dictionary is looked up before any row is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sentiment.file_limits import MAX_COLUMNS, MAX_RECORD, LimitError, check_unpacked, unpacked_limit

# Raised by pyarrow for a damaged file.
PARQUET_ERRORS = (pa.ArrowException, OSError, ValueError, TypeError, LookupError)
_BATCH_BYTES = 16_000_000
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
_ADVICE = "save it as .csv, or split it"
_BUFFER = 1 << 20  # pages are read one by one, not a whole column at once


def read_batches(path: Path, max_rows: int) -> Iterator[pa.RecordBatch]:
    """Yields the rows of a file in batches of at most ``max_rows``; of fewer if values are long.

    Raises:
        LimitError: the file has too many columns, has too long a cell, or unpacks to too many bytes.
        PARQUET_ERRORS: the file is damaged.
    """
    limit = unpacked_limit(path.stat().st_size)
    with pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER) as file:
        if file.metadata.num_columns > MAX_COLUMNS:
            raise LimitError(f"{path.name} has more than {MAX_COLUMNS:,} columns; keep those that you need.")
        check_unpacked(_declared_bytes(file.metadata), limit, path.name, _ADVICE)
        _check_metadata(file)
        check_unpacked(4 * _declared_values(file.metadata), limit, path.name, _ADVICE)
        size = 0
        for number in range(file.num_row_groups):
            step = _rows_per_batch(path, file, number, max_rows)
            for batch in file.iter_batches(step, row_groups=[number], use_threads=False):
                bytes_read = plain_bytes(batch)
                size += bytes_read
                check_unpacked(size, limit, path.name, _ADVICE)
                if bytes_read > MAX_RECORD:
                    _check_rows(batch, bytes_read, path.name)
                yield batch


def plain_bytes(batch: pa.RecordBatch) -> int:
    """Returns the bytes of a batch with every value written out, at least one per cell."""
    size = batch.num_rows * batch.num_columns
    for column in batch.columns:
        if pa.types.is_dictionary(column.type) and _has_variable_length(column.type.value_type):
            lengths = pc.binary_length(column.dictionary).take(column.indices)
            size += pc.sum(lengths).as_py() or 0
        else:
            size += column.nbytes
    return size


def _check_metadata(file: pq.ParquetFile) -> None:
    """Reads one row of every row group, which raises an error if the metadata of a column are damaged.

    Without this check, pyarrow 26 would end the process when it is asked for those metadata.
    """
    for number in range(file.num_row_groups):
        next(file.iter_batches(1, row_groups=[number], use_threads=False), None)


def _declared_bytes(metadata: pq.FileMetaData) -> int:
    """Returns the unpacked size that the file declares, in bytes, or four bytes per cell if that is more."""
    sizes = (metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    return max(4 * metadata.num_rows * metadata.num_columns, sum(sizes))


def _declared_values(metadata: pq.FileMetaData) -> int:
    """Returns the number of values that the file declares, those in lists included."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    leaves = range(metadata.num_columns)
    repeated = [leaf for leaf in leaves if metadata.schema.column(leaf).max_repetition_level]
    return metadata.num_rows * len(leaves) + sum(g.column(leaf).num_values for g in groups for leaf in repeated)


def _rows_per_batch(path: Path, file: pq.ParquetFile, number: int, max_rows: int) -> int:
    """Returns how many rows of a row group to read at a time."""
    group = file.metadata.row_group(number)
    leaves = range(file.metadata.num_columns)
    chunks = [group.column(leaf) for leaf in leaves]
    values_per_row = [chunk.num_values / max(group.num_rows, 1) for chunk in chunks]
    # A column's unpacked size bounds its longest value, even if values share prefixes.
    widths = [_WIDTHS.get(chunk.physical_type) or chunk.total_uncompressed_size for chunk in chunks]
    if _rows_that_fit(widths, values_per_row) >= max_rows:
        return max_rows
    columns = [file.schema.column(leaf) for leaf in leaves]
    for leaf, (column, chunk) in enumerate(zip(columns, chunks, strict=True)):
        if column.physical_type == "FIXED_LEN_BYTE_ARRAY":
            widths[leaf] = column.length
        elif column.physical_type == "BYTE_ARRAY" and "DELTA_BYTE_ARRAY" not in chunk.encodings:
            mean = chunk.total_uncompressed_size // max(chunk.num_values, 1)
            widths[leaf] = max(mean, _longest_in_dictionary(path, column.path, number, max_rows))
        if widths[leaf] > MAX_RECORD and column.physical_type != "BYTE_ARRAY":
            raise LimitError(_too_long(path.name))
    return max(1, min(max_rows, _rows_that_fit(widths, values_per_row)))


def _rows_that_fit(widths: list[int], values_per_row: list[float]) -> int:
    """Returns how many rows fit into a batch, from the bytes of a value and the values per row of each column."""
    row = sum(width * max(1.0, values) for width, values in zip(widths, values_per_row, strict=True))
    return int(_BATCH_BYTES / max(row, 1.0))


def _longest_in_dictionary(path: Path, column: str, number: int, max_rows: int) -> int:
    """Returns the bytes of the longest value in a column's dictionary, or in the first rows if it has none.

    Raises:
        LimitError: the value is longer than a cell may be.
    """
    with pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER, read_dictionary=[column]) as file:
        for batch in file.iter_batches(max_rows, row_groups=[number], columns=[column], use_threads=False):
            if longest := max(map(_longest, batch.columns)):
                break
        else:
            return 0
    if longest > MAX_RECORD:
        raise LimitError(_too_long(path.name))
    return longest


def _longest(array: pa.Array) -> int:
    """Returns the bytes of the longest value in the dictionaries of an array."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _longest(array.dictionary)
    if _has_variable_length(kind):
        return pc.max(pc.binary_length(array)).as_py() or 0
    if pa.types.is_map(kind):
        return max(_longest(array.keys), _longest(array.items))
    if pa.types.is_struct(kind):
        return max((_longest(array.field(i)) for i in range(kind.num_fields)), default=0)
    return _longest(array.values) if pa.types.is_nested(kind) and hasattr(array, "values") else 0


def _check_rows(batch: pa.RecordBatch, size: int, name: str) -> None:
    for column in batch.columns:
        values = column.dictionary if pa.types.is_dictionary(column.type) else column
        if _has_variable_length(values.type) and (pc.max(pc.binary_length(values)).as_py() or 0) > MAX_RECORD:
            raise LimitError(_too_long(name))
    if size > MAX_RECORD * batch.num_rows:
        raise LimitError(f"{name} has a row of more than {MAX_RECORD:,} bytes; shorten it.")


def _too_long(name: str) -> str:
    return f"{name} has a cell of more than {MAX_RECORD:,} bytes; shorten it."


def _has_variable_length(kind: pa.DataType) -> bool:
    """Returns whether values of this type have a variable length that Arrow can compute."""
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(test(kind) for test in tests)

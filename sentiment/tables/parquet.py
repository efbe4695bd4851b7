"""Reader of Parquet; values keep the file's types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sentiment.file_limits import LimitError
from sentiment.parquet_batches import PARQUET_ERRORS, plain_bytes, read_batches
from sentiment.tables.base import CHUNK_CELLS, CHUNK_CHARACTERS, CHUNK_ROWS, SAMPLE_ROWS, Chunk, Source
from sentiment.tables.cells import as_texts
from sentiment.tables.errors import FileError

_STEP = 256  # rows read at a time, so that very long texts do not fill the memory


class ParquetSource(Source):
    """A ``.parquet`` file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "parquet")
        try:
            with pq.ParquetFile(path) as file:
                self._schema = file.schema_arrow
        except PARQUET_ERRORS as error:
            raise FileError(f"{path.name} is damaged or not a Parquet file.") from error
        self.columns = list(self._schema.names)
        self.check_columns(self.columns)
        self.kinds = ["string"] * len(self.columns)
        if not self.columns:
            raise FileError(f"{path.name} has no columns.")

    @property
    def schema(self) -> pa.Schema:
        """The file's schema."""
        return self._schema

    @property
    def texts(self) -> list[int]:
        """Positions of the columns that hold text."""
        return [i for i, kind in enumerate(self._schema.types) if is_text_type(kind)]

    def sample(self) -> list[Sequence[str | None]]:
        """Returns the first rows, as text."""
        for table in self._tables():
            columns = [as_texts(column.slice(0, SAMPLE_ROWS)) for column in table.columns]
            return list(zip(*columns, strict=True))
        return []

    def chunks(self, text: int) -> Iterator[Chunk]:
        """Yields every row, in order."""
        kind = self._schema.types[text]
        if not is_text_type(kind):
            raise FileError(f"The column {self.columns[text]} of {self.path.name} holds {kind}, not text.")
        row = 1
        for table in self._tables():
            columns = [_one_array(column) for column in table.columns]
            texts, problems = _texts(columns[text], row)
            yield Chunk(columns, texts, list(range(row, row + len(texts))), problems)
            row += len(texts)

    def _tables(self) -> Iterator[pa.Table]:
        gathered: list[pa.RecordBatch] = []
        rows = size = 0
        most = max(1, min(CHUNK_ROWS, CHUNK_CELLS // len(self.columns)))
        try:
            for batch in read_batches(self.path, min(_STEP, most)):
                gathered.append(batch)
                rows, size = rows + batch.num_rows, size + plain_bytes(batch)
                if rows >= most or size > CHUNK_CHARACTERS:
                    yield pa.Table.from_batches(gathered, self._schema)
                    gathered, rows, size = [], 0, 0
            if gathered:
                yield pa.Table.from_batches(gathered, self._schema)
        except LimitError as error:
            raise FileError(str(error)) from error
        except MemoryError as error:
            raise FileError(f"{self.path.name} needs more memory than there is; save it as .csv.") from error
        except PARQUET_ERRORS as error:
            raise FileError(f"{self.path.name} is damaged: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """Returns the first line of a library's message as a sentence."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(".") + "."


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.unify_dictionaries().chunks)


def _texts(column: pa.Array, first: int) -> tuple[list[object], dict[int, str]]:
    """Returns the values of a text column, and problems for those that are not UTF-8."""
    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    raw = plain.cast(pa.large_binary()).to_pylist()
    broken = [i for i, value in enumerate(raw) if value is not None and not _is_utf8(value)]
    return list(as_texts(plain)), {i: f"row {first + i}: bytes that are not utf-8" for i in broken}


def is_text_type(kind: pa.DataType) -> bool:
    """Returns whether a column of this type holds text, as characters or as bytes."""
    if pa.types.is_dictionary(kind):
        return is_text_type(kind.value_type)
    is_string = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return is_string or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True

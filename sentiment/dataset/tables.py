"""Reads labelled reviews from tables: a CSV, a CSV in a zip, a Parquet file, a folder of Parquet files."""

from __future__ import annotations

import io
import lzma
import struct
import textwrap
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sentiment.dataset.records import NEGATIVE, POSITIVE, UNLABELLED, DatasetError
from sentiment.dataset.stanford import check_member, check_size
from sentiment.file_limits import MAX_COLUMNS, MAX_RECORD, LimitError
from sentiment.parquet_batches import DAMAGES, read_batches

_BATCH_ROWS = 1_000  # read at once from a Parquet file
_BATCH_CELLS = 1_000_000  # read at once from a CSV file
_MAX_LISTED = 8  # columns in a message
_TEXT_COLUMNS = ("review", "text")  # if the caller names none
_LABEL_COLUMNS = ("sentiment", "label")
_LABELS = {
    **dict.fromkeys(("positive", "pos", "1", "1.0", "true"), POSITIVE),
    **dict.fromkeys(("negative", "neg", "0", "0.0", "false"), NEGATIVE),
}
_OFFICE = {"[Content_Types].xml", "META-INF/manifest.xml"}  # members of every OOXML or OpenDocument file
_PART_FILES = {
    "train": ("train.parquet", "train-*.parquet"),
    "test": ("test.parquet", "test-*.parquet"),
    "unsup": ("unsup.parquet", "unsup*-*.parquet"),
}


def read_csv(content: bytes, name: str, text_column: str | None, label_column: str | None) -> pd.DataFrame:
    """Reads reviews from a UTF-8 CSV; the separator is the most frequent of comma, semicolon and tab in the header."""
    header = content.partition(b"\n")[0]
    separator = max(",;\t", key=lambda mark: header.count(mark.encode()))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a row has more fields than the header
            table = _csv_table(content, separator, name)
    except UnicodeDecodeError as error:
        raise DatasetError(f"{name} is not UTF-8 text; save it as a CSV in UTF-8.") from error
    except pd.errors.EmptyDataError as error:
        raise DatasetError(f"{name} is empty.") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        reason = str(error).strip().removeprefix("Error tokenizing data. C error: ").rstrip(".")
        if reason == "out of memory":  # the file may well be in order
            raise MemoryError from error
        raise DatasetError(f"{name} is not a well-formed CSV: {reason}.") from error
    return _reviews(table, name, text_column, label_column)


def _csv_table(content: bytes, separator: str, name: str) -> pd.DataFrame:
    """Reads the table in pieces, because pandas pads every short row to the width of the table."""
    options: dict[str, Any] = {
        "sep": separator,
        "dtype": str,
        "keep_default_na": False,
        "index_col": False,
        "encoding": "utf-8-sig",
    }
    if content[:MAX_RECORD].partition(b"\n")[0].count(separator.encode()) >= MAX_COLUMNS:
        raise DatasetError(f"{name} has more than {MAX_COLUMNS:,} columns; keep those that you need.")
    header = pd.read_csv(io.BytesIO(content), nrows=0, **options)
    rows = max(1, _BATCH_CELLS // max(1, len(header.columns)))
    with pd.read_csv(io.BytesIO(content), chunksize=rows, **options) as pieces:
        return pd.concat([header, *pieces], ignore_index=True)


def read_zip(path: Path, text_column: str | None, label_column: str | None) -> pd.DataFrame:
    """Reads reviews from the only CSV in a zip, without unpacking it to disk.

    Raises:
        DatasetError: the zip is truncated, damaged, unsafe, encrypted or too large, or does not have exactly one CSV.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                check_member(member, path)
            member = _only_csv(archive.namelist(), path)
            check_size(archive.getinfo(member).file_size, path.name, path.stat().st_size)
            content = archive.read(member)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, LookupError, ValueError, struct.error) as error:
        raise DatasetError(f"{path.name} is not a whole zip archive: it is truncated or damaged.") from error
    except (RuntimeError, NotImplementedError) as error:  # zipfile's errors for encryption and unknown compression
        raise DatasetError(f"{path.name} cannot be unpacked: {error}.") from error
    return read_csv(content, f"{member} in {path.name}", text_column, label_column)


def read_parquet(
    path: Path, text_column: str | None, label_column: str | None, *, labelled: bool = True
) -> pd.DataFrame:
    """Reads reviews from a Parquet file.

    Raises:
        DatasetError: the file is truncated, damaged or too large, has a column twice, or text that is not UTF-8.
    """
    table = _parquet_table(path)
    try:
        table.validate(full=True)  # else text in another encoding would fail only where it is used
        return _reviews(table.to_pandas(ignore_metadata=True), path.name, text_column, label_column, labelled=labelled)
    except (UnicodeDecodeError, pa.ArrowException) as error:
        raise DatasetError(f"{path.name} holds text that is not UTF-8.") from error


def find_parts(folder: Path) -> dict[str, list[Path]]:
    """Returns the Parquet files of each part in a folder, "train", "test" and "unsup"; omits parts without files."""
    found = {part: sorted({p for g in globs for p in folder.glob(g)}) for part, globs in _PART_FILES.items()}
    return {part: files for part, files in found.items() if files}


def read_parts(parts: dict[str, list[Path]], text_column: str | None, label_column: str | None) -> pd.DataFrame:
    """Reads reviews from a folder of Parquet files and fills in ``part``; ignores labels of the unlabelled part."""
    frames = []
    for part, files in parts.items():
        for file in files:
            frame = read_parquet(file, text_column, label_column, labelled=part != "unsup")
            frames.append(frame.assign(part=part))
    return pd.concat(frames, ignore_index=True)


def _only_csv(members: list[str], path: Path) -> str:
    found = [m for m in members if m.lower().endswith((".csv", ".tsv")) and not m.startswith("__MACOSX/")]
    if not found and _OFFICE & set(members):
        raise DatasetError(f"{path.name} is a workbook or another office document; save it as CSV in UTF-8.")
    if not found:
        raise DatasetError(f"{path.name} is a zip without a CSV; add one.")
    if len(found) > 1:
        raise DatasetError(f"{path.name} has {len(found)} CSV files; unpack it and name one of them.")
    return found[0]


def _parquet_table(path: Path) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            schema, metadata = file.schema_arrow, file.metadata
        names = schema.names
        if doubled := next((column for column in names if names.count(column) > 1), None):
            raise DatasetError(f"{path.name} has the column {doubled!r} twice; rename or remove one of them.")
        groups = map(metadata.row_group, range(metadata.num_row_groups))
        check_size(sum(group.total_byte_size for group in groups), path.name, path.stat().st_size)
        return pa.Table.from_batches(_batches(path), _plain(schema))
    except LimitError as error:
        raise DatasetError(str(error)) from error
    except DAMAGES as error:
        raise DatasetError(f"{path.name} is not a whole Parquet file: it is truncated or damaged.") from error


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yields the rows as long as they are not too large; a dictionary may repeat one long text in every row."""
    size = 0
    for batch in read_batches(path, _BATCH_ROWS):
        plain = batch.cast(_plain(batch.schema))
        size += plain.nbytes
        check_size(size, path.name, path.stat().st_size)
        yield plain


def _plain(schema: pa.Schema) -> pa.Schema:
    """Returns the schema with plain values instead of dictionaries."""
    types = [field.type.value_type if pa.types.is_dictionary(field.type) else field.type for field in schema]
    return pa.schema([field.with_type(type) for field, type in zip(schema, types, strict=True)], schema.metadata)


def _reviews(
    table: pd.DataFrame, name: str, text_column: str | None, label_column: str | None, *, labelled: bool = True
) -> pd.DataFrame:
    """Returns the columns of ``RawData.reviews`` from a table; ``rating`` and ``movie`` are optional."""
    texts = table[_column(table, name, "text", text_column, _TEXT_COLUMNS)]
    if not labelled:
        labels = pd.Series(UNLABELLED, index=table.index, dtype="int8")
    else:
        labels = _labels(table[_column(table, name, "label", label_column, _LABEL_COLUMNS)], name)
    blank = pd.Series("", index=table.index, dtype="str")
    ratings = pd.to_numeric(table.get("rating", blank), errors="coerce").fillna(0)
    return pd.DataFrame(
        {
            "text": texts.astype("str").fillna(""),
            "label": labels,
            "rating": ratings.where(ratings.between(1, 10), 0).astype("int8"),
            "film": table.get("movie", blank).astype("str").fillna(""),
            "part": blank,
        }
    )


def _column(table: pd.DataFrame, name: str, role: str, wanted: str | None, usual: tuple[str, ...]) -> str:
    if wanted is not None and wanted in table.columns:
        return wanted
    found = next((column for column in usual if column in table.columns), None)
    if wanted is None and found is not None:
        return found
    missing = f"no column {wanted!r}" if wanted is not None else f"no {role} column {' or '.join(map(repr, usual))}"
    raise DatasetError(
        f"{name} has {missing}; its header has {_listed(table.columns)}. Name one of them with --{role}-column, "
        "or add a header."
    )


def _listed(columns: Iterable[object]) -> str:
    """Lists column names for a message, shortened, because in a file without a header they are reviews."""
    names = [repr(textwrap.shorten(str(column), 40, placeholder="…")) for column in columns]
    more = [f"{len(names) - _MAX_LISTED:,} more"] if len(names) > _MAX_LISTED else []
    return ", ".join(names[:_MAX_LISTED] + more)


def _labels(column: pd.Series, name: str) -> pd.Series:
    """Returns <int8>[rows] from labels in their usual spellings."""
    written = column.astype("str").fillna("").str.strip().str.lower()
    labels = written.map(_LABELS)
    unknown = labels.isna()
    if unknown.any():
        row = int(unknown.to_numpy().argmax())
        if not written.iloc[row]:
            raise DatasetError(f"{name} has no label in row {row + 1}.")
        seen = str(column.iloc[row])
        seen = seen if len(seen) <= 40 else seen[:39] + "…"
        raise DatasetError(
            f"{name} has the label {seen!r} in row {row + 1}; labels must be positive and negative, pos and neg, "
            "1 and 0, or true and false."
        )
    return labels.astype("int8")

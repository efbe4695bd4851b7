"""Opens any supported data set; the format is detected from the content, not from the name."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from sentiment.artifacts import sha256
from sentiment.dataset import stanford, tables
from sentiment.dataset.records import DatasetError, RawData

_JSON = re.compile(rb'(\xef\xbb\xbf)?\s*(\{\s*["}]|\[\s*[\[{"])')  # objects, or an array of objects, rows or texts


def read(path: Path, text_column: str | None = None, label_column: str | None = None) -> RawData:
    """Reads the reviews at ``path``, unsplit and uncleaned.

    Raises:
        DatasetError: nothing is there, or it is damaged or of an unknown format.
    """
    try:
        if path.is_dir():
            return _read_folder(path, text_column, label_column)
        if not path.exists():
            raise DatasetError(f"There is nothing at {path}.")
        return _read_file(path, text_column, label_column)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}.") from error


def _read_folder(path: Path, text_column: str | None, label_column: str | None) -> RawData:
    if (folder := stanford.find_folder(path)) is not None:
        return stanford.read_folder(folder)
    parts = tables.find_parts(path)
    if not {"train", "test"} <= parts.keys():
        raise DatasetError(
            f"{path} is not a data folder: it has neither the train and test folders of the Stanford release "
            "nor train.parquet and test.parquet."
        )
    files = sorted(file for files in parts.values() for file in files)
    digest = hashlib.sha256("".join(f"{sha256(file)}  {file.name}\n" for file in files).encode()).hexdigest()
    return RawData("Parquet folder", digest, tables.read_parts(parts, text_column, label_column))


def _read_file(path: Path, text_column: str | None, label_column: str | None) -> RawData:
    with path.open("rb") as file:
        start = file.read(512)
    if not start:
        raise DatasetError(f"{path.name} is empty.")
    if start.startswith(b"\x1f\x8b") or start[257:262] == b"ustar":
        return stanford.read_archive(path, sha256(path))
    if start.startswith(b"PAR1"):
        return RawData("Parquet", sha256(path), tables.read_parquet(path, text_column, label_column))
    if _JSON.match(start):
        raise DatasetError(f"{path.name} is JSON, which is not supported for data sets; save it as CSV or Parquet.")
    if start.startswith(b"PK"):
        reviews = tables.read_zip(path, text_column, label_column)
    else:
        reviews = tables.read_csv(path.read_bytes(), path.name, text_column, label_column)
    return RawData("CSV", sha256(path), reviews)

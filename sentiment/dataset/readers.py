"""Opens any supported data set: the IMDB reviews in each of their formats, or a table of labelled reviews."""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

from sentiment.artifacts import sha256
from sentiment.dataset import stanford, tables
from sentiment.dataset.records import DatasetError, RawData
from sentiment.tables.errors import FileError
from sentiment.tables.formats import COMPRESSIONS, DECOMPRESSION_ERRORS, TEXT_FORMATS
from sentiment.tables.reading import Reading

_JSON = re.compile(rb'(\xef\xbb\xbf)?\s*(\{\s*["}]|\[\s*[\[{"])')  # objects, or an array of objects, rows or texts
_OFFICE = "[Content_Types].xml"  # a member of every workbook


def read(path: Path, reading: Reading | None = None) -> RawData:
    """Reads the reviews at ``path``, unsplit, repeats included.

    Raises:
        DatasetError: nothing is there, it is damaged or of an unknown format, or a choice does not apply to it.
    """
    reading = reading or Reading()
    try:
        if path.is_dir():
            return _read_folder(path, reading)
        if not path.exists():
            raise DatasetError(f"There is nothing at {path}.")
        return _read_file(path, reading)
    except FileError as error:
        raise DatasetError(str(error)) from error
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}.") from error


def _read_folder(path: Path, reading: Reading) -> RawData:
    if (folder := stanford.find_folder(path)) is not None:
        _refuse(reading, path)
        return stanford.read_folder(folder)
    parts = tables.find_parts(path)
    if not {"train", "test"} <= parts.keys():
        raise DatasetError(
            f"{path} is not a data folder: it has neither the train and test folders of the Stanford release "
            "nor train.parquet and test.parquet."
        )
    files = sorted(file for files in parts.values() for file in files)
    digest = hashlib.sha256("".join(f"{sha256(file)}  {file.name}\n" for file in files).encode()).hexdigest()
    return tables.read_parts(parts, reading, digest, path.name)


def _read_file(path: Path, reading: Reading) -> RawData:
    with path.open("rb") as file:
        start = file.read(512)
    if not start:
        raise DatasetError(f"{path.name} is empty.")
    if _is_tar(path, start):
        _refuse(reading, path)
        return stanford.read_archive(path, sha256(path))
    if reading.options.format is None:
        reading = replace(reading, options=replace(reading.options, format=_detect_format(path, start)))
    return tables.read_table(path, reading, sha256(path))


def _refuse(reading: Reading, path: Path) -> None:
    if given := reading.given():
        raise DatasetError(f"{path.name} is the Stanford release, to which {given[0]} does not apply; leave it out.")


def _is_tar(path: Path, start: bytes) -> bool:
    """Returns whether a file is an archive and not a table, by its name or by the header of its first member."""
    if path.name.lower().endswith((".tar", ".tar.gz", ".tgz")):
        return True
    if start.startswith(b"\x1f\x8b"):
        try:
            start = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(start, 512)
        except zlib.error:
            return False
    return start[257:262] == b"ustar"


def _detect_format(path: Path, start: bytes) -> str | None:
    """Returns the format by the first bytes; None leaves it to the name, as for compressed files."""
    named = path.suffix.lower().lstrip(".")
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"PK") and _OFFICE in _members(path) and named != "xlsx":
        raise DatasetError(f"{path.name} is a workbook; give its name the suffix .xlsx.")
    if start.startswith(b"PK") or named in COMPRESSIONS:
        return None
    if _JSON.match(start):
        return "json"
    return "csv" if named not in TEXT_FORMATS and b"\0" not in start[:4] else None


def _members(path: Path) -> list[str]:
    """Returns the names of the members of a zip archive, none if it is damaged; refuses a malicious archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except DECOMPRESSION_ERRORS:
        return []
    for name in names:
        stanford.check_member(name, path)
    return names

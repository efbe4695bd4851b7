"""Detects the format and compression of files, by their names and first bytes, and opens their bytes."""

from __future__ import annotations

import codecs
import errno
import gzip
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from sentiment.file_limits import BoundedStream, LimitError, unpacked_limit
from sentiment.tables.errors import FileError

TEXT_FORMATS = ("csv", "tsv", "txt", "jsonl", "json")
FORMATS = (*TEXT_FORMATS, "parquet", "xlsx")
OUTPUT_FORMATS = ("csv", "tsv", "jsonl", "parquet", "xlsx")
COMPRESSIONS = ("gz", "zst", "zip")

DECOMPRESSION_ERRORS = (  # raised for compressed data that are damaged, locked or of an unknown method
    EOFError, ValueError, RuntimeError, LookupError, struct.error,
    zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, pa.ArrowException,
)  # fmt: skip

_BLOCK = 1 << 20
_TABLES = tuple(f".{format}" for format in FORMATS if format != "txt")
_MAGIC = (
    (b"PK\x03\x04", "a zip archive or an xlsx workbook"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"PAR1", "a Parquet file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook; save it as .xlsx"),
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "a document in Rich Text Format; save it as plain text"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "a SQLite database"),
    (b"version https://git-lfs.github.com", "a Git LFS pointer, not the file itself; fetch it with: git lfs pull"),
)
_WEB_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_XML = re.compile(rb"\s*<\?xml\b")
_JSON = re.compile(rb'\s*(?:\[\s*)?\{\s*(?:"[^"\\]{0,200}"\s*:|\})')


def detect_format(path: Path) -> tuple[str, str]:
    """Returns a file's format and compression ("" for none) by its suffixes; a ``.zip`` has the format of its member.

    Raises:
        FileError: the format is not supported.
    """
    suffixes = [suffix.lower().lstrip(".") for suffix in path.suffixes[-2:]]
    compression = suffixes.pop() if suffixes and suffixes[-1] in COMPRESSIONS else ""
    format = suffixes[-1] if suffixes else ""
    if compression == "zip" and path.is_file():
        format = Path(_zip_member(path).filename).suffix.lower().lstrip(".")
    if format in TEXT_FORMATS or (format in FORMATS and not compression):
        return format, compression
    known = ", ".join(f".{format}" for format in FORMATS)
    if format == "xls":
        raise FileError(
            f"{path.name} is an old Excel workbook (.xls); open it in a spreadsheet program and save it as .xlsx or "
            ".csv."
        )
    raise FileError(
        f"The format of {path.name} is not supported; supported are {known}, the first five also as .gz, .zst or .zip."
    )


def output_format(path: Path, asked: str | None = None) -> str:
    """Returns the format of an output: the requested one, else that of its suffix.

    Raises:
        FileError: the format cannot be written.
    """
    if asked and asked not in OUTPUT_FORMATS:
        raise FileError(f"The format {asked} cannot be written; the formats are {', '.join(OUTPUT_FORMATS)}.")
    format = asked or path.suffix.lower().lstrip(".")
    if format not in OUTPUT_FORMATS:
        known = ", ".join(f".{format}" for format in OUTPUT_FORMATS)
        raise FileError(f"The output's name must end in one of {known}; {path.name} does not.")
    return format


@contextmanager
def open_bytes(path: Path, compression: str) -> Iterator[BinaryIO]:
    """Opens a file's bytes, which are decompressed while they are read.

    Raises:
        FileError: the compressed data are damaged, cut short or locked.
    """
    if not compression:
        with path.open("rb") as file:
            yield file
        return
    try:
        with _unpacked(path, compression) as stream:
            bounded = BoundedStream(stream, unpacked_limit(path.stat().st_size), path.name)
            yield io.BufferedReader(bounded, _BLOCK)
    except (FileError, UnicodeError):
        raise
    except LimitError as error:
        raise FileError(str(error)) from error
    except DECOMPRESSION_ERRORS as error:
        raise FileError(_broken(path)) from error
    except OSError as error:
        if is_damage(error):
            raise FileError(_broken(path)) from error
        raise


@contextmanager
def _unpacked(path: Path, compression: str) -> Iterator[BinaryIO]:
    if compression == "gz":
        with gzip.open(path) as file:
            yield cast(BinaryIO, file)
    elif compression == "zst":
        with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
            yield stream
    else:
        with zipfile.ZipFile(path) as archive, archive.open(_zip_member(path)) as member:
            yield cast(BinaryIO, member)


def is_damage(error: OSError) -> bool:
    """Returns whether an error is due to the compressed data and not to the disk."""
    # zstd and bzip2 have no error of their own; in a damaged zip archive an offset may be negative
    return error.errno in (None, errno.EINVAL)


def _broken(path: Path) -> str:
    return f"{path.name} is damaged: its compressed data are corrupt or end too early."


def is_text(path: Path) -> bool:
    """Returns whether a file is text: not empty, and without the first bytes of another kind of file."""
    with open_bytes(path, detect_format(path)[1]) as file:
        head = file.read(4096)
    return bool(head.strip()) and not describe_other_kind(head)


def check_not_json(path: Path, compression: str) -> None:
    """Rejects a file of JSON under the suffix of a table or of plain lines.

    Raises:
        FileError: the file begins with a JSON object, or with an array of them.
    """
    with open_bytes(path, compression) as file:
        if _JSON.match(file.read(4096).removeprefix(codecs.BOM_UTF8)):
            raise FileError(f"{path.name} holds JSON, not a table; give its name the suffix .json.")


def describe_other_kind(head: bytes) -> str:
    """Returns the kind of file that has these first bytes and is not text; "" for text."""
    if kind := next((kind for magic, kind in _MAGIC if head.startswith(magic)), ""):
        return kind
    text = head.removeprefix(codecs.BOM_UTF8)
    if _WEB_PAGE.match(text):
        return "a web page, perhaps one that asks to sign in; download the file itself"
    return "XML; save it as .xlsx or .csv" if _XML.match(text) else ""


def _zip_member(path: Path) -> zipfile.ZipInfo:
    """Returns the only file in a zip archive; folders, and the files that macOS adds, do not count."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
    except DECOMPRESSION_ERRORS as error:
        raise FileError(f"{path.name} is damaged or not a zip archive.") from error
    except OSError as error:
        if is_damage(error):
            raise FileError(f"{path.name} is damaged or not a zip archive.") from error
        raise
    if len(members) > 1:  # a readme may come with the table
        members = [info for info in members if info.filename.lower().endswith(_TABLES)] or members
    if len(members) != 1:
        raise FileError(f"{path.name} holds {len(members)} files; use a zip archive of exactly one.")
    if members[0].flag_bits & 1:
        raise FileError(f"{path.name} is protected with a password.")
    return members[0]

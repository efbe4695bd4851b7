"""From a file's bytes to its lines: what form it has, how it is packed, and in which encoding it was written."""

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
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO, cast

import pyarrow as pa

from sentiment.bulk.errors import BulkError
from sentiment.file_limits import BoundedStream, LimitError, unpacked_limit

TEXT_FORMS = ("csv", "tsv", "txt", "jsonl")
FORMS = (*TEXT_FORMS, "parquet", "xlsx")
WRITTEN_FORMS = ("csv", "tsv", "jsonl", "parquet", "xlsx")
PACKINGS = ("gz", "zst", "zip")

UNPACKING = (  # what the libraries raise for packed data that are damaged, locked, or packed in a way unknown here
    EOFError, ValueError, RuntimeError, LookupError, struct.error,
    zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, pa.ArrowException,
)  # fmt: skip

_BLOCK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"
_MARKED = re.compile("[\udc00-\udcff]")
_HALVES = re.compile("[\ud800-\udbff\udd00-\udfff]")  # of characters, which no bytes but those of escapes stand for
_MAGIC = (
    (b"PK\x03\x04", "a zip archive or an xlsx workbook"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"PAR1", "a Parquet file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook; save it as .xlsx"),
    (b"%PDF", "a PDF"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file's bytes become text.

    Attributes:
        name: Python's name of the encoding.
        damaged: bytes that are not of this encoding; the rows that hold them are unreadable.
    """

    name: str
    damaged: int = 0


def form_of(path: Path) -> tuple[str, str]:
    """A file's form and its packing ("" for none), by its suffixes; a plain ``.zip`` has the form of its member.

    Raises:
        BulkError: the suffix is none of those read.
    """
    suffixes = [suffix.lower().lstrip(".") for suffix in path.suffixes[-2:]]
    packing = suffixes.pop() if suffixes and suffixes[-1] in PACKINGS else ""
    form = suffixes[-1] if suffixes else ""
    if packing == "zip" and path.is_file():
        form = Path(_member(path).filename).suffix.lower().lstrip(".")
    if form in TEXT_FORMS or (form in FORMS and not packing):
        return form, packing
    known = ", ".join(f".{form}" for form in FORMS)
    raise BulkError(f"{path.name} is of no form that is read here: {known}, the first four also as .gz, .zst or .zip.")


def output_form(path: Path, asked: str | None = None) -> str:
    """The form of an output: the one asked for, else that of its suffix.

    Raises:
        BulkError: it is none of those written.
    """
    if asked and asked not in WRITTEN_FORMS:
        raise BulkError(f"There is no form {asked} to write; there is {', '.join(WRITTEN_FORMS)}.")
    form = asked or path.suffix.lower().lstrip(".")
    if form not in WRITTEN_FORMS:
        known = ", ".join(f".{form}" for form in WRITTEN_FORMS)
        raise BulkError(f"The output's name must end in one of {known}; {path.name} does not.")
    return form


@contextmanager
def open_bytes(path: Path, packing: str) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked as they are read.

    Raises:
        BulkError: the packed data are damaged, cut short or locked.
    """
    if not packing:
        with path.open("rb") as file:
            yield file
        return
    try:
        with _unpacked(path, packing) as stream:
            bounded = BoundedStream(stream, unpacked_limit(path.stat().st_size), path.name)
            yield io.BufferedReader(bounded, _BLOCK)
    except (BulkError, UnicodeError):
        raise
    except LimitError as error:
        raise BulkError(str(error)) from error
    except UNPACKING as error:
        raise BulkError(_broken(path)) from error
    except OSError as error:
        if is_damage(error):
            raise BulkError(_broken(path)) from error
        raise


@contextmanager
def _unpacked(path: Path, packing: str) -> Iterator[BinaryIO]:
    if packing == "gz":
        with gzip.open(path) as file:
            yield cast(BinaryIO, file)
    elif packing == "zst":
        with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
            yield stream
    else:
        with zipfile.ZipFile(path) as archive, archive.open(_member(path)) as member:
            yield cast(BinaryIO, member)


def is_damage(error: OSError) -> bool:
    """Whether an error is of the packed data and not of the disk."""
    # zstd and bzip2 have no error of their own; a damaged zip archive may send its reader before the file's start
    return error.errno in (None, errno.EINVAL)


def _broken(path: Path) -> str:
    return f"{path.name} is damaged: its packed data are broken or end too early."


@contextmanager
def open_text(path: Path, packing: str, encoding: Encoding) -> Iterator[TextIO]:
    """The file's text with its line ends untouched; damaged bytes are marked, for ``is_damaged`` to find.

    Raises:
        BulkError: the encoding is none in which bytes can be marked.
    """
    codecs.register_error("sentiment.mark", _mark)
    try:
        with (
            open_bytes(path, packing) as file,
            io.TextIOWrapper(file, encoding=encoding.name, errors="sentiment.mark", newline="") as text,
        ):
            yield text
    except UnicodeError as error:
        raise BulkError(f"{path.name} cannot be read in the encoding {encoding.name}.") from error


def detect_encoding(path: Path, packing: str) -> Encoding:
    """Decodes the whole file to learn its encoding: byte order mark, UTF-16 by its NULs, UTF-8, cp1252.

    A file is UTF-8 in spite of a few bad bytes when it holds more multi-byte characters than those. A file that no
    encoding fits is UTF-8 too, with unreadable rows.

    Raises:
        BulkError: the file is empty, or its first bytes are those of another kind of file.
    """
    with open_bytes(path, packing) as file:
        head = file.read(4096)
        if not head:
            raise BulkError(f"{path.name} is empty.")
        for magic, kind in _MAGIC:
            if head.startswith(magic):
                raise BulkError(f"{path.name} is not text: it looks like {kind}.")
        name = next((name for bom, name in _BOMS if head.startswith(bom)), None) or _by_nulls(head)
        census = _census(head, file)
    if name in ("utf-16", "utf-32", "utf-16-le", "utf-16-be"):
        return Encoding(name, count_damaged(path, packing, name))
    if name == "utf-8-sig" or census.bad == 0 or census.bad < census.continued:
        return Encoding(name or "utf-8", census.bad)
    return Encoding("cp1252") if census.outside_cp1252 == 0 else Encoding("utf-8", census.bad)


def is_text(path: Path) -> bool:
    """Returns whether a file is not empty and does not begin as another kind of file than text."""
    with open_bytes(path, form_of(path)[1]) as file:
        head = file.read(4096)
    return bool(head.strip()) and not any(head.startswith(magic) for magic, _ in _MAGIC)


def count_damaged(path: Path, packing: str, name: str) -> int:
    """How many bytes of the file are not of this encoding.

    Raises:
        BulkError: there is no encoding of that name, or it is none of text.
    """
    try:
        io.TextIOWrapper(io.BytesIO(), name)
    except (LookupError, ValueError) as error:
        raise BulkError(f"There is no encoding called {name} in which text is read.") from error
    damaged = 0
    with open_text(path, packing, Encoding(name)) as text:
        for block in iter(lambda: text.read(_BLOCK), ""):
            if _HALVES.search(block):
                raise BulkError(f"{path.name} cannot be read in the encoding {name}.")
            damaged += len(_MARKED.findall(block))
    return damaged


def is_damaged(text: str) -> bool:
    """Whether bytes of another encoding stand in a text from ``open_text``."""
    return _MARKED.search(text) is not None


@dataclass(slots=True)
class _Census:
    """What decoding as UTF-8 met: bad bytes, bytes that continue a character, bytes cp1252 does not have."""

    bad: int = 0
    continued: int = 0
    outside_cp1252: int = 0


def _census(head: bytes, rest: BinaryIO) -> _Census:
    census = _Census()
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    block = head
    while True:
        text = decoder.decode(block, final=not block)
        if not block.isascii() or not text.isascii():
            bad = len(_MARKED.findall(text))
            census.bad += bad
            census.continued += len(text.encode("utf-8", "surrogateescape")) - len(text)
            census.outside_cp1252 += len(block) - len(block.translate(None, _NOT_IN_CP1252))
        if not block:
            return census
        block = rest.read(_BLOCK)


def _by_nulls(head: bytes) -> str | None:
    """UTF-16 without a mark: in Western text every second byte is NUL, and hardly any other."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _mark(error: UnicodeError) -> tuple[str, int]:
    """A codec error handler: the bad byte b becomes U+DC00 + b, which no valid text decodes to."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


def _member(path: Path) -> zipfile.ZipInfo:
    """The one file in a zip archive, apart from the folders and notes that macOS adds."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
    except UNPACKING as error:
        raise BulkError(f"{path.name} is damaged, or no zip archive.") from error
    except OSError as error:
        if is_damage(error):
            raise BulkError(f"{path.name} is damaged, or no zip archive.") from error
        raise
    if len(members) != 1:
        raise BulkError(f"{path.name} holds {len(members)} files; a zip with exactly one is read.")
    if members[0].flag_bits & 1:
        raise BulkError(f"{path.name} is locked with a password.")
    return members[0]

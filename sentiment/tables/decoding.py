"""Decodes files: detects their format, compression and encoding, and opens them as bytes or text."""

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
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TextIO, cast

import pyarrow as pa

from sentiment.file_limits import BoundedStream, LimitError, unpacked_limit
from sentiment.tables.errors import FileError
from sentiment.tables.legacy import guess_encoding

TEXT_FORMATS = ("csv", "tsv", "txt", "jsonl", "json")
FORMATS = (*TEXT_FORMATS, "parquet", "xlsx")
OUTPUT_FORMATS = ("csv", "tsv", "jsonl", "parquet", "xlsx")
COMPRESSIONS = ("gz", "zst", "zip")
_TABLES = tuple(f".{format}" for format in FORMATS if format != "txt")

DECOMPRESSION_ERRORS = (  # raised for compressed data that are damaged, locked or of an unknown method
    EOFError, ValueError, RuntimeError, LookupError, struct.error,
    zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, pa.ArrowException,
)  # fmt: skip

_BLOCK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, because its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLED = 1 << 16  # bytes of lines that are not UTF-8, from which the encoding is guessed
_BEFORE, _LINE = 200, 2000  # bytes of a long line in the sample: before its first non-ASCII byte, and in all
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_MARKED = re.compile("[\udc00-\udcff]")
_SURROGATES = re.compile("[\ud800-\udbff\udd00-\udfff]")  # which only encodings with escapes can decode to
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
    (b"version https://git-lfs.github.com", "a pointer of Git LFS, not the file itself; fetch it with: git lfs pull"),
)
_WEB_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_XML = re.compile(rb"\s*<\?xml\b")
_JSON = re.compile(rb'\s*(?:\[\s*)?\{\s*(?:"[^"\\]{0,200}"\s*:|\})')


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a file.

    Attributes:
        name: Python's name of the encoding.
        damaged: number of bytes that are invalid in this encoding; their rows are unreadable.
        guessed: whether other encodings are possible.
        escapes: whether a quotation mark may follow a backslash in the file.
    """

    name: str
    damaged: int = 0
    guessed: bool = False
    escapes: bool = True


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


@contextmanager
def open_text(path: Path, compression: str, encoding: Encoding) -> Iterator[TextIO]:
    """Opens a file's text, line ends untouched; invalid bytes are marked so that ``is_damaged`` finds them.

    Raises:
        FileError: the encoding does not allow invalid bytes to be marked.
    """
    codecs.register_error("sentiment.mark", _mark)
    codecs.register_error("sentiment.control", _as_control)
    try:
        with (
            open_bytes(path, compression) as file,
            io.TextIOWrapper(file, encoding=encoding.name, errors=_error_handler(encoding.name), newline="") as text,
        ):
            yield text
    except UnicodeError as error:
        raise FileError(f"{path.name} cannot be read in the encoding {encoding.name}.") from error


def detect_encoding(path: Path, compression: str) -> Encoding:
    """Detects the encoding from the whole file: byte order mark, UTF-16 by its NULs, UTF-8, else a legacy encoding.

    A file with a few invalid bytes is UTF-8 if it has more multi-byte characters than those.

    Raises:
        FileError: the file is empty, or its first bytes are those of another kind of file.
    """
    with open_bytes(path, compression) as file:
        head = file.read(4096)
        if not head:
            raise FileError(f"{path.name} is empty.")
        if kind := describe_other_kind(head):
            raise FileError(f"{path.name} is not a file of reviews: it looks like {kind}.")
        name = next((name for bom, name in _BOMS if head.startswith(bom)), None) or _utf16_without_bom(head)
        counts = _count_bytes(head, file)
    if name in ("utf-16", "utf-32", "utf-16-le", "utf-16-be"):
        return Encoding(name, count_damaged(path, compression, name))
    if name == "utf-8-sig" or counts.bad == 0 or counts.bad < counts.continued:
        return Encoding(name or "utf-8", counts.bad, escapes=counts.escapes)
    name = guess_encoding(bytes(counts.sample))
    damaged = 0 if name in ("cp1252", "mac_roman") else count_damaged(path, compression, name)  # these define all bytes
    return Encoding(name, damaged, guessed=True)


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


def count_damaged(path: Path, compression: str, name: str) -> int:
    """Counts the bytes of the file that are invalid in this encoding.

    Raises:
        FileError: the encoding does not exist, or is not a text encoding.
    """
    try:
        io.TextIOWrapper(io.BytesIO(), name)
    except (LookupError, ValueError) as error:
        raise FileError(f"There is no text encoding called {name}.") from error
    damaged = 0
    with open_text(path, compression, Encoding(name)) as text:
        for block in iter(lambda: text.read(_BLOCK), ""):
            if _SURROGATES.search(block):
                raise FileError(f"{path.name} cannot be read in the encoding {name}.")
            damaged += len(_MARKED.findall(block))
    return damaged


def is_damaged(text: str) -> bool:
    """Returns whether a text from ``open_text`` contains invalid bytes."""
    return _MARKED.search(text) is not None


@dataclass(slots=True)
class _ByteCounts:
    """Counts from decoding as UTF-8: invalid bytes and continuation bytes; lines with invalid bytes; escapes."""

    bad: int = 0
    continued: int = 0
    sample: bytearray = field(default_factory=bytearray)
    escapes: bool = False


def _count_bytes(head: bytes, rest: BinaryIO) -> _ByteCounts:
    counts = _ByteCounts()
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    block = head
    while True:
        text = decoder.decode(block, final=not block)
        counts.escapes = counts.escapes or b'\\"' in block or block.endswith(b"\\")
        if not block.isascii() or not text.isascii():
            bad = 0 if _can_encode(text) else len(_MARKED.findall(text))
            counts.bad += bad
            counts.continued += len(block) - len(
                text
            )  # summed over the file, because the decoder holds back incomplete characters
            if bad and len(counts.sample) < _SAMPLED:
                counts.sample += b"\n".join(_lines_beyond_ascii(block))[:_SAMPLED] + b"\n"
        if not block:
            return counts
        block = rest.read(_BLOCK)


def _can_encode(text: str) -> bool:
    """Returns whether a text has no marked bytes; ten times as fast as a search for them."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _lines_beyond_ascii(block: bytes) -> Iterator[bytes]:
    """Yields the lines that are not ASCII, or a piece of a long one."""
    for line in block.splitlines():
        if found := _HIGH_BYTE.search(line):
            start = max(0, found.start() - _BEFORE)
            yield line[start : start + _LINE]


def _utf16_without_bom(head: bytes) -> str | None:
    """Detects UTF-16 without a byte order mark: in Western text nearly every second byte is NUL, and few others are."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Handles codec errors: the invalid byte b becomes U+DC00 + b, which no valid text decodes to."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


def _as_control(error: UnicodeError) -> tuple[str, int]:
    """Handles codec errors as browsers do: the five bytes that windows-1252 leaves undefined are control characters."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


def _error_handler(encoding: str) -> str:
    return "sentiment.control" if codecs.lookup(encoding).name == "cp1252" else "sentiment.mark"


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

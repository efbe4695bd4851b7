"""Detects the encoding of text files, and opens them as text with invalid bytes marked."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TextIO

from sentiment.tables.errors import FileError
from sentiment.tables.formats import describe_other_kind, open_bytes
from sentiment.tables.legacy import guess_encoding

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

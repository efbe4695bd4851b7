"""Reads the Stanford release of the IMDB reviews (Maas et al. 2011), as an archive or as the unpacked folder.

A review is one file, ``aclImdb/<train|test>/<pos|neg|unsup>/<id>_<rating>.txt``. Line ``id``, counted from 0, of the
``urls_*.txt`` next to its folder names the film. Nothing is unpacked to disk.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

import pandas as pd

from sentiment.dataset.records import NEGATIVE, POSITIVE, UNLABELLED, DatasetError, RawData
from sentiment.file_limits import unpacked_limit

_REVIEW = re.compile(r"(?:^|/)(train|test)/(pos|neg|unsup)/(\d+)_(\d+)\.txt$")
_URLS = re.compile(r"(?:^|/)(train|test)/urls_(pos|neg|unsup)\.txt$")
_FILM = re.compile(r"\btt\d+")
_LABELS = {"pos": POSITIVE, "neg": NEGATIVE, "unsup": UNLABELLED}
_MAX_UNPACKED = 1 << 30  # bytes, because a small file may expand to a thousand times its size


def find_folder(path: Path) -> Path | None:
    """Returns the ``aclImdb`` folder at ``path`` or directly in it; None if there is none."""
    return next((folder for folder in (path, path / "aclImdb") if (folder / "train" / "pos").is_dir()), None)


def read_folder(folder: Path) -> RawData:
    """Reads an unpacked ``aclImdb`` folder.

    Raises:
        DatasetError: a file cannot be read as UTF-8 text, or there are no reviews.
    """
    digests: list[str] = []
    reviews = _collect(_files_in(folder, digests), folder)
    return RawData("Stanford folder", hashlib.sha256("".join(digests).encode()).hexdigest(), reviews)


def read_archive(path: Path, sha256: str) -> RawData:
    """Reads ``aclImdb_v1.tar.gz``, or the tar inside it.

    Raises:
        DatasetError: the archive is truncated, damaged, not a tar, unsafe, too large, or has no reviews.
    """
    return RawData("Stanford archive", sha256, _collect(_members_of(path), path))


def check_member(name: str, archive: Path) -> None:
    """Refuses an archive with a member that would be unpacked outside the target folder.

    Nothing is unpacked here, but such an archive is malicious or not the expected one.

    Raises:
        DatasetError: the name is absolute or climbs with "..".
    """
    path = PureWindowsPath(name)  # knows "/", "\\" and drive letters
    if path.anchor or ".." in path.parts:
        raise DatasetError(f"{archive.name} is refused: its member {name!r} would land outside the folder.")


def check_size(size: int, name: str, packed: int) -> None:
    """Refuses a file that unpacks to too many bytes, before it fills the memory.

    Args:
        size: bytes unpacked so far.
        name: of the file.
        packed: size of the file in bytes.

    Raises:
        DatasetError: it is more than any format of the IMDB reviews needs, or than a file of this size may contain.
    """
    limit = min(_MAX_UNPACKED, unpacked_limit(packed))
    if size > limit:
        raise DatasetError(f"{name} unpacks to more than {limit / 1e9:.1f} GB, too much to read.")


def _files_in(folder: Path, digests: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yields the relevant files by relative name, and appends the digest of each to ``digests``."""
    for path in sorted(folder.glob("*/**/*.txt")):
        name = path.relative_to(folder).as_posix()
        if _REVIEW.search(name) or _URLS.search(name):
            content = path.read_bytes()
            digests.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
            yield name, content


def _members_of(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yields the relevant files by name; reads to the end, so that truncation is always detected."""
    size = 0
    try:
        with path.open("rb") as file, _unpacked(file) as unpacked:
            stream = _Counted(unpacked, path)
            with tarfile.open(fileobj=stream, mode="r|") as tar:  # type: ignore[call-overload]
                for member in tar:
                    check_member(member.name, path)
                    if member.isfile() and (_REVIEW.search(member.name) or _URLS.search(member.name)):
                        size += member.size  # a sparse file is larger than its bytes in the stream
                        check_size(size, path.name, path.stat().st_size)
                        content = tar.extractfile(member)
                        assert content is not None  # a regular file always has content
                        yield member.name, content.read()
            while stream.read(1 << 20):
                pass
    except (EOFError, tarfile.TarError, zlib.error, gzip.BadGzipFile) as error:
        raise DatasetError(
            f"{path.name} is not a complete tar archive: it is truncated, damaged or of another format."
        ) from error


class _Counted:
    """A stream that raises DatasetError once too many bytes were read, including names and trailing bytes."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, path: Path) -> None:
        self._stream, self._name, self._packed, self._size = stream, path.name, path.stat().st_size, 0

    def read(self, size: int) -> bytes:
        """Reads at most ``size`` bytes."""
        block = self._stream.read(size)
        self._size += len(block)
        check_size(self._size, self._name, self._packed)
        return block


def _unpacked(file: BinaryIO) -> BinaryIO | gzip.GzipFile:
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    return gzip.open(file) if packed else file


def _collect(files: Iterable[tuple[str, bytes]], origin: Path) -> pd.DataFrame:
    rows: list[tuple[str, str, int, int, str]] = []
    films: dict[tuple[str, str], list[str]] = {}
    for name, content in files:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DatasetError(f"{name} in {origin.name} is not UTF-8 text.") from error
        if match := _REVIEW.search(name):
            part, kind, id, rating = match.groups()
            rows.append((part, kind, int(id), int(rating), text))
        elif match := _URLS.search(name):
            films[match[1], match[2]] = [_first(_FILM.findall(line)) for line in text.splitlines()]
    if not rows:
        raise DatasetError(f"{origin.name} holds no reviews of the Stanford release.")
    return _frame(rows, films)


def _frame(rows: list[tuple[str, str, int, int, str]], films: dict[tuple[str, str], list[str]]) -> pd.DataFrame:
    def film(part: str, kind: str, id: int) -> str:
        known = films.get((part, kind), [])
        return known[id] if id < len(known) else ""

    parts, kinds, ids, ratings, texts = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "text": pd.Series(texts, dtype="str"),
            "label": pd.Series([_LABELS[kind] for kind in kinds], dtype="int8"),
            "rating": pd.Series([rating if 1 <= rating <= 10 else 0 for rating in ratings], dtype="int8"),
            "film": pd.Series(map(film, parts, kinds, ids), dtype="str"),
            "part": pd.Series(["unsup" if kind == "unsup" else part for part, kind in zip(parts, kinds, strict=True)]),
        }
    )


def _first(found: list[str]) -> str:
    return found[0] if found else ""

"""The Stanford release of the IMDB reviews (Maas et al. 2011), as its archive or as the folder it unpacks into.

A review is one file, ``aclImdb/<train|test>/<pos|neg|unsup>/<id>_<rating>.txt``; line ``id``, from 0, of the
``urls_*.txt`` beside its folder names the film. Nothing is unpacked to disk.
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
_MOST_UNPACKED = 1 << 30  # bytes; a small file may hold a thousand times its size


def find_folder(path: Path) -> Path | None:
    """The ``aclImdb`` folder at ``path`` or directly in it, None where there is none."""
    return next((folder for folder in (path, path / "aclImdb") if (folder / "train" / "pos").is_dir()), None)


def read_folder(folder: Path) -> RawData:
    """The reviews in an unpacked ``aclImdb`` folder.

    Raises:
        DatasetError: a file cannot be read as UTF-8 text, or there are no reviews.
    """
    digests: list[str] = []
    reviews = _collect(_files_in(folder, digests), folder)
    return RawData("Stanford folder", hashlib.sha256("".join(digests).encode()).hexdigest(), reviews)


def read_archive(path: Path, sha256: str) -> RawData:
    """The reviews in ``aclImdb_v1.tar.gz``, or in the tar inside it.

    Raises:
        DatasetError: the archive is truncated, damaged, no tar at all, unsafe, too large, or holds no reviews.
    """
    return RawData("Stanford archive", sha256, _collect(_members_of(path), path))


def check_member(name: str, archive: Path) -> None:
    """Refuses an archive in which a member's name leads out of the folder it would be unpacked into.

    Nothing here is ever unpacked, but such an archive was made to do harm, or is not what it seems.

    Raises:
        DatasetError: the name is absolute or climbs with "..".
    """
    path = PureWindowsPath(name)  # knows "/", "\\" and drive letters
    if path.anchor or ".." in path.parts:
        raise DatasetError(f"{archive.name} is refused: its member {name!r} would land outside the folder.")


def check_size(size: int, name: str, packed: int) -> None:
    """Refuses a file of which so many bytes are unpacked, before it fills the memory.

    Args:
        size: bytes unpacked so far.
        name: what the file is called.
        packed: its own size.

    Raises:
        DatasetError: it is more than any form of the IMDB reviews holds, or than a file of this size may hold.
    """
    limit = min(_MOST_UNPACKED, unpacked_limit(packed))
    if size > limit:
        raise DatasetError(f"{name} unpacks to more than {limit / 1e9:.1f} GB, too much to read.")


def _files_in(folder: Path, digests: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yields the files of interest by relative name, and notes the digest of each on the way."""
    for path in sorted(folder.glob("*/**/*.txt")):
        name = path.relative_to(folder).as_posix()
        if _REVIEW.search(name) or _URLS.search(name):
            content = path.read_bytes()
            digests.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
            yield name, content


def _members_of(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yields the files of interest by name; reads to the very end, so that a cut is noticed wherever it is."""
    size = 0
    try:
        with path.open("rb") as file, _unpacked(file) as unpacked:
            stream = _Counted(unpacked, path)
            with tarfile.open(fileobj=stream, mode="r|") as tar:  # type: ignore[call-overload]
                for member in tar:
                    check_member(member.name, path)
                    if member.isfile() and (_REVIEW.search(member.name) or _URLS.search(member.name)):
                        size += member.size  # of a sparse file, more than the stream gives
                        check_size(size, path.name, path.stat().st_size)
                        content = tar.extractfile(member)
                        assert content is not None  # as a regular file always has content
                        yield member.name, content.read()
            while stream.read(1 << 20):
                pass
    except (EOFError, tarfile.TarError, zlib.error, gzip.BadGzipFile) as error:
        raise DatasetError(
            f"{path.name} is not a whole tar archive: it is truncated, damaged or something else."
        ) from error


class _Counted:
    """A stream that is refused once it has given too much, be it in members, their names or behind them."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, path: Path) -> None:
        self._stream, self._name, self._packed, self._size = stream, path.name, path.stat().st_size, 0

    def read(self, size: int) -> bytes:
        """The next bytes, so many at most."""
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

"""Downloads one large file over an unreliable connection, and verifies its checksum."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sentiment.artifacts import sha256
from sentiment.dataset.records import DatasetError

URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
SHA256 = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"
_TIMEOUT = 30  # seconds without a byte
_CONNECTION_ERRORS = (urllib.error.URLError, ConnectionError, TimeoutError, ssl.SSLError, http.client.HTTPException)

Report = Callable[[int, int | None], None]


def download(url: str, target: Path, expected: str, report: Report = lambda done, total: None) -> None:
    """Downloads ``url`` to ``target``, which appears only once complete and with the expected SHA-256.

    Partial content is kept in ``<target>.part``. An interrupted download resumes, at once or in the next call, as long
    as each attempt makes progress. A file with a wrong checksum is removed.

    Args:
        url: an http or https address.
        target: the file to create; its folder exists.
        expected: the SHA-256 of the file, in hex.
        report: called with the bytes on disk and the size of the file, None if unknown.

    Raises:
        DatasetError: the download failed, has a wrong checksum, or ``target`` is a different file.
        OSError: the disk is full or not writable.
    """
    if not url.startswith(("https://", "http://")):
        raise DatasetError(f"{url} is not an http or https address.")
    if target.exists():
        if sha256(target) != expected:
            raise DatasetError(f"{target} is a different file; move it away to download this one.")
        return
    part = target.with_name(f"{target.name}.part")
    _fetch_all(url, part, report)
    actual = sha256(part)
    if actual != expected:
        part.unlink()
        raise DatasetError(f"{url} has an unexpected checksum, SHA-256 {actual}; the download was removed.")
    part.replace(target)


def _fetch_all(url: str, part: Path, report: Report) -> None:
    while True:
        before = _size(part)
        try:
            _fetch_rest(url, part, report)
            return
        except urllib.error.HTTPError as error:
            with error:
                if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and before:
                    return  # the server has no more bytes; the checksum shows whether the file is right
                raise DatasetError(f"The server answered {error.code} {error.reason} for {url}.") from error
        except _CONNECTION_ERRORS as error:
            if _size(part) <= before:
                reason = getattr(error, "reason", None) or error
                kept = f" {before:,} bytes are kept; run the same command to resume." if before else ""
                raise DatasetError(f"{url} cannot be reached: {reason}.{kept}") from error


def _fetch_rest(url: str, part: Path, report: Report) -> None:
    """Appends the missing bytes to ``part``; starts over if the server does not support ranges."""
    before = _size(part)
    headers = {"Range": f"bytes={before}-"} if before else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - only http and https come here
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310
        resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
        length = response.headers.get("Content-Length")
        total = None if length is None else int(length) + (before if resumed else 0)
        with part.open("ab" if resumed else "wb") as file:
            for chunk in iter(partial(response.read, 1 << 16), b""):
                file.write(chunk)
                report(file.tell(), total)
            if total is not None and file.tell() < total:
                raise ConnectionError("the connection broke")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0

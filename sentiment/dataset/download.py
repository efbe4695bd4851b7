"""Fetching one large file over a connection that may break, and knowing that it is the right one."""

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
_BROKEN = (urllib.error.URLError, ConnectionError, TimeoutError, ssl.SSLError, http.client.HTTPException)

Report = Callable[[int, int | None], None]


def download(url: str, target: Path, expected: str, report: Report = lambda done, total: None) -> None:
    """Fetches ``url`` into ``target``, which appears only when it is whole and has the expected SHA-256.

    What has arrived stands in ``<target>.part``. A broken connection is taken up again, now or by the next call, for
    as long as each attempt brings more; a file that turns out to be another one is removed.

    Args:
        url: an http or https address.
        target: the file to make; its folder exists.
        expected: the SHA-256 of the file, in hex.
        report: told the bytes that stand on disk and the bytes in the whole file, None where the server does not say.

    Raises:
        DatasetError: the file cannot be had, is another one, or another one stands at ``target``.
        OSError: the disk is full or not writable.
    """
    if not url.startswith(("https://", "http://")):
        raise DatasetError(f"{url} is not an http or https address.")
    if target.exists():
        if sha256(target) != expected:
            raise DatasetError(f"Another file stands at {target}; move it away to download this one.")
        return
    part = target.with_name(f"{target.name}.part")
    _fetch_all(url, part, report)
    found = sha256(part)
    if found != expected:
        part.unlink()
        raise DatasetError(f"{url} gave another file than expected, which was removed: its SHA-256 is {found}.")
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
                    return  # there is nothing after what is here; the checksum tells whether it is right
                raise DatasetError(f"The server answered {error.code} {error.reason} for {url}.") from error
        except _BROKEN as error:
            if _size(part) <= before:
                reason = getattr(error, "reason", None) or error
                kept = f" {before:,} bytes are kept; the same command goes on from there." if before else ""
                raise DatasetError(f"{url} cannot be reached: {reason}.{kept}") from error


def _fetch_rest(url: str, part: Path, report: Report) -> None:
    """Appends what ``part`` lacks; starts over where the server does not know ranges."""
    before = _size(part)
    headers = {"Range": f"bytes={before}-"} if before else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - only http and https come here
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310
        goes_on = response.status == http.HTTPStatus.PARTIAL_CONTENT
        length = response.headers.get("Content-Length")
        total = None if length is None else int(length) + (before if goes_on else 0)
        with part.open("ab" if goes_on else "wb") as file:
            for chunk in iter(partial(response.read, 1 << 16), b""):
                file.write(chunk)
                report(file.tell(), total)
            if total is not None and file.tell() < total:
                raise ConnectionError("the connection broke")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0

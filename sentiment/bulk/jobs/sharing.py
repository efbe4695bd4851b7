"""Refuses a folder of jobs that several hosts share if their file locks do not reach one another.

The server marks the folder by a file named after its host's boot. It holds the lock of that file, and touches it once
a minute. If another host's mark was touched lately although its lock is free, then locks do not reach that host, and
workers of both hosts could take the same job.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from sentiment.bulk.jobs import processes
from sentiment.tables.errors import FileError

_FRESH = 180  # seconds within which a server that lives has touched its mark

_UNSAFE = (
    "Another host uses the same folder of jobs, and file locks do not reach it. "
    "The operator must give each host a folder of its own (SENTIMENT_JOBS)."
)


class Mark:
    """The mark of this host in a folder, which a server holds as long as it runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None

    def __enter__(self) -> Mark:
        """Returns the mark."""
        return self

    def __exit__(self, *_: object) -> None:
        """Gives up the mark."""
        if self._file:
            self._file.close()

    def renew(self) -> None:
        """Shows that the server is still running, if there is a folder yet and its disk takes the mark."""
        if not self._folder.exists():
            return
        with suppress(OSError):  # a full disk must not keep expired jobs from being deleted
            if self._file is None:
                self._file = _own_mark(self._folder).open("ab")
                fcntl.flock(self._file, fcntl.LOCK_SH)  # shared, because servers on one host may share the folder
            os.utime(_own_mark(self._folder))


def check(folder: Path) -> None:
    """Checks that no other host uses the folder out of the reach of this host's locks.

    Raises:
        FileError: another host does.
    """
    own = _own_mark(folder)
    for other in folder.glob(_own_mark(folder, "*").name):
        if other != own and _is_fresh(other, own) and not _is_locked(other):
            raise FileError(_UNSAFE)


def _own_mark(folder: Path, boot: str = "") -> Path:
    return folder / f"server-{boot or processes.boot()}"


def _is_fresh(mark: Path, own: Path) -> bool:
    """Returns whether a mark was touched lately, by the clock of the disk if there is an own mark to compare."""
    with suppress(FileNotFoundError):
        now = own.stat().st_mtime if own.exists() else time.time()
        return now - mark.stat().st_mtime < _FRESH
    return False


def _is_locked(mark: Path) -> bool:
    try:
        with mark.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False

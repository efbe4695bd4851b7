"""File locks, which the system releases when the process that holds them ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sentiment.bulk.jobs import limits


@contextmanager
def hold(path: Path, kind: int = fcntl.LOCK_EX, *, wait: bool = False, create: bool = False) -> Iterator[BinaryIO]:
    """Holds a lock.

    Args:
        path: the file that is locked.
        kind: exclusive or shared.
        wait: wait for the lock while another process holds it.
        create: create the file if it is missing. That of a job is not, since its folder may just be being removed.

    Raises:
        FileNotFoundError: the file is missing.
        BlockingIOError: another process holds the lock, and ``wait`` is not set.
    """
    with _open(path, create) as file:
        fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
        try:
            yield file
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # else a worker that is just being started would keep it for a moment


def _open(path: Path, create: bool) -> BinaryIO:
    try:
        return path.open("ab" if create else "r+b")
    except OSError as error:
        if error.errno not in limits.UNWRITABLE:
            raise
        return path.open("rb")  # on a read-only disk states can still be read

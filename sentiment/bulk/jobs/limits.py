"""Limits on the memory, time and disk of one job; exceeding one raises an error that names it."""

from __future__ import annotations

import errno
import faulthandler
import os
import resource
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TextIO

from sentiment.system import resident_memory
from sentiment.tables.errors import FileError

_EVERY = 0.25  # seconds between two checks
_GRACE = 10.0  # seconds to end in an orderly way before the process is killed
_FLOOR = 1e9  # bytes of a large disk that must stay free
_FLOOR_SHARE = 0.02  # of a small disk, this share
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
UNWRITABLE = (*_NO_SPACE, errno.EROFS, errno.EACCES, errno.EPERM)  # errors of a disk that cannot be written to

DISK_FULL = "The server's disk is full. Try again later; what is finished has been kept."
READ_ONLY = "The server's disk is read-only. Try again later."
NEARLY_FULL = "The server's disk is nearly full, so the work was stopped. Try again later."
TIMED_OUT = "Timeout"  # the start of a trace if faulthandler ended the process


def too_much_memory(gigabytes: float) -> str:
    """Returns the message for a file that needs more memory than a worker may take."""
    return f"This file needs more memory than the server allows ({gigabytes:g} GB). Split it into smaller files."


def too_slow(seconds: float) -> str:
    """Returns the message for a file that takes longer to read or to write than the server allows."""
    return f"This file takes longer than the server allows ({seconds:g} seconds). Split it into smaller files."


def too_large(gigabytes: float) -> str:
    """Returns the message for a file whose results need more disk than a job may take."""
    return f"This file needs more disk space than the server allows ({gigabytes:g} GB). Split it into smaller files."


def explain(error: OSError) -> str:
    """Returns a sentence about a system error, without the paths that its message may contain."""
    if error.errno in _NO_SPACE:
        return DISK_FULL
    if error.errno == errno.EROFS:
        return READ_ONLY
    reason = f": {error.strerror}" if error.errno and error.strerror else ""
    return f"The server could not continue{reason}. Try again later."


@contextmanager
def disk_errors_explained() -> Iterator[None]:
    """Replaces an error of the disk by a sentence for the user.

    Raises:
        FileError: the disk is full, read-only or failing.
    """
    try:
        yield
    except OSError as error:
        raise FileError(explain(error)) from error


def is_read_only(folder: Path) -> bool:
    """Returns whether the disk of a folder, or of its parent if there is no folder yet, is mounted read-only."""
    existing = folder if folder.exists() else folder.parent
    return existing.exists() and bool(os.statvfs(existing).f_flag & os.ST_RDONLY)


def nearly_full(folder: Path) -> bool:
    """Returns whether so little of the disk is free that a job must stop."""
    disk = shutil.disk_usage(folder)
    return disk.free < min(_FLOOR, _FLOOR_SHARE * disk.total)


def memory_in_use() -> int:
    """Returns the bytes of memory that this process uses; outside Linux, the most it has used."""
    try:
        return resident_memory()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


@contextmanager
def enforced(check: Callable[[], str], seconds: float, trace: TextIO, spent: float = 0.0) -> Iterator[None]:
    """Stops the work in the main thread when a check finds a problem or the time is over.

    Args:
        check: returns a problem in a sentence, "" for none; it is called four times a second in its own thread.
        seconds: that the work may take, 0 for no limit.
        trace: receives the stack frames of a crash, or of native code that could not be stopped.
        spent: seconds that the work has taken before.

    Raises:
        FileError: a limit was exceeded.
    """
    left, done, problem = max(_EVERY, seconds - spent), threading.Event(), ""
    end = monotonic() + left

    def watch() -> None:
        nonlocal problem
        while not done.wait(_GRACE if problem else _EVERY):
            with suppress(OSError):  # a file vanished while its size was asked for
                problem = problem or (too_slow(seconds) if seconds and monotonic() > end else check())
            if problem:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def stop(*_: object) -> None:
        if not done.is_set():
            raise FileError(problem)

    signal.signal(signal.SIGUSR1, stop)
    faulthandler.enable(trace)
    if seconds:
        faulthandler.dump_traceback_later(left + _GRACE, exit=True, file=trace)
    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()
        faulthandler.disable()
        faulthandler.cancel_dump_traceback_later()

"""The journal of the jobs: workers append to it, and a server copies it to its log.

A worker may outlive the server, so no server may be running when it ends. An event contains no text of a visitor: an
exception is recorded by its type and its stack frames, because its message may quote a cell.
"""

from __future__ import annotations

import fcntl
import json
import logging
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

_JOURNAL = "events"
_MOST_BYTES = 1_000_000  # kept until a server reads them

_log = logging.getLogger(__name__)


def record(folder: Path, text: str, *, failure: bool = False, trace: str = "") -> None:
    """Appends an event to the journal in a folder of jobs, unless the disk or the journal is full."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    line = json.dumps({"at": now, "text": text, "failure": failure, "trace": trace}) + "\n"
    with suppress(OSError), (folder / _JOURNAL).open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if file.tell() < _MOST_BYTES:
            file.write(line)


def copy_to_log(folder: Path) -> None:
    """Moves the events of a folder of jobs to the log of this process: a line each, and a trace after a crash."""
    try:
        with (folder / _JOURNAL).open("r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            lines = file.read().splitlines()
            file.truncate(0)
    except OSError:
        return  # there are no events, or the disk is read-only
    for line in lines:
        with suppress(ValueError):  # an incomplete line, from a full disk
            event = json.loads(line)
            trace = f"\n{event['trace'].rstrip()}" if event["trace"] else ""
            _log.log(logging.ERROR if event["failure"] else logging.INFO, "%s %s%s", event["at"], event["text"], trace)


def format_frames(error: BaseException) -> str:
    """Returns the stack frames and types of an exception and its causes, first cause first, without messages."""
    before = error.__cause__ or error.__context__
    earlier = format_frames(before) + "\nthen\n" if before is not None else ""
    return earlier + "".join(traceback.format_tb(error.__traceback__)) + type(error).__qualname__

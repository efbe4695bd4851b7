"""Finds and ends the processes that work on the jobs of a served app."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from sentiment.bulk.jobs.launcher import WORKER


def workers(jobs: Path) -> list[int]:
    """Returns the ids of the processes that work on jobs in a folder; not one that is about to end.

    Such a worker has released its lock.
    """
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = entry.read_text(encoding="utf-8", errors="replace").split("\0")
            if WORKER not in words:
                continue
            folder, lock = words[words.index(WORKER) + 1 :][:2]
            if Path(folder).parent == jobs.resolve() and (entry.parent / "fd" / lock).exists():
                found.append(int(entry.parent.name))
    return found


def end_workers(jobs: Path) -> None:
    """Deletes all jobs in a folder and ends their workers, which would outlive the server."""
    for job in jobs.glob("*"):
        shutil.rmtree(job, ignore_errors=True)
    for worker in workers(jobs):
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)

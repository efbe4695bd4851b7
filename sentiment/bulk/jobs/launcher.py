"""Starts worker processes, and records the end of those that could not do so themselves."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any, BinaryIO

from sentiment.budget import Settings
from sentiment.bulk.jobs import journal, limits, locks, processes
from sentiment.bulk.jobs.job import Action, Job
from sentiment.paths import HOME

ATTEMPTS = 5  # times a worker may be killed before it has finished a part

CRASHED = "The program failed on this file. The fault has been recorded for the operator of the server."

WORKER = "sentiment.bulk.jobs.worker"

_LOW_PRIORITY = ("nice", "-n", "10")  # so that the app answers first, from the worker's first import on

_TRACE_CHARACTERS = 20_000


def start_or_fail(job: Job, action: Action, **options: Any) -> None:
    """Starts a worker for an action, or fails the job after too many interrupted attempts."""
    if (job.read("attempts") or 0) < ATTEMPTS:
        start(job, action, **options)
    else:
        job.fail(action, f"The work on this file was interrupted {ATTEMPTS} times. Try again, or split the file.")


def start(job: Job, action: Action, **options: Any) -> bool:
    """Starts a worker for an action; returns False if the job has a worker already, or no longer exists.

    The lock is taken here and handed to the worker, so that a job never has two.
    """
    try:
        with job.locked() as lock:
            job.write("action", {"name": action, **options})
            job.write("attempts", (job.read("attempts") or 0) + 1)
            job.remove("progress", "unwritten")
            job.trace.unlink(missing_ok=True)
            worker = _spawn(job, lock)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        if job.folder.exists():
            raise
        return False
    journal.record(job.folder.parent, f"Job {job.short_id}: {action} started as process {worker.pid}.")
    threading.Thread(target=_wait, args=(job, worker), daemon=True).start()  # else it would stay as a zombie
    return True


def record_end(job: Job, status: int | None = None) -> None:
    """Records the end of a worker that has not done so itself, and fails the job if a retry would fail again.

    Args:
        job: the job.
        status: the worker's exit status, None if unknown.
    """
    if not (job.folder / "worker.json").exists():
        return
    with (
        suppress(FileNotFoundError, BlockingIOError),  # the job was deleted, or its worker still runs
        locks.hold(job.folder / "gate", wait=True),
        locks.hold(job.folder / "lock"),
    ):
        if job.read("worker") is None:
            return
        action = (job.read("action") or {}).get("name", "inspect")
        trace = _read_trace(job)
        if trace.startswith(limits.TIMED_OUT):
            settings = Settings.from_environment()
            job.fail(action, limits.too_slow(settings.scoring if action == "score" else settings.seconds))
        elif trace or (status or 0) > 0:
            job.fail(action, CRASHED)
        if status != 0:
            how = "crashed" if trace or (status or 0) > 0 else "was killed"
            detail = "" if trace else f" Its output is in {job.short_id}.../log."
            text = f"Job {job.short_id}: {action} {how} (status {'unknown' if status is None else status}).{detail}"
            journal.record(job.folder.parent, text, failure=True, trace=trace)
        job.remove("worker")
        job.trace.unlink(missing_ok=True)


def _spawn(job: Job, lock: BinaryIO) -> subprocess.Popen[bytes]:
    with (job.folder / "log").open("ab") as log:
        worker = subprocess.Popen(
            [*_LOW_PRIORITY, sys.executable, "-m", WORKER, str(job.folder.resolve()), str(lock.fileno())],
            cwd=HOME,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[lock.fileno()],
            start_new_session=True,
        )
    try:
        job.write("worker", processes.identify(worker.pid))
    except OSError:  # a worker without a record could never be killed
        worker.kill()
        worker.wait()
        raise
    return worker


def _wait(job: Job, worker: subprocess.Popen[bytes]) -> None:
    status = worker.wait()
    with suppress(OSError):  # the disk is full; maintenance tries again
        record_end(job, status)


def _read_trace(job: Job) -> str:
    try:
        with job.trace.open(encoding="utf-8", errors="replace") as file:
            return file.read(_TRACE_CHARACTERS)
    except FileNotFoundError:
        return ""

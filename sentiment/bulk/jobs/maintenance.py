"""Maintenance of the queue: deletes expired jobs, starts waiting ones and resumes interrupted ones."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from sentiment.budget import Settings
from sentiment.bulk.jobs import journal, launcher, locks, sharing
from sentiment.bulk.jobs.job import Job, all_jobs, is_job_id
from sentiment.tables.errors import FileError

_CLEAN_EVERY = 60  # seconds
_IDLE = ("unread", "new", "cancelled", "failed", "done")


def run_maintenance(settings: Settings, *, wait: bool = False) -> None:
    """Deletes expired jobs, and starts or resumes waiting ones while workers are free.

    A job whose worker was killed waits again, and its next worker resumes after the last finished part. The app's
    timer, the page Score a file and every worker that ends call this.

    Args:
        settings: of the server.
        wait: wait for another process that runs maintenance, since it may have missed the end of a worker.

    Raises:
        FileError: another host uses the folder, and locks do not reach it.
        OSError: the disk is full or read-only.
    """
    sharing.check(settings.folder)
    try:
        with locks.hold(settings.folder / "lock", wait=wait, create=True):
            _clean(settings)
            jobs = all_jobs(settings)
            for job in jobs:
                launcher.record_end(job)
            for job, action in _next_in_turn(settings, jobs):
                launcher.start_or_fail(job, action.pop("name"), **action)
    except (BlockingIOError, FileNotFoundError):
        return  # no jobs, lock held elsewhere, or a job just vanished; the next call retries


def _next_in_turn(settings: Settings, jobs: list[Job]) -> list[tuple[Job, dict[str, Any]]]:
    """Returns the jobs to start, with their actions. Visitors take turns, and none has all the workers."""
    working = [job.visitor for job in jobs if job.has_worker]
    free, of_visitor = settings.at_once - len(working), Counter(working)
    waiting = []
    for job in jobs:
        if action := job.next_action:
            before = of_visitor[job.visitor] if job.visitor else 0
            if before < settings.at_once_per_visitor or not job.visitor:
                waiting.append((before, job, action))
            of_visitor[job.visitor] += 1
    waiting.sort(key=lambda each: each[0])  # stable: one's first job comes before anyone's second
    return [(job, action) for _, job, action in waiting[: max(0, free)]]


def any_job_waits(settings: Settings) -> bool:
    """Returns whether a job waits in the queue."""
    return any(job.next_action for job in all_jobs(settings))


def _clean(settings: Settings) -> None:
    """Deletes expired jobs, and the remains of interrupted uploads and deletions, once a minute."""
    stamp = settings.folder / "cleaned"
    if stamp.exists() and 0 <= time.time() - stamp.stat().st_mtime < _CLEAN_EVERY:
        return
    stamp.touch()
    folders = [path for path in settings.folder.iterdir() if is_job_id(path.name.removeprefix("."))]
    for folder in folders:
        _correct_times(folder)
    jobs = all_jobs(settings)
    for job in jobs:
        if job.deleted or (job.state in (*_IDLE, "inspecting") and job.idle_seconds > settings.hours * 3600):
            _discard(job)
    known = {job.folder for job in jobs}
    for folder in folders:
        if folder not in known and folder.exists() and Job(folder).idle_seconds > settings.hours * 3600:
            shutil.rmtree(folder, ignore_errors=True)
    _make_room(settings)


def _make_room(settings: Settings) -> None:
    """Deletes the jobs that have been idle longest while all jobs together take too much disk.

    Those of a visitor who takes more than a share of it go first.
    """
    sizes = {job: job.size for job in all_jobs(settings)}
    of_visitor: Counter[str] = Counter()
    for job, size in sizes.items():
        of_visitor[job.visitor] += size
    share = settings.gigabytes_per_visitor * 1e9
    idle = [job for job in sizes if job.state in _IDLE]
    excess = sum(sizes.values()) - settings.gigabytes * 1e9
    for job in sorted(idle, key=lambda job: (of_visitor[job.visitor] <= share, -job.idle_seconds)):
        if excess <= 0:
            return
        excess -= sizes[job]
        _discard(job)


def _discard(job: Job) -> None:
    """Deletes a job; a failure is recorded and does not stop the deletion of other jobs."""
    try:
        job.delete()
    except FileError as error:
        journal.record(job.folder.parent, f"Job {job.short_id} could not be deleted: {error}", failure=True)


def _correct_times(folder: Path) -> None:
    """Sets times in the future, from a clock that was wrong, to now, so that the job still expires."""
    now = time.time()
    for path in [folder, *folder.iterdir()]:
        with suppress(FileNotFoundError):  # a worker has just replaced it
            if path.stat().st_mtime > now:
                os.utime(path)

"""Bulk jobs in tests: their settings, uploads and workers, and processes that no job may kill."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from sentiment.budget import Settings
from sentiment.bulk.jobs import journal, launcher
from sentiment.bulk.jobs.creation import create_job
from sentiment.bulk.jobs.job import Job, all_jobs
from sentiment.bulk.jobs.maintenance import run_maintenance

DOWNLOAD = {"form": "jsonl", "raw": False, "bom": False}  # a request for an output of another format
_LOCK_HOLDER = """
import fcntl, sys, time
with open(sys.argv[1], "ab") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print(flush=True)
    time.sleep(600)
"""
_POLL = 0.02  # seconds between two looks at a job
_PATIENCE = 120.0  # seconds within which a job has the expected state, also on a busy machine


@pytest.fixture
def job_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of a server that runs one job at a time."""
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("SENTIMENT_JOBS_AT_ONCE", "1")
    settings = Settings.from_environment()
    yield settings
    for job in all_jobs(settings):
        job.delete()


@pytest.fixture
def start_faulty(job_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Job]:
    """Starts an inspection with a fault of ``faulty_worker.FAULTS``."""

    def start(fault: str, **environment: str) -> Job:
        monkeypatch.setattr(launcher, "WORKER", "tests.faulty_worker")
        for name, value in {"FAULT": fault, **environment}.items():
            monkeypatch.setenv(name, value)
        job = upload(job_settings)
        assert launcher.start(job, "inspect")
        return job

    return start


def upload(settings: Settings, name: str = "reviews.csv", content: bytes = b"id,review\n1,a good film\n") -> Job:
    return create_job(settings, name, io.BytesIO(content), len(content))


def task(run: Path) -> dict[str, Any]:
    """Returns the task of scoring the second column of an upload."""
    return {"text": 1, "label": None, "explain": False, "reading": {}, "run": str(run)}


@contextmanager
def other_process(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a process that is not a job's worker; without a command, one that sleeps for longer than any test."""
    with subprocess.Popen(command or ["sleep", "600"], stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def locked_elsewhere(job: Job) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a process that holds the job's lock."""
    with other_process(sys.executable, "-c", _LOCK_HOLDER, str(job.folder / "lock")) as process:
        assert process.stdout
        process.stdout.readline()
        yield process


@contextmanager
def polled(ask: Callable[[], object]) -> Iterator[None]:
    """Calls ``ask`` in two threads without a pause, and raises what it raised."""
    done = Event()

    def poll() -> None:
        while not done.is_set():
            ask()

    with ThreadPoolExecutor(2) as pool:
        polls = [pool.submit(poll) for _ in range(2)]
        try:
            yield
        finally:
            done.set()
    for each in polls:
        each.result()


def wait(job: Job, *states: str, seconds: float = _PATIENCE, maintained: Settings | None = None) -> None:
    """Waits until the job has one of the states, and runs maintenance meanwhile if settings are given."""
    end = time.monotonic() + seconds
    while job.state not in states:
        if maintained:
            run_maintenance(maintained)
        assert time.monotonic() < end, (job.state, job.read("error"), (job.folder / "log").read_text())
        time.sleep(_POLL)


def wait_for_end(job: Job, seconds: float = _PATIENCE) -> None:
    """Waits until the worker has ended and has removed its record."""
    end = time.monotonic() + seconds
    while job.has_worker or job.read("worker"):
        assert time.monotonic() < end
        time.sleep(_POLL)


def new_log(settings: Settings, caplog: pytest.LogCaptureFixture) -> str:
    """Returns the log after the journal of the jobs has been copied to it."""
    with caplog.at_level("INFO"):
        journal.copy_to_log(settings.folder)
    return caplog.text


def set_times(job: Job, seconds: float = 1) -> None:
    """Dates the job's folder and files at so many seconds after 1970."""
    for path in [job.folder, *job.folder.iterdir()]:
        os.utime(path, (seconds, seconds), follow_symlinks=False)

"""Kills the workers of jobs at random moments: every output must be byte for byte that of an undisturbed job."""

from __future__ import annotations

import io
import json
import os
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dev.proofs.files import reviews
from sentiment.artifacts import sha256
from sentiment.budget import Settings
from sentiment.bulk.jobs import processes
from sentiment.bulk.jobs.creation import create_job
from sentiment.bulk.jobs.job import Job, State
from sentiment.bulk.jobs.maintenance import run_maintenance

_ROWS = 6_000
_KILLS = 3  # of one job at most; after five attempts without a part a job fails
_PATIENCE = 300  # seconds within which a job has ended
_TASK: dict[str, Any] = {"text": 0, "label": None, "explain": False, "reading": {}}


def killed_jobs(run: Path, folder: Path, seconds: float) -> dict[str, Any]:
    """Scores files as jobs for so many seconds, and kills their workers; counts the outputs with the expected bytes.

    Args:
        run: the run to use.
        folder: for the jobs.
        seconds: for all jobs together.
    """
    chance = random.Random(0)  # noqa: S311
    found = {"jobs": 0, "kills": 0, "same_bytes": 0}
    with _jobs_in(folder / "jobs") as settings:
        files = _files()
        expected = {name: _scored(settings, run, name, content, None)[0] for name, content in files.items()}
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            name = chance.choice(list(files))
            output, kills = _scored(settings, run, name, files[name], chance)
            found = {
                "jobs": found["jobs"] + 1,
                "kills": found["kills"] + kills,
                "same_bytes": found["same_bytes"] + (output == expected[name]),
            }
        left = [path.name for path in settings.folder.iterdir() if path.is_dir()]
    return {**found, "left_over": len(left), "holds": found["jobs"] == found["same_bytes"] and not left}


@contextmanager
def _jobs_in(folder: Path) -> Iterator[Settings]:
    """Makes the workers of this process use a folder of jobs."""
    before = os.environ.get("SENTIMENT_JOBS")
    os.environ["SENTIMENT_JOBS"] = str(folder)
    try:
        yield Settings.from_environment()
    finally:
        os.environ.pop("SENTIMENT_JOBS")
        if before is not None:
            os.environ["SENTIMENT_JOBS"] = before


def _files() -> Mapping[str, bytes]:
    texts = list(reviews(_ROWS))
    return {
        "reviews.csv": ("review\n" + "".join(f'"{text}"\n' for text in texts)).encode(),
        "reviews.jsonl": "".join(json.dumps({"review": text}) + "\n" for text in texts).encode(),
    }


def _scored(settings: Settings, run: Path, name: str, content: bytes, chance: random.Random | None) -> tuple[str, int]:
    """Scores a file as a job that is deleted afterwards.

    Args:
        settings: of the server.
        run: the run to use.
        name: the file's name.
        content: its bytes.
        chance: when to kill the worker; never if it is None.

    Returns:
        The SHA-256 of the output, "" if the job failed, and the number of workers killed.
    """
    job = create_job(settings, name, io.BytesIO(content), len(content))
    kills = _finish(settings, job, ("new",), chance)
    job.submit({**_TASK, "run": str(run.resolve())})
    kills += _finish(settings, job, ("done",), chance)
    output = sha256(job.folder / "output.csv") if job.state == "done" else ""
    job.delete()
    return output, kills


def _finish(settings: Settings, job: Job, states: tuple[State, ...], chance: random.Random | None) -> int:
    """Waits until the job is in one of these states or has failed; returns the number of workers killed."""
    kills, end = 0, time.monotonic() + _PATIENCE
    due = time.monotonic() + chance.uniform(0, 3) if chance else end
    while job.state not in (*states, "failed") and time.monotonic() < end:
        run_maintenance(settings)
        if time.monotonic() > due and kills < _KILLS and (worker := job.read("worker")):
            kills += processes.is_running(worker)
            processes.kill(worker)
            due = time.monotonic() + (chance.uniform(0, 3) if chance else 0)
        time.sleep(0.02)
    return kills

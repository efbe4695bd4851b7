"""Kills the workers of jobs at random moments; every output must equal that of an undisturbed job, byte for byte."""

from __future__ import annotations

import io
import json
import math
import os
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dev.proofs.generated_reviews import reviews
from sentiment.artifacts import sha256
from sentiment.budget import Settings
from sentiment.bulk.jobs import processes
from sentiment.bulk.jobs.creation import create_job
from sentiment.bulk.jobs.job import Job, State
from sentiment.bulk.jobs.maintenance import run_maintenance

_ROWS = 6_000
_KILLS = 3  # of one job at most; after five attempts without a part a job fails
_PATIENCE = 300  # seconds within which a job must end
_INTERVAL = 3  # seconds from one kill to the next at most
_POLL = 0.02  # seconds between two looks at a job
_TASK: dict[str, Any] = {"text": 0, "label": None, "explain": False, "reading": {}}


def killed_jobs(run: Path, folder: Path, seconds: float) -> dict[str, Any]:
    """Scores files as jobs for so many seconds, and kills their workers; counts the outputs with the expected bytes.

    Args:
        run: the run to use.
        folder: for the jobs.
        seconds: for all jobs together.
    """
    chance = random.Random(0)  # noqa: S311
    jobs = all_kills = same = 0
    with _jobs_in(folder / "jobs") as settings:
        files = _files()
        expected = {name: _scored(settings, run, name, content, None)[0] for name, content in files.items()}
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            name = chance.choice(list(files))
            output, kills = _scored(settings, run, name, files[name], chance)
            jobs, all_kills, same = jobs + 1, all_kills + kills, same + (output == expected[name])
        left = sum(path.is_dir() for path in settings.folder.iterdir())
    holds = jobs == same and not left
    return {"jobs": jobs, "kills": all_kills, "same_bytes": same, "left_over": left, "holds": holds}


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
        chance: decides when the worker is killed; None if it is never killed.

    Returns:
        The SHA-256 of the output, "" if the job failed, and the number of workers killed.
    """
    job = create_job(settings, name, io.BytesIO(content), len(content))
    kills = _finish(settings, job, "new", chance)
    job.submit({**_TASK, "run": str(run.resolve())})
    kills += _finish(settings, job, "done", chance)
    output = sha256(job.folder / "output.csv") if job.state == "done" else ""
    job.delete()
    return output, kills


def _finish(settings: Settings, job: Job, state: State, chance: random.Random | None) -> int:
    """Waits until the job is in a state or has failed; returns the number of workers killed."""
    kills, now = 0, time.monotonic()
    end, due = now + _PATIENCE, _next_kill(now, chance)
    while job.state not in (state, "failed") and now < end:
        run_maintenance(settings)
        if now > due and kills < _KILLS and (worker := job.read("worker")):
            kills += processes.is_running(worker)
            processes.kill(worker)
            due = _next_kill(now, chance)
        time.sleep(_POLL)
        now = time.monotonic()
    return kills


def _next_kill(now: float, chance: random.Random | None) -> float:
    return now + chance.uniform(0, _INTERVAL) if chance else math.inf

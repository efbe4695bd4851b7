"""The worker process of a job: does one action on it, and writes its progress to the job's folder.

Run as ``python -m sentiment.bulk.jobs.worker FOLDER LOCK``; it inherits LOCK, the descriptor of the job's lock.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from sentiment.artifacts import ArtifactError
from sentiment.bulk.errors import BulkError
from sentiment.bulk.jobs import journal, limits, processes
from sentiment.bulk.jobs.queue import CRASHED, Job, Settings, others_wait, tend
from sentiment.bulk.pipeline import Task, export, score_file
from sentiment.bulk.progress import Pace
from sentiment.bulk.readers.base import Options
from sentiment.bulk.readers.inspection import inspect
from sentiment.bulk.readers.open import open_source
from sentiment.system import limit_heaps

_EVERY = 0.5  # seconds between two notes of the progress


class CancelledError(Exception):
    """The owner has asked to stop."""


class TurnOverError(Exception):
    """Others wait, and this worker has had its turn."""


@dataclass(slots=True)
class JobProgress:
    """Writes the progress to the job's folder, and is where the work can be stopped."""

    job: Job
    settings: Settings
    began: float = field(default_factory=monotonic)
    pace: Pace = field(default_factory=Pace)
    noted: float = 0.0

    def __call__(self, stage: str, done: int, rows: int) -> None:
        """Writes the progress.

        Raises:
            CancelledError: it is to stop.
            TurnOverError: it is to make room.
        """
        rate = self.pace(stage, done)
        if monotonic() - self.noted > _EVERY or done == rows:
            self.job.write("progress", {"stage": stage, "done": done, "rows": rows, "rate": rate})
            self.noted = monotonic()
        if (self.job.folder / "cancel.json").exists() or self.job.deleted:
            raise CancelledError
        if stage == "scoring":
            self.job.remove("attempts")
            if monotonic() - self.began > self.settings.turn and others_wait(self.settings):
                raise TurnOverError


def main() -> None:
    """Does the action that ``action.json`` names, and records how it ended."""
    limit_heaps()
    job, settings, began = Job(Path(sys.argv[1])), Settings.from_environment(), monotonic()
    if job.read("worker") != (own := processes.identify(os.getpid())):
        job.write("worker", own)  # whoever started this one was killed before writing it
    action = job.read("action")
    name = action.pop("name")
    problem, outcome, trace = _outcome(lambda: _perform(job, settings, name, action), settings)
    if problem:
        job.fail(name, _without_paths(problem, job))
    elif outcome == "gave way":
        job.write("task", job.read("task"))  # its time is the place in the queue
    if name == "write":
        job.remove("wanted")
    text = f"Job {job.alias}: {name} {outcome} after {monotonic() - began:.1f} seconds."
    journal.record(job.folder.parent, text, failure=bool(trace), trace=trace)
    job.trace.unlink(missing_ok=True)
    job.remove("attempts", "worker")


def _outcome(perform: Callable[[], None], settings: Settings) -> tuple[str, str, str]:
    """Performs an action; returns a sentence for its owner if it failed, and for the log a word and the frames."""
    try:
        perform()
    except CancelledError:
        return "", "stopped", ""
    except TurnOverError:
        return "", "gave way", ""
    except (BulkError, ArtifactError) as error:
        return str(error), "refused the file", ""
    except MemoryError:
        limits.limit_memory(0)  # the rest takes little, and must not fail
        return limits.too_much_memory(settings.memory), "took too much memory", ""
    except OSError as error:
        return limits.explain(error), "met an error of the system", journal.outline(error)
    except Exception as error:  # any: it would come again each time, and its owner would not hear of it
        limits.limit_memory(0)
        return CRASHED, "crashed", journal.outline(error)
    return "", "ended", ""


def _perform(job: Job, settings: Settings, name: str, action: dict[str, Any]) -> None:
    progress = JobProgress(job, settings)
    limits.limit_memory(settings.memory)
    seconds = 0.0 if name == "score" else settings.seconds  # scoring can be stopped, and lets others go first

    def problem() -> str:
        if settings.memory and limits.resident() > settings.memory * 1e9:
            return limits.too_much_memory(settings.memory)
        if job.size > settings.largest * 1e9:
            return limits.too_large(settings.largest)
        return limits.NEARLY_FULL if limits.nearly_full(job.folder) else ""

    with job.trace.open("w") as trace, _temporary(job), limits.watched(problem, seconds, trace):
        match name:
            case "inspect":
                job.write("inspection", inspect(job.input, Options(**action), progress).as_dict())
            case "score":
                job.write("result", _score(job, progress))
            case _:
                _write(job, **action)


@contextmanager
def _temporary(job: Job) -> Iterator[None]:
    """Puts temporary files into the job's folder, where they count as the job's and are deleted with it."""
    folder = job.folder / "temporary"
    shutil.rmtree(folder, ignore_errors=True)  # of a worker that was killed
    folder.mkdir()
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _without_paths(problem: str, job: Job) -> str:
    """Returns a sentence with the name of the upload, and of the run, instead of where they are on the server."""
    upload, task = job.read("upload") or {}, job.read("task") or {}
    if run := task.get("run"):
        problem = problem.replace(run, Path(run).name)
    problem = problem.replace(f"{job.folder}/", "").replace(str(job.folder), "the job's folder")
    for input in job.folder.glob("input.*"):
        problem = problem.replace(input.name, upload.get("name", input.name))
    return problem


def _score(job: Job, progress: JobProgress) -> dict[str, Any]:
    from sentiment.model.lookup_session import load_bulk  # here, because an inspection has no need of ONNX Runtime

    content = job.read("task")
    task = Task(
        input=job.input,
        output=job.folder / "output.csv",
        form="csv",
        folder=job.parts.folder,
        name=job.read("upload")["name"],
        text_column=content["text"],
        label_column=content["label"],
        explain=content["explain"],
        resume=True,
        options=Options(**content["reading"]),
    )
    return score_file(task, load_bulk(content["run"]), progress)


def _write(job: Job, *, form: str, raw: bool, bom: bool) -> None:
    content, output = job.read("task"), job.folder / f"download.{form}"
    output.unlink(missing_ok=True)  # written with other options, it would pass for this one if this one fails
    source = open_source(job.input, Options(**content["reading"]))
    export(source, content["text"], job.parts, output, form, explain=content["explain"], raw=raw, bom=bom)


def run() -> None:
    """Does the action, then lets the next job in the queue start."""
    main()
    os.close(int(sys.argv[2]))  # gives the lock back
    tend(Settings.from_environment(), patient=True)


if __name__ == "__main__":
    run()

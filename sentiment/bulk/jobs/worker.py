"""The worker process of a job: performs one action, and writes its progress to the job's folder.

Run as ``python -m sentiment.bulk.jobs.worker FOLDER LOCK``; it inherits LOCK, the descriptor of the job's lock.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from sentiment.artifacts import ArtifactError
from sentiment.budget import Settings
from sentiment.bulk.jobs import journal, limits, processes
from sentiment.bulk.jobs.job import Job
from sentiment.bulk.jobs.launcher import CRASHED
from sentiment.bulk.jobs.maintenance import any_job_waits, run_maintenance
from sentiment.bulk.pipeline import Task, export, score_file
from sentiment.bulk.progress import Pace
from sentiment.system import limit_heaps, limit_memory
from sentiment.tables.base import Options
from sentiment.tables.columns import find_columns
from sentiment.tables.errors import FileError
from sentiment.tables.inspection import inspect
from sentiment.tables.open import open_source

_EVERY = 0.5  # seconds between two writes of the progress


class CancelledError(Exception):
    """The owner has asked to stop."""


class TurnOverError(Exception):
    """Other jobs wait, and this worker has used its turn."""


@dataclass(slots=True)
class JobProgress:
    """Writes the progress to the job's folder, and stops the work when asked to."""

    job: Job
    settings: Settings
    began: float = field(default_factory=monotonic)
    pace: Pace = field(default_factory=Pace)
    written: float = 0.0

    def __call__(self, stage: str, done: int, rows: int) -> None:
        """Writes the progress.

        Raises:
            CancelledError: the owner has cancelled or deleted the job.
            TurnOverError: another job is to be scored now.
        """
        rate = self.pace(stage, done)
        if monotonic() - self.written > _EVERY or done == rows:
            self.job.write("progress", {"stage": stage, "done": done, "rows": rows, "rate": rate})
            self.written = monotonic()
        if (self.job.folder / "cancel.json").exists() or self.job.deleted:
            raise CancelledError
        if stage == "scoring":
            self.job.remove("attempts")
            if monotonic() - self.began > self.settings.turn and any_job_waits(self.settings):
                raise TurnOverError


def run() -> None:
    """Performs the action, then lets the next job in the queue start."""
    main()
    os.close(int(sys.argv[2]))  # releases the lock
    with suppress(OSError, FileError):  # the server's own maintenance tries again and reports it
        run_maintenance(Settings.from_environment(), wait=True)


def main() -> None:
    """Performs the action that ``action.json`` names, and records how it ended."""
    limit_heaps()
    job, settings, began = Job(Path(sys.argv[1])), Settings.from_environment(), monotonic()
    if job.read("worker") != (own := processes.identify(os.getpid())):
        job.write("worker", own)  # the process that started this one was killed before writing it
    action = job.read("action")
    name = action.pop("name")
    problem, outcome, trace = _outcome(lambda: _perform(job, settings, name, action), settings)
    if problem:
        job.fail(name, _without_paths(problem, job))
    elif outcome == "paused for other jobs":
        job.write("spent", (job.read("spent") or 0) + monotonic() - began)
        job.write("task", job.read("task"))  # its time is the place in the queue
    job.end_request(name)
    text = f"Job {job.short_id}: {name} {outcome} after {monotonic() - began:.1f} seconds."
    journal.record(job.folder.parent, text, failure=bool(trace), trace=trace)
    job.trace.unlink(missing_ok=True)
    job.remove("attempts", "worker")


def _outcome(perform: Callable[[], None], settings: Settings) -> tuple[str, str, str]:
    """Performs an action and returns how it ended.

    Returns:
        A sentence for the owner, "" unless it failed; words for the log; the stack frames of a crash.
    """
    try:
        perform()
    except CancelledError:
        return "", "stopped", ""
    except TurnOverError:
        return "", "paused for other jobs", ""
    except (FileError, ArtifactError) as error:
        return str(error), "refused the file", ""
    except MemoryError:
        limit_memory(0)  # the remaining steps take little memory, and must not fail
        return limits.too_much_memory(settings.memory), "took too much memory", ""
    except OSError as error:
        return limits.explain(error), "failed with a system error", journal.format_frames(error)
    except Exception as error:  # any: the worker's outer boundary, which logs it and tells the owner
        limit_memory(0)
        return CRASHED, "crashed", journal.format_frames(error)
    return "", "ended", ""


def _perform(job: Job, settings: Settings, name: str, action: dict[str, Any]) -> None:
    progress = JobProgress(job, settings)
    limit_memory(settings.memory)
    seconds, spent = settings.seconds, 0.0
    if name == "score":
        seconds, spent = settings.scoring, job.read("spent") or 0.0

    def problem() -> str:
        if settings.memory and limits.memory_in_use() > settings.memory * 1e9:
            return limits.too_much_memory(settings.memory)
        if job.size > settings.gigabytes_per_job * 1e9:
            return limits.too_large(settings.gigabytes_per_job)
        return limits.NEARLY_FULL if limits.nearly_full(job.folder) else ""

    with job.trace.open("w") as trace, _temporary_folder(job), limits.enforced(problem, seconds, trace, spent):
        match name:
            case "inspect":
                job.write("inspection", inspect(job.input, Options(**action), progress).as_dict())
            case "score":
                job.write("result", _score(job, progress))
            case "states":
                _compute_states(job)
            case _:
                _write_download(job, action["form"], raw=action["raw"], bom=action["bom"])


@contextmanager
def _temporary_folder(job: Job) -> Iterator[None]:
    """Puts temporary files into the job's folder, where they count as the job's and are deleted with it."""
    folder = job.folder / "temporary"
    shutil.rmtree(folder, ignore_errors=True)  # left by a worker that was killed
    folder.mkdir()
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _without_paths(problem: str, job: Job) -> str:
    """Replaces the paths in a sentence by the names of the upload and of the run."""
    upload, task = job.read("upload") or {}, job.read("task") or {}
    if run := task.get("run"):
        problem = problem.replace(run, Path(run).name)
    problem = problem.replace(f"{job.folder}/", "").replace(str(job.folder), "the job's folder")
    for input in job.folder.glob("input.*"):
        problem = problem.replace(input.name, upload.get("name", input.name))
    return problem


def _score(job: Job, progress: JobProgress) -> dict[str, Any]:
    """Scores the parts that are missing; finished parts are kept."""
    from sentiment.model.lookup_session import load_bulk  # here, because an inspection does not need ONNX Runtime

    content = job.read("task")
    task = Task(
        input=job.input,
        output=job.folder / "output.csv",
        format="csv",
        folder=job.parts.folder,
        name=job.read("upload")["name"],
        text_column=content["text"],
        label_column=content["label"],
        labels=content.get("labels"),
        explain=content["explain"],
        resume=True,
        bom=True,  # as the page offers it first
        options=Options(**content["reading"]),
    )
    return score_file(task, load_bulk(content["run"]), progress)


def _compute_states(job: Job) -> None:
    """Computes the states of the rows that can be labelled, from which the model is adapted."""
    from sentiment.bulk.labelling import Pool  # here, because other actions need neither pandas nor ONNX Runtime
    from sentiment.bulk.results import Results
    from sentiment.bulk.states import write_states
    from sentiment.model.classifier import Classifier

    task, columns = job.read("task"), job.read("inspection")["columns"]
    results = Results(job.parts, columns, task["text"])
    write_states(Classifier.load(task["run"]), results, Pool.of(results, job.id).rows)


def _write_download(job: Job, format: str, *, raw: bool, bom: bool) -> None:
    content, output = job.read("task"), job.folder / f"download.{format}"
    output.unlink(missing_ok=True)  # a file written with other options must not remain if this one fails
    source = open_source(job.input, Options(**content["reading"]))
    [text, *_] = find_columns(source.columns, content["text"])
    export(source, text, job.parts, output, format, explain=content["explain"], raw=raw, bom=bom)


if __name__ == "__main__":
    run()

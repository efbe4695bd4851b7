"""The child process of a job: does one action on it, and says in the job's folder how far it is.

Run as ``python -m sentiment.bulk.worker FOLDER LOCK``; LOCK is the descriptor of the job's lock, which it inherits.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from sentiment.artifacts import ArtifactError
from sentiment.bulk.inspection import inspect
from sentiment.bulk.jobs import Job, Settings, others_wait, tend
from sentiment.bulk.pipeline import Task, export, score_file
from sentiment.bulk.problem import BulkError
from sentiment.bulk.progress import Pace
from sentiment.bulk.reading import open_source
from sentiment.bulk.source import Options
from sentiment.memory import share_heaps

_EVERY = 0.5  # seconds between two notes of the progress


class CancelledError(Exception):
    """The owner has asked to stop."""


class TurnOverError(Exception):
    """Others wait, and this child has had its turn."""


@dataclass(slots=True)
class JobProgress:
    """Notes the progress in the job's folder, and is where the work can be stopped."""

    job: Job
    settings: Settings
    began: float = field(default_factory=monotonic)
    pace: Pace = field(default_factory=Pace)
    noted: float = 0.0

    def __call__(self, stage: str, done: int, rows: int) -> None:
        """Notes where the work is.

        Raises:
            CancelledError: it is to stop.
            TurnOverError: it is to make room.
        """
        rate = self.pace(stage, done)
        if monotonic() - self.noted > _EVERY or done == rows:
            self.job.write("progress", {"stage": stage, "done": done, "rows": rows, "rate": rate})
            self.noted = monotonic()
        if (self.job.folder / "cancel.json").exists():
            raise CancelledError
        if stage == "scoring":
            self.job.remove("attempts")
            if monotonic() - self.began > self.settings.turn and others_wait(self.settings):
                raise TurnOverError


def main() -> int:
    """Does the action that ``action.json`` names."""
    share_heaps()
    job, settings = Job(Path(sys.argv[1])), Settings.from_environment()
    action = job.read("action")
    name = action.pop("name")
    failure = "unwritten" if name == "write" else "error"  # what is scored stays where a download fails
    progress = JobProgress(job, settings)
    try:
        match name:
            case "inspect":
                job.write("inspection", inspect(job.input, Options(**action), progress).as_dict())
            case "score":
                job.write("result", _score(job, progress))
            case _:
                _write(job, **action)
    except CancelledError:
        return 0
    except TurnOverError:
        job.write("task", job.read("task"))  # its time is the place in the line
        return 0
    except (BulkError, ArtifactError) as error:
        job.write(failure, str(error))
        return 2
    except OSError as error:
        job.write(failure, f"The server could not go on: {error.strerror}.")
        return 1
    return 0


def _score(job: Job, progress: JobProgress) -> dict[str, Any]:
    from sentiment.bulk.tabled import load_bulk  # here, because an inspection has no need of ONNX Runtime

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


if __name__ == "__main__":
    status = main()
    os.close(int(sys.argv[2]))  # gives the lock back, so that the next in line can start
    tend(Settings.from_environment())
    sys.exit(status)

"""A job: a folder on disk with its input, its state, its scored parts and its output.

The folder holds the input, the task (``task.json``), the progress (``progress.json``), the parts and the output. Its
owner may add answers (``answers.json``) and a model that is adapted to them.
Anyone who knows a job's id can see it. Ids cannot be guessed, and no page lists them.

A worker holds ``lock``, which the system releases when the worker dies. A job with work left and no worker is started
again by ``maintenance``. ``worker.json`` identifies the worker's process. A process that only reads the state holds
``gate`` meanwhile, so that nobody takes it for a worker.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from sentiment.artifacts import write_json
from sentiment.budget import Settings
from sentiment.bulk.jobs import limits, locks, processes
from sentiment.bulk.parts import Parts

State = Literal["unread", "inspecting", "new", "waiting", "running", "preparing", "cancelled", "failed", "done"]
Action = Literal["inspect", "score", "write", "states"]

_STATES: dict[str, State] = {"inspect": "inspecting", "score": "running", "write": "preparing"}
_REQUESTS = {"write": "wanted", "states": "states_wanted"}  # the file that asks for an action on a scored job
_FAILURES = {"write": "unwritten", "states": "states_error"}  # the file with the problem of an action, else ``error``
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_PATIENCE = 10  # seconds within which a killed worker has ended


@dataclass(frozen=True, slots=True)
class Job:
    """A job, by its folder. All of its state is on disk."""

    folder: Path

    @property
    def id(self) -> str:
        """The id in the job's URL. Anyone who knows it can open the job."""
        return self.folder.name

    @property
    def short_id(self) -> str:
        """The beginning of the id, which names the job in logs but does not open it."""
        return self.id[:8]

    @property
    def visitor(self) -> str:
        """The visitor who uploaded the file, as a hash; "" if unknown."""
        return str((self.read("upload") or {}).get("visitor", ""))

    @property
    def input(self) -> Path:
        """The file that was uploaded."""
        return next(self.folder.glob("input.*"))

    @property
    def parts(self) -> Parts:
        """The scored parts."""
        return Parts(self.folder / "parts")

    @property
    def trace(self) -> Path:
        """The file that receives the stack frames of a crash."""
        return self.folder / "trace"

    def read(self, name: str) -> Any:
        """Returns one of the job's JSON files, None if it is missing or damaged."""
        try:
            return json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def write(self, name: str, content: Any) -> None:
        """Writes one of the job's JSON files atomically."""
        write_json(self.folder / f"{name}.json", content)

    def remove(self, *names: str) -> None:
        """Removes some of the job's JSON files."""
        for name in names:
            (self.folder / f"{name}.json").unlink(missing_ok=True)

    @property
    def state(self) -> State:
        """The job's state, from its lock and its files."""
        action = self.read("action") if self.has_worker else None  # briefly, the lock is held without an action
        if action and action["name"] in _STATES:  # computing states leaves the results as they are
            return _STATES[action["name"]]
        named: tuple[tuple[str, State], ...] = (
            ("error", "failed"),
            ("wanted", "preparing"),
            ("result", "done"),
            ("cancel", "cancelled"),
            ("task", "waiting"),
        )
        for name, state in named:
            if self.read(name) is not None:
                return state
        return "unread" if self.read("inspection") is None else "new"

    @property
    def has_worker(self) -> bool:
        """Whether a worker, started by any server, works on the job."""
        try:
            with (
                locks.hold(self.folder / "gate", fcntl.LOCK_SH, wait=True),
                locks.hold(self.folder / "lock", fcntl.LOCK_SH),
            ):
                return False
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True

    @property
    def next_action(self) -> dict[str, Any] | None:
        """The action that waits in the queue, as its name and options; None if no action waits."""
        if self.deleted:
            return None
        match self.state:
            case "unread":
                return {"name": "inspect", **(self.read("reading") or {})}
            case "waiting":
                return {"name": "score"}
            case "preparing" if (wanted := self.read("wanted")) and not self.has_worker:
                return {"name": "write", **wanted}
            case "done" | "cancelled" if self.read(_REQUESTS["states"]) and not self.has_worker:
                return {"name": "states"}
        return None

    @property
    def deleted(self) -> bool:
        """Whether the owner has deleted the job while another server works on it."""
        return (self.folder / "deleted").exists()

    @property
    def idle_seconds(self) -> float:
        """Seconds since anything last changed; the progress of an inspection does not count."""
        paths = [self.folder, *self.folder.iterdir()]
        if self.state == "inspecting":
            paths = [path for path in paths if path.name in ("upload.json", "reading.json")]
        times = []
        for path in paths:
            with suppress(FileNotFoundError):  # the worker has just replaced it
                times.append(path.stat().st_mtime)
        now = time.time()
        return now - max(times, default=now)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        total = 0
        for path in self.folder.rglob("*"):
            with suppress(FileNotFoundError):  # the worker has just removed it
                total += path.stat().st_size if path.is_file() else 0
        return total

    @limits.disk_errors_explained()
    def submit(self, task: dict[str, Any]) -> None:
        """Queues the job, if it still exists; parts are kept if they were made for the same task.

        Raises:
            FileError: the disk cannot be written to.
        """
        if task != self.read("task"):
            shutil.rmtree(self.parts.folder, ignore_errors=True)
        for download in self.folder.glob("download.*"):
            download.unlink()
        with suppress(FileNotFoundError):
            self.write("task", task)  # first, so that nothing is lost if the disk is full
            self.remove(*_REQUESTS.values(), *_FAILURES.values(), "result", "cancel", "attempts", "spent", "error")

    @limits.disk_errors_explained()
    def request_download(self, wanted: dict[str, Any]) -> None:
        """Queues the writing of a download, by its format and options.

        Raises:
            FileError: the disk cannot be written to.
        """
        with suppress(FileNotFoundError):
            self.remove("unwritten", "attempts")
            self.write("wanted", wanted)

    @limits.disk_errors_explained()
    def request_states(self) -> None:
        """Queues the computation of the pooled states of a scored job's rows.

        Raises:
            FileError: the disk cannot be written to.
        """
        with suppress(FileNotFoundError):
            self.remove(_FAILURES["states"], "attempts")
            self.write(_REQUESTS["states"], True)

    @property
    def states_requested(self) -> bool:
        """Whether the computation of the states waits or runs."""
        return self.read(_REQUESTS["states"]) is not None

    @property
    def states_problem(self) -> str | None:
        """A sentence on why the states could not be computed; None if there was no problem."""
        problem: str | None = self.read(_FAILURES["states"])
        return problem

    @limits.disk_errors_explained()
    def withdraw(self) -> None:
        """Removes the task and its outcome. ``error`` is removed last so the job cannot be started in between."""
        self.remove("result", "cancel", "wanted", "task", "error")

    @limits.disk_errors_explained()
    def cancel(self) -> None:
        """Asks the worker to stop after the current part. Finished parts are kept.

        Raises:
            FileError: the disk cannot be written to.
        """
        with suppress(FileNotFoundError):
            self.write("cancel", True)

    @limits.disk_errors_explained()
    def reinspect(self, reading: dict[str, Any]) -> None:
        """Queues the file to be inspected with these options instead of the detected ones.

        Raises:
            FileError: the disk cannot be written to.
        """
        with suppress(FileNotFoundError):
            self.write("reading", reading)
            self.remove("inspection", "attempts", "error")

    def comparison_job(self, run: str) -> Job | None:
        """Returns the job that scores the same file with another run, None if there is none."""
        id = (self.read("twins") or {}).get(run)
        job = Job(self.folder.parent / id) if id else None
        return job if job and job.folder.exists() else None

    @limits.disk_errors_explained()
    def score_with_other_run(self, run: str) -> None:
        """Queues a comparison job: the same file, scored by another run. It is deleted together with this job.

        Raises:
            FileError: the disk cannot be written to.
        """
        # Without the lock two callers could each create a comparison job, of which one would leak. One created during
        # the deletion of this job would never be deleted.
        with suppress(FileNotFoundError, BlockingIOError), locks.hold(self.folder / "twins.lock"):
            if self.comparison_job(run):
                return
            with new_job(self.folder.parent) as job:
                os.link(self.input, job.folder / self.input.name)
                for name in ("upload", "inspection", "reading"):
                    if (content := self.read(name)) is not None:
                        job.write(name, content)
                self.write("twins", {**(self.read("twins") or {}), run: job.id})
                job.submit({**self.read("task"), "run": run})

    def fail(self, action: str, problem: str) -> None:
        """Records in a sentence why an action failed; one on a scored job leaves the results as they are."""
        self.write(_FAILURES.get(action, "error"), problem)
        self.end_request(action)

    def end_request(self, action: str) -> None:
        """Removes the request for an action on a scored job, which has ended."""
        if action in _REQUESTS:
            self.remove(_REQUESTS[action])

    @limits.disk_errors_explained()
    def delete(self) -> bool:
        """Kills the worker, if there is one, and removes everything, comparison jobs included.

        Returns whether all is removed. A worker of another server cannot be killed from here. It stops after its
        current part, and maintenance then removes the job. Until then nobody can open it.

        Raises:
            FileError: the disk does not allow removals.
        """
        with suppress(FileNotFoundError), locks.hold(self.folder / "twins.lock", wait=True):  # keeps comparisons out
            others = [job for run in self.read("twins") or {} if (job := self.comparison_job(run))]
            others_gone = [job.delete() for job in others]
            return self._delete_alone() and all(others_gone)
        return True

    def _delete_alone(self) -> bool:
        end = time.monotonic() + (0 if self.deleted else _PATIENCE)
        while True:
            try:
                with self.locked():  # no worker can start while this is held
                    gone = self.folder.rename(self.folder.with_name(f".{self.id}"))
                    shutil.rmtree(gone)
                    return True
            except BlockingIOError:
                worker = self.read("worker")
            if worker and processes.is_local(worker):
                processes.kill(worker)
            if (worker and not processes.is_local(worker)) or time.monotonic() > end:
                (self.folder / "deleted").touch()
                return False
            time.sleep(0.02)

    @contextmanager
    def locked(self) -> Iterator[BinaryIO]:
        """Holds the job's lock, as a worker does; a process that inherits the file keeps the lock.

        Raises:
            BlockingIOError: a worker holds it.
        """
        with (self.folder / "lock").open("ab") as file:
            with locks.hold(self.folder / "gate", wait=True):  # waits for processes that only read the state
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield file


@contextmanager
def new_job(folder: Path) -> Iterator[Job]:
    """Makes the folder of a new job for the caller to fill; removes it if that fails."""
    job = Job(folder / secrets.token_urlsafe(16))
    job.folder.mkdir(mode=0o700)
    try:
        for name in ("lock", "gate", "twins.lock", "answers.lock"):
            (job.folder / name).touch()  # now, since it must be possible to delete the job on a full disk
        yield job
    except BaseException:
        shutil.rmtree(job.folder, ignore_errors=True)
        raise


def is_job_id(name: str) -> bool:
    """Returns whether a name has the format of a job's id."""
    return _ID.fullmatch(name) is not None


def find_job(settings: Settings, id: str) -> Job | None:
    """Returns the job with this id, None if it does not exist or its owner has deleted it."""
    job = Job(settings.folder / id)
    return job if is_job_id(id) and job.read("upload") is not None and not job.deleted else None


def all_jobs(settings: Settings) -> list[Job]:
    """Returns all jobs, those first that have waited longest."""
    jobs = [Job(path.parent) for path in settings.folder.glob("*/upload.json") if is_job_id(path.parent.name)]
    return sorted(jobs, key=_last_request)


def _last_request(job: Job) -> float:
    """Returns the time of the job's latest request: an upload, other reading options, a task, a download, or states."""
    latest = 0.0
    for name in ("upload", "reading", "task", *_REQUESTS.values()):
        with suppress(FileNotFoundError):  # there was no such request, or the owner has just deleted the job
            latest = max(latest, (job.folder / f"{name}.json").stat().st_mtime)
    return latest

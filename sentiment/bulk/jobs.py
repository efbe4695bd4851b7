"""Jobs of the app: a folder each, worked on by a child process that lives on when the page or the server does not.

A job's folder holds the input, what is to be done with it (``task.json``), how far it is (``progress.json``), its
parts and its output. Who knows a job's id can see it, and ids cannot be guessed; no page lists them. Whether a child is
at work shows by a lock that the system frees when it dies, so a job whose child was killed is simply begun again.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from sentiment.artifacts import ROOT, write_json
from sentiment.bulk.decoding import form_of
from sentiment.bulk.parts import Parts
from sentiment.bulk.problem import BulkError

State = Literal["unread", "inspecting", "new", "waiting", "running", "preparing", "cancelled", "failed", "done"]
Action = Literal["inspect", "score", "write"]

ATTEMPTS = 5  # times a child may die without a part to show for it

WORKER = "sentiment.bulk.worker"

_POLITELY = ("nice", "-n", "10")  # the app's own answers go first, from a child's first import on

_STATES: dict[str, State] = {"inspect": "inspecting", "score": "running", "write": "preparing"}
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_RESTING = ("unread", "new", "cancelled", "failed", "done")
_BLOCK = 1 << 20
_CLEAN_EVERY = 60  # seconds


@dataclass(frozen=True)
class Settings:
    """Where jobs live, for how long, and how many run at once; the environment can set each.

    Attributes:
        folder: holds the jobs' folders (``SENTIMENT_JOBS``).
        hours: a job that rests goes after so long (``SENTIMENT_JOB_HOURS``).
        gigabytes: when all take more, those that have rested longest go (``SENTIMENT_JOB_GIGABYTES``).
        at_once: children that score at a time; others wait in line (``SENTIMENT_JOBS_AT_ONCE``).
        turn: after so many seconds a child goes to the end of the line, if others stand in it (``SENTIMENT_JOB_TURN``).
    """

    folder: Path
    hours: float = 24
    gigabytes: float = 20
    at_once: int = 2
    turn: float = 60

    @classmethod
    def from_environment(cls) -> Settings:
        """The settings of this server.

        Raises:
            BulkError: one that is a number is set to something else.
        """
        at_once = _number("SENTIMENT_JOBS_AT_ONCE", cls.at_once)
        if at_once < 1 or at_once % 1:
            raise BulkError(f"SENTIMENT_JOBS_AT_ONCE must be a whole number, 1 or more; it is {at_once:g}.")
        return cls(
            folder=Path(os.environ.get("SENTIMENT_JOBS", ROOT.parent / "jobs")),
            hours=_number("SENTIMENT_JOB_HOURS", cls.hours),
            gigabytes=_number("SENTIMENT_JOB_GIGABYTES", cls.gigabytes),
            at_once=int(at_once),
            turn=_number("SENTIMENT_JOB_TURN", cls.turn),
        )


def _number(name: str, default: float) -> float:
    given = os.environ.get(name, default)
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise BulkError(f"{name} must be a number, 0 or more; it is {given}.")
    return number


@dataclass(frozen=True, slots=True)
class Job:
    """A job, by its folder; nothing of it is kept in memory."""

    folder: Path

    @property
    def id(self) -> str:
        """By which its owner, and who else is told, finds it."""
        return self.folder.name

    @property
    def input(self) -> Path:
        """The file that was uploaded."""
        return next(self.folder.glob("input.*"))

    @property
    def parts(self) -> Parts:
        """What has been scored."""
        return Parts(self.folder / "parts")

    def read(self, name: str) -> Any:
        """One of the job's JSON files, None where it is missing or damaged."""
        try:
            return json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def write(self, name: str, content: Any) -> None:
        """Writes one of the job's JSON files, all at once."""
        write_json(self.folder / f"{name}.json", content)

    def remove(self, *names: str) -> None:
        """Removes some of the job's JSON files."""
        for name in names:
            (self.folder / f"{name}.json").unlink(missing_ok=True)

    @property
    def state(self) -> State:
        """What is the matter with it."""
        if self.alive and (action := self.read("action")):  # for a moment the lock is held and no action named
            return _STATES[action["name"]]
        for name, state in (("error", "failed"), ("result", "done"), ("cancel", "cancelled"), ("task", "waiting")):
            if self.read(name) is not None:
                return state  # type: ignore[return-value]
        return "unread" if self.read("inspection") is None else "new"

    @property
    def alive(self) -> bool:
        """Whether a child is at work on it."""
        try:
            with _lock(self.folder / "lock", fcntl.LOCK_SH):
                return False
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True

    def submit(self, task: dict[str, Any]) -> None:
        """Puts the job in line, if it is still there; parts are kept if they were made for the same task."""
        if task != self.read("task"):
            shutil.rmtree(self.parts.folder, ignore_errors=True)
        for download in self.folder.glob("download.*"):
            download.unlink()
        self.remove("error", "unwritten", "result", "cancel", "attempts")
        with suppress(FileNotFoundError):
            self.write("task", task)

    def withdraw(self) -> None:
        """Takes back what was to be done, and how that ended; ``error`` goes last, lest the job be started between."""
        self.remove("result", "cancel", "task", "error")

    def cancel(self) -> None:
        """Stops the work after the part at hand, if there is any; what is done stays."""
        with suppress(FileNotFoundError):
            self.write("cancel", True)

    def twin(self, run: str) -> Job | None:
        """The job that scores the same file with another run, None where none was begun."""
        id = (self.read("twins") or {}).get(run)
        twin = Job(self.folder.parent / id) if id else None
        return twin if twin and twin.folder.exists() else None

    def begin_twin(self, run: str) -> None:
        """Puts the same file in line under another run. The twin shares the input, and goes when this job goes."""
        # The lock: of two twins one would be lost sight of, and one begun while the job is deleted would outlive it.
        with suppress(FileNotFoundError, BlockingIOError), _lock(self.folder / "twins.lock"):
            if self.twin(run):
                return
            twin = _new(self.folder.parent)
            os.link(self.input, twin.folder / self.input.name)
            for name in ("upload", "inspection", "reading"):
                if (content := self.read(name)) is not None:
                    twin.write(name, content)
            self.write("twins", {**(self.read("twins") or {}), run: twin.id})
            twin.submit({**self.read("task"), "run": run})

    def start(self, action: Action, **options: Any) -> bool:
        """Starts a child for an action; False where one is at work already, or the job is gone.

        The lock is taken here and handed down, so that there is no moment in which two could start.
        """
        try:
            with _lock(self.folder / "lock") as lock:
                self.write("action", {"name": action, **options})
                self.remove("progress", "unwritten")
                with (self.folder / "log").open("ab") as log:
                    child = subprocess.Popen(
                        [*_POLITELY, sys.executable, "-m", WORKER, str(self.folder.resolve()), str(lock.fileno())],
                        cwd=ROOT.parent,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        pass_fds=[lock.fileno()],
                        start_new_session=True,
                    )
                self.write("child", child.pid)
        except BlockingIOError:
            return False
        except FileNotFoundError:
            if self.folder.exists():
                raise
            return False
        threading.Thread(target=child.wait, daemon=True).start()  # else it would stay as a zombie
        return True

    def attempt(self, action: Action, **options: Any) -> None:
        """Starts a child for an action, unless too many have died of it."""
        attempts = (self.read("attempts") or 0) + 1
        if attempts > ATTEMPTS:
            self.write("error", f"The work broke off {ATTEMPTS} times at the same place.")
            return
        self.write("attempts", attempts)
        self.start(action, **options)

    def inspect(self) -> None:
        """Starts a child that reads the file, in the way that was chosen where one was."""
        self.attempt("inspect", **(self.read("reading") or {}))

    def read_otherwise(self, reading: dict[str, Any]) -> None:
        """Reads the file anew, in another way than was found out."""
        self.remove("inspection", "error", "attempts")
        self.write("reading", reading)
        self.inspect()

    def delete(self) -> None:
        """Ends the child, if there is one, and removes everything, twins included."""
        with suppress(FileNotFoundError), _lock(self.folder / "twins.lock", patient=True):  # no twin begins any more
            for run in self.read("twins") or {}:
                if twin := self.twin(run):
                    twin.delete()
            self._delete_alone()

    def _delete_alone(self) -> None:
        while True:
            try:
                with _lock(self.folder / "lock"):  # no child can start while this is held
                    gone = self.folder.rename(self.folder.with_name(f".{self.id}"))
                    shutil.rmtree(gone)
                    return
            except BlockingIOError:
                if child := self.read("child"):
                    with suppress(ProcessLookupError):  # it has just ended by itself
                        os.kill(child, signal.SIGKILL)
                time.sleep(0.02)

    @property
    def rested(self) -> float:
        """Seconds since anything last changed."""
        return time.time() - max(path.stat().st_mtime for path in [self.folder, *self.folder.iterdir()])

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


def create(settings: Settings, name: str, content: BinaryIO, size: int) -> Job:
    """A new job from an upload, copied to disk block by block.

    Raises:
        BulkError: the name is of no form that is read, or there is no room.
    """
    path = Path(name)
    suffixes = "".join(path.suffixes[-2:]) if path.suffix.lower() in (".gz", ".zst", ".zip") else path.suffix
    if path.suffix.lower() != ".zip":
        form_of(path)
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(settings.folder).free < 5 * size:
        raise BulkError("The server's disk has no room for this file at the moment.")
    job = _new(settings.folder)
    with (job.folder / f"input{suffixes.lower()}").open("wb") as file:
        shutil.copyfileobj(content, file, _BLOCK)
    job.write("upload", {"name": path.name, "bytes": size})
    return job


def _new(folder: Path) -> Job:
    job = Job(folder / secrets.token_urlsafe(16))
    job.folder.mkdir(mode=0o700)
    for name in ("lock", "twins.lock"):
        (job.folder / name).touch()  # now, since it must be possible to delete it on a full disk
    return job


def find(settings: Settings, id: str) -> Job | None:
    """The job of this id, None where there is none (any more)."""
    job = Job(settings.folder / id)
    return job if _ID.fullmatch(id) and job.read("upload") is not None else None


def jobs(settings: Settings) -> list[Job]:
    """All jobs, those first that have waited longest."""
    found = [Job(path.parent) for path in settings.folder.glob("*/upload.json") if _ID.fullmatch(path.parent.name)]
    return sorted(found, key=_waits_since)


def _waits_since(job: Job) -> float:
    try:
        return (job.folder / "task.json").stat().st_mtime
    except FileNotFoundError:  # nothing is to be done, or its owner has just deleted it
        return 0.0


def tend(settings: Settings) -> None:
    """Deletes what has rested too long and starts what waits, as far as there is room.

    The app's timer, the Bulk page and every child that ends call this.
    """
    try:
        with _lock(settings.folder / "lock"):
            _clean(settings)
            states = [(job, job.state) for job in jobs(settings)]
            free = settings.at_once - sum(state == "running" for _, state in states)
            for job, _ in [(job, state) for job, state in states if state == "waiting"][: max(0, free)]:
                job.attempt("score")
    except (BlockingIOError, FileNotFoundError):
        return  # there are no jobs, or another is at it or has just deleted one; the next call sees to it


def others_wait(settings: Settings) -> bool:
    """Whether a job stands in line."""
    return any(job.state == "waiting" for job in jobs(settings))


def _clean(settings: Settings) -> None:
    """Deletes jobs that have rested too long, and what is left of uploads and deletions cut off, once a minute."""
    stamp = settings.folder / "cleaned"
    if stamp.exists() and time.time() - stamp.stat().st_mtime < _CLEAN_EVERY:
        return
    stamp.touch()
    resting = [job for job in jobs(settings) if job.state in _RESTING]
    for job in [job for job in resting if job.rested > settings.hours * 3600]:
        job.delete()
        resting.remove(job)
    known = {job.folder for job in jobs(settings)}
    ours = [path for path in settings.folder.iterdir() if _ID.fullmatch(path.name.removeprefix("."))]
    for path in ours:
        if path not in known and Job(path).rested > settings.hours * 3600:
            shutil.rmtree(path, ignore_errors=True)
    excess = sum(job.size for job in jobs(settings)) - settings.gigabytes * 1e9
    for job in sorted(resting, key=lambda job: -job.rested):
        if excess <= 0:
            return
        excess -= job.size
        job.delete()


@contextmanager
def _lock(path: Path, kind: int = fcntl.LOCK_EX, *, patient: bool = False) -> Iterator[BinaryIO]:
    """Holds a lock; a child that inherits the file holds it on.

    Raises:
        BlockingIOError: it is held by someone else, and this is not to wait for it.
    """
    with path.open("ab") as file:
        fcntl.flock(file, kind if patient else kind | fcntl.LOCK_NB)
        yield file

"""Jobs of the app: a folder each, worked on by a process that outlives the page and the server.

A job's folder holds the input, its task (``task.json``), its progress (``progress.json``), its parts and its output.
Whoever knows a job's id can see it; ids cannot be guessed, and no page lists them.

A worker holds ``lock``, which the system frees when the worker dies, so a job whose worker was killed is started
again. ``worker.json`` identifies its process. Whoever only asks for the state holds ``gate`` meanwhile, so that nobody
takes the asking for working.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import re
import secrets
import shutil
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
from sentiment.bulk.errors import BulkError
from sentiment.bulk.jobs import journal, limits, processes
from sentiment.bulk.parts import Parts
from sentiment.bulk.readers.decoding import form_of

State = Literal["unread", "inspecting", "new", "waiting", "running", "preparing", "cancelled", "failed", "done"]
Action = Literal["inspect", "score", "write"]

ATTEMPTS = 5  # times a worker may be killed before it has finished a part

CRASHED = "The program failed on this file. The fault has been recorded for the operator of the server."

WORKER = "sentiment.bulk.jobs.worker"

_POLITELY = ("nice", "-n", "10")  # the app's own answers go first, from a child's first import on

_STATES: dict[str, State] = {"inspect": "inspecting", "score": "running", "write": "preparing"}
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_RESTING = ("unread", "new", "cancelled", "failed", "done")
_BLOCK = 1 << 20
_CLEAN_EVERY = 60  # seconds
_PATIENCE = 10  # seconds within which a killed worker has ended
_LARGEST_SHARE = 0.25  # of the disk space for all jobs, that one may take
_NAME_CHARACTERS = 200  # of a file's name, from its end
_TRACE_CHARACTERS = 20_000


@dataclass(frozen=True)
class Settings:
    """The folder of the jobs and their limits; each has an environment variable.

    Attributes:
        folder: holds the jobs' folders (``SENTIMENT_JOBS``).
        hours: an idle job is deleted after so long (``SENTIMENT_JOB_HOURS``).
        gigabytes: when all take more disk, those idle longest are deleted; one may take a quarter of it
            (``SENTIMENT_JOB_GIGABYTES``).
        at_once: workers at a time, whatever they do; other jobs wait in a queue (``SENTIMENT_JOBS_AT_ONCE``).
        turn: after so many seconds a worker goes to the end of the queue, if others wait (``SENTIMENT_JOB_TURN``).
        memory: gigabytes that a worker may take, 0 for any (``SENTIMENT_JOB_MEMORY_GIGABYTES``).
        seconds: that an inspection or a download may take, 0 for any (``SENTIMENT_JOB_SECONDS``).
    """

    folder: Path
    hours: float = 24
    gigabytes: float = 20
    at_once: int = 2
    turn: float = 60
    memory: float = 4
    seconds: float = 600

    @classmethod
    def from_environment(cls) -> Settings:
        """Returns the settings of this server.

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
            memory=_number("SENTIMENT_JOB_MEMORY_GIGABYTES", cls.memory),
            seconds=_number("SENTIMENT_JOB_SECONDS", cls.seconds),
        )

    @property
    def largest(self) -> float:
        """Gigabytes of disk that one job may take."""
        return _LARGEST_SHARE * self.gigabytes


def _number(name: str, default: float) -> float:
    given = os.environ.get(name, default)
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise BulkError(f"{name} must be a number, 0 or more; it is {given}.")
    return number


@contextmanager
def _stored() -> Iterator[None]:
    """Turns an error of the disk into a sentence.

    Raises:
        BulkError: the disk is full, read-only or failing.
    """
    try:
        yield
    except OSError as error:
        raise BulkError(limits.explain(error)) from error


@dataclass(frozen=True, slots=True)
class Job:
    """A job, by its folder; nothing of it is kept in memory."""

    folder: Path

    @property
    def id(self) -> str:
        """The id in the job's URL. Anyone who knows it can open the job."""
        return self.folder.name

    @property
    def alias(self) -> str:
        """The beginning of the id, by which logs name the job without opening it to their readers."""
        return self.id[:8]

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
        """The file that gets the frames of a crash."""
        return self.folder / "trace"

    def read(self, name: str) -> Any:
        """Returns one of the job's JSON files, None if it is missing or damaged."""
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
        """The job's state, from its lock and its files."""
        if self.alive and (action := self.read("action")):  # for a moment the lock is held and no action named
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
    def alive(self) -> bool:
        """Whether a worker is at work on it, of whatever server."""
        try:
            with _lock(self.folder / "gate", fcntl.LOCK_SH, patient=True), _lock(self.folder / "lock", fcntl.LOCK_SH):
                return False
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True

    @property
    def pending(self) -> dict[str, Any] | None:
        """The action that waits in the queue, by its name and options; None if none does."""
        if self.deleted:
            return None
        match self.state:
            case "unread":
                return {"name": "inspect", **(self.read("reading") or {})}
            case "waiting":
                return {"name": "score"}
            case "preparing" if (wanted := self.read("wanted")) and not self.alive:
                return {"name": "write", **wanted}
        return None

    @property
    def deleted(self) -> bool:
        """Whether its owner has deleted it while another server works on it."""
        return (self.folder / "deleted").exists()

    @_stored()
    def submit(self, task: dict[str, Any]) -> None:
        """Queues the job, if it still exists; parts are kept if they were made for the same task.

        Raises:
            BulkError: the disk takes no more.
        """
        if task != self.read("task"):
            shutil.rmtree(self.parts.folder, ignore_errors=True)
        for download in self.folder.glob("download.*"):
            download.unlink()
        with suppress(FileNotFoundError):
            self.write("task", task)  # first, so that nothing is lost if the disk is full
            self.remove("unwritten", "wanted", "result", "cancel", "attempts", "error")

    @_stored()
    def prepare(self, wanted: dict[str, Any]) -> None:
        """Queues the writing of a download, by its form and options.

        Raises:
            BulkError: the disk takes no more.
        """
        with suppress(FileNotFoundError):
            self.remove("unwritten", "attempts")
            self.write("wanted", wanted)

    @_stored()
    def withdraw(self) -> None:
        """Removes the task and its outcome. ``error`` is removed last so the job cannot be started in between."""
        self.remove("result", "cancel", "wanted", "task", "error")

    @_stored()
    def cancel(self) -> None:
        """Asks the worker to stop after the current part. Finished parts are kept.

        Raises:
            BulkError: the disk takes no more.
        """
        with suppress(FileNotFoundError):
            self.write("cancel", True)

    def twin(self, run: str) -> Job | None:
        """Returns the job that scores the same file with another run, None if there is none."""
        id = (self.read("twins") or {}).get(run)
        twin = Job(self.folder.parent / id) if id else None
        return twin if twin and twin.folder.exists() else None

    @_stored()
    def begin_twin(self, run: str) -> None:
        """Queues the same file for another run. The twin shares the input and is deleted with this job.

        Raises:
            BulkError: the disk takes no more.
        """
        # Lock, or two callers could each create a twin (one would leak), and a twin created during deletion would never
        # be deleted.
        with suppress(FileNotFoundError, BlockingIOError), _lock(self.folder / "twins.lock"):
            if self.twin(run):
                return
            with _new(self.folder.parent) as twin:
                os.link(self.input, twin.folder / self.input.name)
                for name in ("upload", "inspection", "reading"):
                    if (content := self.read(name)) is not None:
                        twin.write(name, content)
                self.write("twins", {**(self.read("twins") or {}), run: twin.id})
                twin.submit({**self.read("task"), "run": run})

    @_stored()
    def read_otherwise(self, reading: dict[str, Any]) -> None:
        """Queues the file to be inspected with these options instead of the detected ones.

        Raises:
            BulkError: the disk takes no more.
        """
        with suppress(FileNotFoundError):
            self.write("reading", reading)
            self.remove("inspection", "attempts", "error")

    def start(self, action: Action, **options: Any) -> bool:
        """Starts a worker for an action; returns False if one is at work already, or the job is gone.

        The lock is taken here and handed down, so that two can never start.
        """
        try:
            with self._locked() as lock:
                self.write("action", {"name": action, **options})
                self.write("attempts", (self.read("attempts") or 0) + 1)
                self.remove("progress", "unwritten")
                self.trace.unlink(missing_ok=True)
                child = self._spawn(lock)
        except BlockingIOError:
            return False
        except FileNotFoundError:
            if self.folder.exists():
                raise
            return False
        journal.record(self.folder.parent, f"Job {self.alias}: {action} started as process {child.pid}.")
        threading.Thread(target=self._wait, args=(child,), daemon=True).start()  # else it would stay as a zombie
        return True

    def _spawn(self, lock: BinaryIO) -> subprocess.Popen[bytes]:
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
        try:
            self.write("worker", processes.identify(child.pid))
        except OSError:  # nobody could end a worker that is not recorded
            child.kill()
            child.wait()
            raise
        return child

    def _wait(self, child: subprocess.Popen[bytes]) -> None:
        status = child.wait()
        with suppress(OSError):  # of a full disk; maintenance tries again
            self.settle(status)

    def attempt(self, action: Action, **options: Any) -> None:
        """Starts a worker for an action, unless too many have been killed at it."""
        if (self.read("attempts") or 0) < ATTEMPTS:
            self.start(action, **options)
        else:
            self.fail(action, f"The work on this file was interrupted {ATTEMPTS} times. Try again, or split the file.")

    def fail(self, action: str, problem: str) -> None:
        """Records in a sentence why an action failed; a download that fails leaves the results as they are."""
        self.write("unwritten" if action == "write" else "error", problem)
        if action == "write":
            self.remove("wanted")

    def settle(self, status: int | None = None) -> None:
        """Records the end of a worker that has not done so itself; fails the job if the same would happen again.

        Args:
            status: the worker's exit status, None if unknown.
        """
        if not (self.folder / "worker.json").exists():
            return
        with (
            suppress(FileNotFoundError, BlockingIOError),  # deleted, or at work
            _lock(self.folder / "gate", patient=True),
            _lock(self.folder / "lock"),
        ):
            if self.read("worker") is None:
                return
            action = (self.read("action") or {}).get("name", "inspect")
            trace = self._read_trace()
            if trace.startswith(limits.TIMED_OUT):
                self.fail(action, limits.too_slow(Settings.from_environment().seconds))
            elif trace or (status or 0) > 0:
                self.fail(action, CRASHED)
            if status != 0:
                how = "crashed" if trace or (status or 0) > 0 else "was killed"
                detail = "" if trace else f" Its output is in {self.alias}.../log."
                text = f"Job {self.alias}: {action} {how} (status {'unknown' if status is None else status}).{detail}"
                journal.record(self.folder.parent, text, failure=True, trace=trace)
            self.remove("worker")
            self.trace.unlink(missing_ok=True)

    def _read_trace(self) -> str:
        try:
            with self.trace.open(encoding="utf-8", errors="replace") as file:
                return file.read(_TRACE_CHARACTERS)
        except FileNotFoundError:
            return ""

    @_stored()
    def delete(self) -> bool:
        """Ends the worker, if there is one, and removes everything, twins included.

        Returns whether all is gone. A worker of another server cannot be ended from here: it stops after its current
        part, and maintenance then removes the job, which nobody finds any more until then.

        Raises:
            BulkError: the disk lets nothing be removed.
        """
        with suppress(FileNotFoundError), _lock(self.folder / "twins.lock", patient=True):  # no twin can be created now
            twins = [twin for run in self.read("twins") or {} if (twin := self.twin(run))]
            twins_gone = [twin.delete() for twin in twins]
            return self._delete_alone() and all(twins_gone)
        return True

    def _delete_alone(self) -> bool:
        end = time.monotonic() + (0 if self.deleted else _PATIENCE)
        while True:
            try:
                with self._locked():  # no worker can start while this is held
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
    def _locked(self) -> Iterator[BinaryIO]:
        """Holds the job's lock, as a worker does; a child that inherits the file keeps it.

        Raises:
            BlockingIOError: a worker holds it.
        """
        with (self.folder / "lock").open("ab") as file:
            with _lock(self.folder / "gate", patient=True):  # whoever only asks has let go of it
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield file

    @property
    def rested(self) -> float:
        """Seconds since anything last changed; the progress of an inspection is no change."""
        paths = [self.folder, *self.folder.iterdir()]
        if self.state == "inspecting":
            paths = [path for path in paths if path.name in ("upload.json", "reading.json")]
        now = time.time()
        return now - max((path.stat().st_mtime for path in paths), default=now)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        total = 0
        for path in self.folder.rglob("*"):
            with suppress(FileNotFoundError):  # the worker has just removed it
                total += path.stat().st_size if path.is_file() else 0
        return total


def create(settings: Settings, name: str, content: BinaryIO, size: int) -> Job:
    """Creates a job from an upload, which is copied to disk block by block.

    Raises:
        BulkError: the name is not of a format that is read, or the disk takes no more.
    """
    path = Path(name)
    stored = _input_name(path)
    with _stored():
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(settings.folder).free < 5 * size or limits.nearly_full(settings.folder):
            raise BulkError("The server's disk has no room for this file at the moment. Try again later.")
        with _new(settings.folder) as job:
            with (job.folder / stored).open("wb") as file:
                shutil.copyfileobj(content, file, _BLOCK)
            job.write("upload", {"name": _display_name(path), "bytes": size})
    return job


def _input_name(path: Path) -> str:
    """Returns the name under which an upload is stored: its suffixes decide, and nothing else of it is kept.

    Raises:
        BulkError: they are not of a format that is read.
    """
    if not path.name:
        raise BulkError("This file has no name. Give it one that ends in its format, such as reviews.csv.")
    path = Path(_display_name(path))
    if path.suffix.lower() == ".zip":
        return "input.zip"  # its member has the format
    form, packing = form_of(path)
    return f"input.{form}.{packing}" if packing else f"input.{form}"


def _display_name(path: Path) -> str:
    """Returns the end of an upload's name, a space for each character that cannot be displayed or stored."""
    return "".join(sign if sign.isprintable() else " " for sign in path.name[-_NAME_CHARACTERS:])


@contextmanager
def _new(folder: Path) -> Iterator[Job]:
    """A job's folder to be filled, which is removed if that fails."""
    job = Job(folder / secrets.token_urlsafe(16))
    job.folder.mkdir(mode=0o700)
    try:
        for name in ("lock", "gate", "twins.lock"):
            (job.folder / name).touch()  # now, since it must be possible to delete it on a full disk
        yield job
    except BaseException:
        shutil.rmtree(job.folder, ignore_errors=True)
        raise


def find(settings: Settings, id: str) -> Job | None:
    """Returns the job of this id, None if there is none or its owner has deleted it."""
    job = Job(settings.folder / id)
    return job if _ID.fullmatch(id) and job.read("upload") is not None and not job.deleted else None


def jobs(settings: Settings) -> list[Job]:
    """Returns all jobs, those first that have waited longest."""
    found = [Job(path.parent) for path in settings.folder.glob("*/upload.json") if _ID.fullmatch(path.parent.name)]
    return sorted(found, key=_waits_since)


def _waits_since(job: Job) -> float:
    """Returns the time of the job's latest request: an upload, other options to read it, a task, or a download."""
    latest = 0.0
    for name in ("upload", "reading", "task", "wanted"):
        with suppress(FileNotFoundError):  # nothing is to be done, or its owner has just deleted it
            latest = max(latest, (job.folder / f"{name}.json").stat().st_mtime)
    return latest


def tend(settings: Settings, *, patient: bool = False) -> None:
    """Deletes expired jobs and starts waiting ones, as far as there is room.

    The app's timer, the Bulk page and every worker that ends call this.

    Args:
        settings: of the server.
        patient: wait while another is at it, who may have looked too early to see a worker's end.
    """
    try:
        with _lock(settings.folder / "lock", patient=patient):
            _clean(settings)
            found = jobs(settings)
            for job in found:
                job.settle()
            free = settings.at_once - sum(job.alive for job in found)
            waiting = [(job, action) for job in found if (action := job.pending)]
            for job, action in waiting[: max(0, free)]:
                job.attempt(action.pop("name"), **action)
    except (BlockingIOError, FileNotFoundError):
        return  # no jobs, lock held elsewhere, or a job just vanished; the next call retries
    except OSError as error:
        if error.errno not in limits.UNWRITABLE:  # on such a disk nothing can be started; the next call retries
            raise


def others_wait(settings: Settings) -> bool:
    """Returns whether a job waits in the queue."""
    return any(job.pending for job in jobs(settings))


def _clean(settings: Settings) -> None:
    """Deletes expired jobs, and what interrupted uploads and deletions have left, once a minute."""
    stamp = settings.folder / "cleaned"
    if stamp.exists() and 0 <= time.time() - stamp.stat().st_mtime < _CLEAN_EVERY:
        return
    stamp.touch()
    ours = [path for path in settings.folder.iterdir() if _ID.fullmatch(path.name.removeprefix("."))]
    for path in ours:
        _correct_times(path)
    found = jobs(settings)
    for job in found:
        if job.deleted or (job.state in (*_RESTING, "inspecting") and job.rested > settings.hours * 3600):
            _discard(job)
    known = {job.folder for job in found}
    for path in ours:
        if path not in known and path.exists() and Job(path).rested > settings.hours * 3600:
            shutil.rmtree(path, ignore_errors=True)
    _make_room(settings)


def _make_room(settings: Settings) -> None:
    """Deletes the jobs that are idle longest while all together take too much disk."""
    found = jobs(settings)
    excess = sum(job.size for job in found) - settings.gigabytes * 1e9
    for job in sorted((job for job in found if job.state in _RESTING), key=lambda job: -job.rested):
        if excess <= 0:
            return
        excess -= job.size
        _discard(job)


def _discard(job: Job) -> None:
    """Deletes a job; that one cannot be deleted keeps no other from it."""
    try:
        job.delete()
    except BulkError as error:
        journal.record(job.folder.parent, f"Job {job.alias} could not be deleted: {error}", failure=True)


def _correct_times(folder: Path) -> None:
    """Sets times in the future, from a clock that was wrong, to now, so that a job expires all the same."""
    now = time.time()
    for path in [folder, *folder.iterdir()]:
        if path.stat().st_mtime > now:
            os.utime(path)


@contextmanager
def _lock(path: Path, kind: int = fcntl.LOCK_EX, *, patient: bool = False) -> Iterator[BinaryIO]:
    """Holds a lock.

    Raises:
        BlockingIOError: someone else holds it, and this is not to wait for it.
    """
    with _open_lock(path) as file:
        fcntl.flock(file, kind if patient else kind | fcntl.LOCK_NB)
        try:
            yield file
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # else a child that is just being started would keep it for a moment


def _open_lock(path: Path) -> BinaryIO:
    try:
        return path.open("ab")
    except OSError as error:
        if error.errno not in limits.UNWRITABLE:
            raise
        return path.open("rb")  # on a read-only disk states can still be read

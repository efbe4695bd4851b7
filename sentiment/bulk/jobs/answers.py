"""The labels that the owner of a job gives to its rows, stored with the job."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, get_args

from sentiment.bulk.jobs import limits, locks
from sentiment.bulk.jobs.job import Job
from sentiment.bulk.labelling import MOST_ANSWERS, Answer
from sentiment.tables.errors import FileError

_FILE = "answers"  # the job's JSON file
_LOCK = "answers.lock"


class Answers:
    """The answers about a job's file, stored in the job's folder, so they are found after a refresh and go with it.

    They belong to the text columns and the reading options of the task; with others they count as none, because the
    same number would mean another row.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        task = job.read("task") or {}
        self._source = {"text": task.get("text"), "reading": task.get("reading")}

    def read(self) -> tuple[dict[int, Answer], bool]:
        """Returns the answer for each row, in order, and whether the file's own labels count."""
        content = self._content()
        return {row: answer for row, answer in content["rows"] if answer in get_args(Answer)}, content["from_file"]

    def add(self, row: int, answer: Answer) -> None:
        """Adds the answer for a row; a row that has one keeps it, as the key may have been pressed twice.

        Raises:
            FileError: the disk cannot be written to, or there are too many answers.
        """

        def change(content: dict[str, Any]) -> None:
            if len(content["rows"]) >= MOST_ANSWERS:
                raise FileError(f"A file can have {MOST_ANSWERS:,} answers at most.")
            if all(row != answered for answered, _ in content["rows"]):
                content["rows"].append([row, answer])

        self._change(change)

    def undo(self) -> None:
        """Removes the last answer.

        Raises:
            FileError: the disk cannot be written to.
        """
        self._change(lambda content: content["rows"] and content["rows"].pop())

    def use_file(self, wanted: bool) -> None:
        """Decides whether the file's own labels count.

        Raises:
            FileError: the disk cannot be written to.
        """
        self._change(lambda content: content.update(from_file=wanted))

    def _content(self) -> dict[str, Any]:
        content = self._job.read(_FILE)
        if content is None or content["source"] != self._source:
            return {"source": self._source, "rows": [], "from_file": False}
        return content

    @limits.disk_errors_explained()
    def _change(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Changes the stored content; another page of the same job waits meanwhile."""
        with suppress(FileNotFoundError), locks.hold(self._job.folder / _LOCK, wait=True):  # the job was just deleted
            content = self._content()
            change(content)
            self._job.write(_FILE, content)

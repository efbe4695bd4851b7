"""The scored parts of a file, one for each chunk, from which an interrupted run resumes.

A part is a small Parquet file that appears under its name only when it is complete. Its input columns are named by
position, ``c0``, ``c1``, ..., since names in a table may repeat; the added columns follow. ``state.json`` records the
input, model and options of the parts. A run with a different state refuses to resume.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sentiment.artifacts import write_json
from sentiment.tables.errors import FileError

STATE = "state.json"
LOCK = "lock"


class Parts:
    """The parts of one scored file, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Creates the folder if necessary and locks it against other runs; a crash releases the lock.

        Raises:
            FileError: another run works in the folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / LOCK).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FileError(f"Another run is at work in {self.folder}; wait for it to end.") from error
            yield

    def begin(self, state: dict[str, Any], resume: bool) -> None:
        """Prepares the folder for a run: existing parts are kept to resume, and deleted otherwise.

        Args:
            state: the input, the model and the options that the parts depend on.
            resume: keep the existing parts.

        Raises:
            FileError: the existing parts have another state.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        known = self.state() if resume else None
        if known is None:
            for path in self.folder.glob("part-*"):
                path.unlink()
            write_json(self.folder / STATE, state)
            return
        changed = [name for name in state if state[name] != known.get(name)]
        if changed:
            what = " and ".join(changed)
            raise FileError(f"The {what} changed since the interrupted run, so it cannot be resumed; start it again.")

    def state(self) -> dict[str, Any] | None:
        """Returns the state of the parts, None if no run has begun."""
        try:
            return json.loads((self.folder / STATE).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def path(self, number: int) -> Path:
        """Returns the file of a part; numbers start at 0."""
        return self.folder / f"part-{number:06}.parquet"

    def write(self, number: int, table: pa.Table) -> None:
        """Writes a part atomically."""
        # A random suffix, because two workers of a cluster may write the same part.
        temporary = self.path(number).with_suffix(f".{secrets.token_hex(4)}")
        pq.write_table(table, temporary, compression="zstd", store_schema=True)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(self.path(number))

    def tables(self, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """Yields the finished parts, in order, up to the first that is missing."""
        number = 0
        while self.path(number).exists():
            yield pq.read_table(self.path(number), columns=columns, partitioning=None)
            number += 1

    def clear(self) -> None:
        """Removes everything in the folder except the lock file, which is in use."""
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()

    def delete(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self.folder)

"""What a run has done so far: a folder of parts, one a chunk, from which an interrupted run goes on.

A part is a small Parquet file that appears under its name only when whole. Its columns are called by their places,
``c0``, ``c1``, ..., since names in a table may repeat; then come ours. ``state.json`` says what the parts were made
from, and a run that would make them from anything else is refused.
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
from sentiment.bulk.errors import BulkError

STATE = "state.json"
LOCK = "lock"


class Parts:
    """The parts of one run, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Makes the folder where it is missing, and keeps every other run out of it; the system frees it on a crash.

        Raises:
            BulkError: another run is at work in the folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / LOCK).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BulkError(f"Another run is at work in {self.folder}; wait for it to end.") from error
            yield

    def begin(self, state: dict[str, Any], resume: bool) -> None:
        """Makes ready for a run made from ``state``: the parts that stand are kept to resume, deleted otherwise.

        Raises:
            BulkError: there are parts to resume from, made from something else.
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
            raise BulkError(f"The {what} changed since the work that is to be resumed; it can only start anew.")

    def state(self) -> dict[str, Any] | None:
        """What the parts were made from, None where nothing has begun."""
        try:
            return json.loads((self.folder / STATE).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def path(self, number: int) -> Path:
        """The file of a part, from 0."""
        return self.folder / f"part-{number:06}.parquet"

    def write(self, number: int, table: pa.Table) -> None:
        """Writes a part, all at once."""
        temporary = self.path(number).with_suffix(
            f".{secrets.token_hex(4)}"
        )  # on a cluster two may write the same part
        pq.write_table(table, temporary, compression="zstd", store_schema=True)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(self.path(number))

    def tables(self, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """The parts done, in order, up to the first that is missing."""
        number = 0
        while self.path(number).exists():
            yield pq.read_table(self.path(number), columns=columns, partitioning=None)
            number += 1

    def clear(self) -> None:
        """Removes what is in the folder, but for the lock, which is held."""
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()

    def delete(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self.folder)

"""Stages of a training: their durations, and arrays cached for a resumed training."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.artifacts import write_atomically, write_json


class Stages:
    """Records the seconds of each stage on disk, so that a resumed training knows them all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.seconds: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Prints the name of a stage and records its duration."""
        print(f"{name} ...", file=sys.stderr, flush=True)
        start = time.monotonic()
        yield
        self.record(name, time.monotonic() - start)

    def record(self, name: str, seconds: float) -> None:
        """Records a duration; a stage that a resumed training found done keeps its first, longer one."""
        self.seconds[name] = max(seconds, self.seconds.get(name, 0.0))
        write_json(self._path, self.seconds)

    def rows(self) -> list[dict[str, Any]]:
        """Returns the stages as in ``metadata.json``."""
        return [{"name": name, "seconds": round(seconds, 1)} for name, seconds in self.seconds.items()]


def cached(path: Path, make: Callable[[], npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """Returns the array in a ``.npy`` file; if the file does not exist, computes and saves it first."""
    if not path.exists():
        content = io.BytesIO()
        np.save(content, make())
        write_atomically(path, content.getvalue())
    return np.load(path)

"""Peer processes: each runs another library, receives requests as lines of JSON, and times itself.

So the memory, threads and settings of a library do not affect other measurements, and the communication between the
processes is not measured.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dev.benchmarking.measuring import MissingError
from sentiment.paths import HOME

Task = Callable[..., float]


def require(library: str, package: str, extra: str) -> None:
    """Checks that a library is installed.

    Raises:
        MissingError: it is not.
    """
    if find_spec(library) is None:
        raise MissingError(f"{package} is not installed; pip install '.[{extra}]' installs it.")


def require_proc() -> None:
    """Checks that the memory of other processes can be measured.

    Raises:
        MissingError: it cannot.
    """
    if not Path("/proc/self/status").exists():
        raise MissingError("Memory is measured through /proc, which this system lacks.")


class Peer:
    """A process that runs ``python -m module arguments...`` and answers requests until it is closed."""

    def __init__(self, module: str, *arguments: object) -> None:
        self._module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=HOME,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that Ctrl-C ends only the benchmark, which then ends this process
        )

    def ask(self, task: str, **options: Any) -> float:
        """Runs a task in the process and returns its measurement.

        Raises:
            MissingError: the process ended without an answer.
        """
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(json.dumps({"task": task, "options": options}, default=str) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise MissingError(f"{self._module} ended with status {self._process.wait()}.")
        return float(json.loads(answer))

    def close(self, patience: float = 30.0) -> None:
        """Closes the process; kills it and its children after ``patience`` seconds."""
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process.stdout.close()


def serve(tasks: Mapping[str, Task]) -> None:
    """Answers requests on standard input until it ends; other output of the tasks goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(tasks[request["task"]](**request["options"])), file=answers, flush=True)

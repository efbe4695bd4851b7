"""Other libraries, each in a process of its own that is asked in lines of JSON and times itself.

So a library's memory, threads and settings touch nobody else's figures, and what passes between the processes is no
part of any of them.
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

HOME = Path(__file__).resolve().parents[2]

Task = Callable[..., float]


def need(library: str, package: str, extra: str) -> None:
    """Makes sure that a library is installed.

    Raises:
        MissingError: it is not.
    """
    if find_spec(library) is None:
        raise MissingError(f"{package} is not installed; pip install '.[{extra}]' brings it.")


class Peer:
    """A process that runs ``python -m module arguments...`` and answers until it is closed."""

    def __init__(self, module: str, *arguments: object) -> None:
        self._module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=HOME,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that Ctrl-C ends the benchmark, and the benchmark ends this
        )

    def ask(self, task: str, **options: Any) -> float:
        """What the process measures when it does a task.

        Raises:
            MissingError: it ended instead of answering.
        """
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(json.dumps({"task": task, "options": options}, default=str) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise MissingError(f"{self._module} broke off with status {self._process.wait()}.")
        return float(json.loads(answer))

    def close(self, patience: float = 30.0) -> None:
        """Lets the process end; after so many seconds it is killed, with all that it started."""
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
    """Answers what is asked on standard input until it ends; whatever else a task prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(tasks[asked["task"]](**asked["options"])), file=answers, flush=True)

"""The worker of bulk jobs in this process, for tests of what is made of its work; a child takes seconds to import."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO
from unittest import mock

from sentiment.bulk.jobs import queue

_NOBODY = 1 << 22  # no process has this id or a higher one


class InlineWorker:
    """Stands in for ``subprocess.Popen``; the work is done when it has been made."""

    pid = _NOBODY

    def __init__(self, command: Sequence[str], *, stderr: BinaryIO, **_: Any) -> None:
        folder, lock = command[-2:]
        # of the lock it gets a copy, as a child does
        arguments = [queue.WORKER, folder, str(os.dup(int(lock)))]
        with mock.patch.object(sys, "argv", arguments), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of runpy: the module may have been imported before
            try:
                runpy.run_module(queue.WORKER, run_name="__main__")
                self.returncode = 0
            except SystemExit as end:
                self.returncode = int(end.code or 0)
            except Exception:
                stderr.write(traceback.format_exc().encode())
                self.returncode = 1

    def wait(self, timeout: float | None = None) -> int:
        """The exit status."""
        return self.returncode

    poll = wait


@contextmanager
def inline_worker() -> Iterator[None]:
    """From now on a job's work is done in this process, before its start returns."""
    start = subprocess.Popen

    def popen(command: Sequence[str], **options: Any) -> Any:
        return (InlineWorker if queue.WORKER in command else start)(command, **options)

    with mock.patch.object(queue.subprocess, "Popen", popen), mock.patch("sentiment.system.limit_heaps"):
        yield

"""Runs the worker of bulk jobs in this process, for tests of its results; a child process takes seconds.

It sets no limits, keeps no record of the process, and does not start the next job.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any, BinaryIO
from unittest import mock

from sentiment.bulk.jobs import launcher, limits, maintenance, processes

_UNUSED_PID = 1 << 22  # the kernel gives no process this id or a higher one


class InlineWorker:
    """Replaces ``subprocess.Popen``; its constructor does the work."""

    pid = _UNUSED_PID

    def __init__(self, command: Sequence[str], *, stderr: BinaryIO, **_: Any) -> None:
        folder, lock = command[-2:]
        arguments = [launcher.WORKER, folder, str(os.dup(int(lock)))]  # a copy of the lock, as a child has
        patches = (
            mock.patch.object(sys, "argv", arguments),
            mock.patch.object(tempfile, "tempdir", tempfile.tempdir),
            mock.patch.object(limits, "enforced", lambda *_: nullcontext()),
            mock.patch("sentiment.system.limit_memory", lambda *_: None),
            mock.patch.object(maintenance, "run_maintenance", lambda *_, **__: None),
            warnings.catch_warnings(),
        )
        with ExitStack() as stack:
            for patch in patches:
                stack.enter_context(patch)
            warnings.simplefilter("ignore", RuntimeWarning)  # from runpy, if the module was imported before
            try:
                runpy.run_module(launcher.WORKER, run_name="__main__")
                self.returncode = 0
            except SystemExit as end:
                self.returncode = int(end.code or 0)
            except Exception:  # as a child process, which prints any exception and ends with status 1
                stderr.write(traceback.format_exc().encode())
                self.returncode = 1

    def wait(self, timeout: float | None = None) -> int:
        """Returns the exit status."""
        return self.returncode

    poll = wait


@contextmanager
def inline_worker() -> Iterator[None]:
    """Does the work of each job in this process, before its start returns."""
    start = subprocess.Popen

    def popen(command: Sequence[str], **options: Any) -> Any:
        return (InlineWorker if launcher.WORKER in command else start)(command, **options)

    def identify(pid: int) -> dict[str, Any]:
        """Returns a record that matches no process, so that nothing is ever killed."""
        return {"host": "nowhere", "pid": pid}

    with (
        mock.patch.object(launcher.subprocess, "Popen", popen),
        mock.patch.object(processes, "identify", identify),
        mock.patch("sentiment.system.limit_heaps"),
    ):
        yield

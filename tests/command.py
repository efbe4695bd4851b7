"""Runs a command in this process, which saves the seconds that a new process takes for imports."""

from __future__ import annotations

import contextlib
import io
import runpy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


@dataclass(frozen=True, slots=True)
class Done:
    """The result of a command: its exit status and output."""

    status: int
    stdout: str
    stderr: str


def run_script(name: str, *options: object) -> Done:
    """Runs a script of ``scripts/``."""
    return _run(lambda: runpy.run_path(str(SCRIPTS / name), run_name="__main__"), name, *options)


def run_tool(module: str, *options: object) -> Done:
    """Runs a module of ``dev/``, as ``python -m`` does."""
    loaded = sys.modules.pop(module, None)  # runpy warns of a module that another test has imported
    try:
        return _run(lambda: runpy.run_module(module, run_name="__main__"), f"{module.rpartition('.')[2]}.py", *options)
    finally:
        if loaded is not None:
            sys.modules[module] = loaded


def _run(start: Callable[[], object], name: str, *options: object) -> Done:
    out, err = io.StringIO(), io.StringIO()
    status: object = 0
    with (
        mock.patch.object(sys, "argv", [name, *map(str, options)]),
        mock.patch.object(sys, "path", list(sys.path)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            start()
        except SystemExit as end:
            status = end.code or 0
    assert isinstance(status, int)
    return Done(status, out.getvalue(), err.getvalue())

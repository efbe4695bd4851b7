"""Runs a script of ``scripts/`` in this process, which spares the seconds that its imports take."""

from __future__ import annotations

import contextlib
import io
import runpy
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left: its exit status and what it wrote."""

    status: int
    stdout: str
    stderr: str


def run_script(name: str, *options: object) -> Done:
    out, err = io.StringIO(), io.StringIO()
    arguments = [name, *map(str, options)]
    path = str(SCRIPTS / name)
    status: object = 0
    with (
        mock.patch.object(sys, "argv", arguments),
        mock.patch.object(sys, "path", list(sys.path)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as end:
            status = end.code or 0
    assert isinstance(status, int)
    return Done(status, out.getvalue(), err.getvalue())

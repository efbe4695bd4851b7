"""Benchmarks of whole processes: time to the first score, and memory of the serving app."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from dev.benchmarking.measuring import OURS, MissingError, Sides, seconds_of
from dev.benchmarking.peers import require, require_proc
from dev.benchmarking.setting import Setting
from dev.serving import serve_alone
from dev.system import process_of, resident_megabytes
from sentiment.paths import HOME

_IMPORT = ["-c", "import tensorflow"]
_IMPORT_AND_WAIT = ["-c", "import tensorflow, sys; print('here', flush=True); sys.stdin.read()"]
_REVIEW = "A slow start, but what an ending! I left the cinema smiling."
_STAY = 3.0  # seconds that a visitor stays on the complete page


def start_against_import(setting: Setting) -> Sides:
    """Compares whole processes: ours scores a review, the other imports TensorFlow. Seconds."""
    require("tensorflow", "TensorFlow", "train")
    score = ["scripts/score.py", "--text", _REVIEW, "--artifacts", str(setting.run.path)]
    return {
        OURS: partial(seconds_of, partial(_run, score)),
        "import tensorflow": partial(seconds_of, partial(_run, _IMPORT)),
    }


def memory_against_import(setting: Setting) -> Sides:
    """Compares resident memory of the app after its first visitor with that of TensorFlow, imported. Megabytes."""
    require("tensorflow", "TensorFlow", "train")
    require("streamlit", "Streamlit", "app")
    require_proc()
    return {OURS: partial(_app_memory, setting), "import tensorflow": _import_memory}


def _run(arguments: Sequence[str]) -> None:
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, *arguments], cwd=HOME, env=quiet, capture_output=True, check=True)


def _import_memory() -> float:
    with subprocess.Popen(
        [sys.executable, *_IMPORT_AND_WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        return resident_megabytes(process.pid)


def _app_memory(setting: Setting) -> float:
    from dev.visitor import VisitError, Visitor  # here, because the other rows need no Streamlit

    with tempfile.TemporaryDirectory(dir=setting.folder) as folder:
        try:
            with serve_alone(setting.run.path, Path(folder)) as address:
                with Visitor(address) as visitor:
                    visitor.stay(_STAY)
                return resident_megabytes(process_of(address))
        except (RuntimeError, VisitError, OSError) as error:
            raise MissingError(f"The app cannot be measured: {error}") from error

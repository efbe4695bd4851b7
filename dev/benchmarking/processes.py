"""Benchmarks of whole processes: time to the first score, and memory of the serving app."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from dev.benchmarking.measuring import OURS, MissingError, Sides, seconds_of
from dev.benchmarking.peers import HOME, require
from dev.benchmarking.setting import Setting
from dev.system import free_port, resident_megabytes

_IMPORT = ["-c", "import tensorflow"]
_IMPORT_AND_WAIT = ["-c", "import tensorflow, sys; print('here', flush=True); sys.stdin.read()"]
_REVIEW = "A slow start, but what an ending! I left the cinema smiling."
_RERUN = b"\x5a\x00"  # the protocol buffer ``BackMsg(rerun_script={})`` with which a browser asks for the page
_QUIET = 3.0  # a page is complete after so many seconds without a message
_TIMEOUT = 120.0  # seconds for the app to answer


def start_beside_import(setting: Setting) -> Sides:
    """Compares whole processes: ours scores a review, the other imports TensorFlow. Seconds."""
    require("tensorflow", "TensorFlow", "train")
    score = ["scripts/score.py", "--text", _REVIEW, "--artifacts", str(setting.run.path)]
    return {
        OURS: partial(seconds_of, partial(_run, score)),
        "import tensorflow": partial(seconds_of, partial(_run, _IMPORT)),
    }


def memory_beside_import(setting: Setting) -> Sides:
    """Compares resident memory of the app after its first visitor with that of TensorFlow, imported. Megabytes."""
    require("tensorflow", "TensorFlow", "train")
    if not Path("/proc/self/status").exists():
        raise MissingError("Memory is measured through /proc, which this system lacks.")
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
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless", "true"]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    with subprocess.Popen(
        command,
        cwd=HOME,
        env={**os.environ, "SENTIMENT_RUNS": str(_runs(setting))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            _visit(f"ws://127.0.0.1:{port}/_stcore/stream")
            return resident_megabytes(server.pid)
        finally:
            server.terminate()


def _runs(setting: Setting) -> Path:
    """Creates a folder of runs with this one as its only and default run."""
    folder = setting.folder / "runs"
    if not folder.exists():
        folder.mkdir()
        (folder / setting.run.name).symlink_to(setting.run.path)
        (folder / "default").write_text(setting.run.name, encoding="utf-8")
    return folder


def _visit(address: str) -> None:
    """Opens the app's first page as a browser does, and leaves once it is complete."""
    end = time.monotonic() + _TIMEOUT
    while True:
        try:
            with connect(address, max_size=None, open_timeout=5) as page:
                page.send(_RERUN)
                page.recv(timeout=_TIMEOUT)
                _drain(page)
                return
        except (OSError, WebSocketException):
            if time.monotonic() > end:
                raise MissingError("The app did not start.") from None
            time.sleep(0.2)


def _drain(page) -> None:  # type: ignore[no-untyped-def]
    try:
        while True:
            page.recv(timeout=_QUIET)
    except TimeoutError:
        return

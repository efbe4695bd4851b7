"""Serves the app on this machine, for proofs, benchmarks, screenshots and tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.system import free_port
from sentiment.paths import HOME

APP = HOME / "streamlit_app.py"

_START = 60  # seconds within which a server must answer
_STOP = 30  # seconds within which a server must end
_POLL = 0.02  # seconds between two requests to a server that starts


@contextmanager
def serve_alone(run: Path, folder: Path, *settings: str) -> Iterator[str]:
    """Serves a copy of one run, without other runs; yields the app's address.

    Args:
        run: the run.
        folder: an empty folder for ``runs``, ``jobs`` and the server's output, ``log``.
        settings: more options of ``streamlit run``.

    Raises:
        RuntimeError: as ``serve``.
    """
    runs = folder / "runs"
    shutil.copytree(run, runs / run.name)
    (runs / "default").write_text(run.name, encoding="utf-8")
    with serve(runs, folder / "log", *settings, jobs=folder / "jobs") as address:
        yield address


@contextmanager
def serve(
    runs: Path,
    log: Path,
    *settings: str,
    path: str = "",
    port: int | None = None,
    jobs: Path | None = None,
    script: Path = APP,
) -> Iterator[str]:
    """Serves the app with a folder of runs, on a free port by default; yields its address.

    Args:
        runs: the folder of runs.
        log: receives the server's output.
        settings: more options of ``streamlit run``.
        path: the sub-path of the app, such as ``/sentiment``.
        port: the port.
        jobs: the folder of jobs; by default that of this process.
        script: another Streamlit script to serve instead of the app.

    Raises:
        RuntimeError: the app did not start within a minute; ``log`` has the reason.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    command += ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.baseUrlPath", path, *settings]
    environment = {**os.environ, "SENTIMENT_RUNS": str(runs.resolve())}
    if jobs:
        environment["SENTIMENT_JOBS"] = str(jobs)
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=HOME, env=environment, stdout=output, stderr=output)
        try:
            wait_until_served(process, f"http://127.0.0.1:{port}{path}/_stcore/health")
            yield f"http://127.0.0.1:{port}{path}"
        finally:
            process.terminate()
            process.wait(_STOP)


def wait_until_served(process: subprocess.Popen[bytes], address: str) -> None:
    """Polls ``address`` until the server answers.

    Raises:
        RuntimeError: the server ended, or did not answer within a minute.
    """
    end = time.monotonic() + _START
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(address).close()  # noqa: S310 - our own server on loopback
            return
        except OSError:
            time.sleep(_POLL)
    raise RuntimeError("The app did not start.")

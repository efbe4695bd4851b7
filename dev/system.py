"""Ports, processes and their memory on this machine."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from sentiment.system import resident_memory

_POLL = 0.02  # seconds between two looks at a child's memory


def free_port() -> int:
    """Returns a port of this machine that is not in use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def process_of(address: str) -> int:
    """Returns the id of the process that serves the app at a local address, such as ``http://127.0.0.1:8501``.

    Raises:
        RuntimeError: there is none.
    """
    port = str(urlsplit(address).port)
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # a process that has ended meanwhile
            words = entry.read_bytes().split(b"\0")
            if b"streamlit" in words and port.encode() in words:
                return int(entry.parent.name)
    raise RuntimeError("The server is not running.")


def resident_megabytes(process: int) -> float:
    """Returns the resident memory of a process in megabytes. Linux only."""
    return resident_memory(process) / 1e6


def peak_megabytes(process: int) -> float:
    """Returns the peak resident memory of a process in megabytes; 0 if it has ended, or without ``/proc``."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:")), 0.0)


def wait_for_peak(child: subprocess.Popen[bytes]) -> float:
    """Waits for a child and returns its peak resident memory in megabytes; 0 without ``/proc``.

    Its ``ru_maxrss`` is never below the parent's memory, because the child starts as a copy of the parent.
    """
    peak = 0.0
    while child.poll() is None:
        peak = peak_megabytes(child.pid) or peak
        time.sleep(_POLL)
    return peak

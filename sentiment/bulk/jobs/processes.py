"""Identifies a process reliably, although the system reuses process ids.

A process id is valid only on one host, during one boot and in one pid namespace. The start time distinguishes two
processes that had the same id one after the other.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

_STARTED = 22 - 3  # field 22 of /proc/PID/stat, counted from the state, which is field 3


def identify(pid: int) -> dict[str, Any]:
    """Returns a record of a running process that JSON can hold.

    Raises:
        ProcessLookupError: there is no such process.
    """
    started = _start_time(pid)
    if started is None:
        raise ProcessLookupError(pid)
    return {**_location(), "pid": pid, "started": started}


def is_local(record: dict[str, Any]) -> bool:
    """Returns whether the recorded process ran on this host, boot and namespace, so that its id is valid here."""
    return all(record.get(name) == value for name, value in _location().items())


def is_running(record: dict[str, Any]) -> bool:
    """Returns whether the recorded process runs here, and not another one with its id."""
    return is_local(record) and _start_time(record["pid"]) == record["started"]


def kill(record: dict[str, Any]) -> None:
    """Kills the recorded process; does nothing if it has ended or runs elsewhere."""
    with suppress(ProcessLookupError):
        if hasattr(os, "pidfd_open"):
            descriptor = os.pidfd_open(record["pid"])
            try:
                if is_running(record):  # the descriptor refers to this process only
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            finally:
                os.close(descriptor)
        elif is_running(record):
            os.kill(record["pid"], signal.SIGKILL)


def _location() -> dict[str, str]:
    return {"host": socket.gethostname(), "boot": boot(), "namespace": _namespace()}


@cache
def boot() -> str:
    """Returns the id of this boot of the host, "" if the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""  # start times from ps are dates, which differ between boots


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _start_time(pid: int) -> str | None:
    """Returns the start time of a process, which is constant while it runs; None if it does not run."""
    if not Path("/proc/self/stat").exists():
        return _start_time_of_ps(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *fields = stat[stat.rindex(b")") + 1 :].split()  # the name before it may hold spaces and brackets
    return None if state in (b"Z", b"X") else fields[_STARTED - 1].decode()


def _start_time_of_ps(pid: int) -> str | None:
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, env=environment)
    return found.stdout.strip() or None

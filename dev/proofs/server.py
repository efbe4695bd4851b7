"""The process of a served app, and the memory it holds."""

from __future__ import annotations

import resource
from pathlib import Path
from urllib.parse import urlsplit


def process_of(address: str) -> int:
    """The id of the process that serves the app at an address of this machine, as ``http://127.0.0.1:8501``.

    Raises:
        RuntimeError: there is none.
    """
    port = str(urlsplit(address).port)
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        words = entry.read_bytes().split(b"\0")
        if b"streamlit" in words and port.encode() in words:
            return int(entry.parent.name)
    raise RuntimeError("The server is not running.")


def resident(process: int) -> float:
    """The megabytes of a process that are in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6

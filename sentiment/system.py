"""The machine: its processor's name, the memory of processes, and the C library's memory settings (glibc only)."""

from __future__ import annotations

import ctypes
import platform
import resource
import sys
from pathlib import Path

# From glibc's malloc.h
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_M_ARENA_MAX = -8

_HEAPS = 2  # one takes longer, and each more takes 25 MB


def processor() -> str:
    """The processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def resident_memory(process: int | None = None) -> int:
    """Returns the bytes of memory in use by a process, by default this one.

    Raises:
        OSError: the process has ended, or the system has no ``/proc``.
    """
    pages = int(Path(f"/proc/{process or 'self'}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def keep_freed_memory() -> None:
    """Large blocks are reused rather than returned.

    TensorFlow allocates and frees every tensor of every step. The C library hands large blocks back to the system at
    once, and the system must clear the same pages again a moment later: a third of a training step's processor time.
    """
    _set({_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: 2**31 - 1})


def share_heaps() -> None:
    """Threads, and Arrow, share two heaps, where each would have its own and keep room for a batch of reviews in it."""
    import pyarrow as pa  # here, for training has no need of it

    _set({_M_ARENA_MAX: _HEAPS})
    pa.set_memory_pool(pa.system_memory_pool())


def return_freed_memory() -> None:
    """Hands back to the system what is free; for after a large thing was made of others, which are gone."""
    if library := _glibc():
        library.malloc_trim(0)


def _set(settings: dict[int, int]) -> None:
    if library := _glibc():
        for name, value in settings.items():
            library.mallopt(name, value)


def _glibc() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "malloc_trim") else None

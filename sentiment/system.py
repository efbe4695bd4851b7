"""Names the processor, measures and limits the memory of processes, and configures glibc's allocator."""

from __future__ import annotations

import ctypes
import platform
import resource
import sys
from contextlib import suppress
from pathlib import Path

# From glibc's malloc.h
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_M_ARENA_MAX = -8

_HEAPS = 2  # with one heap threads contend; each further one costs 25 MB


def processor_name() -> str:
    """Returns the processor's model name, or its architecture if the system does not report the name."""
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


def limit_memory(gigabytes: float) -> None:
    """Makes large memory requests fail, if the system supports that; 0 removes the limit. Disables core dumps.

    The limit is set twice as high as named, because libraries reserve far more than they use: one reserved a gigabyte
    to use 41 MB. It stops requests that are too fast for a watchdog that polls the memory in use.
    """
    bound = int(2 * gigabytes * 1e9) or resource.RLIM_INFINITY
    with suppress(ValueError, OSError):  # the system does not support it, or has a lower limit
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # Not RLIMIT_AS, which also counts the files that libraries map.
        resource.setrlimit(resource.RLIMIT_DATA, (bound, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def keep_freed_memory() -> None:
    """Makes the C library reuse large freed blocks instead of returning them to the system.

    TensorFlow allocates and frees every tensor of every step. By default large blocks go back to the system at once,
    which must clear the same pages again a moment later. That takes a third of a training step's processor time.
    """
    _set({_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: 2**31 - 1})


def limit_heaps() -> None:
    """Limits all threads, and Arrow, to two heaps; otherwise each would keep room for a batch of reviews in its own."""
    import pyarrow as pa  # here, because training does not need it

    _set({_M_ARENA_MAX: _HEAPS})
    pa.set_memory_pool(pa.system_memory_pool())


def return_freed_memory() -> None:
    """Returns free memory to the system; called after large temporary objects have been freed."""
    if library := _glibc():
        library.malloc_trim(0)


def _set(settings: dict[int, int]) -> None:
    if library := _glibc():
        for name, value in settings.items():
            library.mallopt(name, value)


def _glibc() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "malloc_trim") else None

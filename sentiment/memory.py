"""How the C library keeps memory for the process; nothing changes but time and space, and only with glibc."""

from __future__ import annotations

import ctypes
import sys

# From glibc's malloc.h
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_M_ARENA_MAX = -8

_HEAPS = 3  # fewer take a twentieth more time, each more 25 MB


def keep_freed_memory() -> None:
    """Large blocks are reused rather than returned.

    TensorFlow allocates and frees every tensor of every step. The C library hands large blocks back to the system at
    once, and the system must clear the same pages again a moment later: a third of a training step's processor time.
    """
    _set({_M_MMAP_MAX: 0, _M_TRIM_THRESHOLD: 2**31 - 1})


def share_heaps() -> None:
    """Threads share three heaps, where each would have its own, and each would keep room for a batch of reviews."""
    _set({_M_ARENA_MAX: _HEAPS})


def _set(settings: dict[int, int]) -> None:
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return
    for name, value in settings.items():
        mallopt(name, value)

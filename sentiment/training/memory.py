"""Keeps freed memory in the process.

TensorFlow allocates and frees every tensor of every step. The C library hands large blocks back to the system at once,
and the system must clear the same pages again a moment later: a third of a training step's processor time.
"""

from __future__ import annotations

import ctypes
import sys

# From glibc's malloc.h
_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4


def keep_freed_memory() -> None:
    """Tells glibc to reuse large blocks rather than to return them; does nothing on other systems."""
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)

"""Makes libraries of the C sources here, with whatever compiler there is, and loads them. Standard library only."""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

_HOME = Path(__file__).parent
SOURCES = (_HOME / "compiled_lstm.c", _HOME / "bulk" / "compiled_batch.c")


def library_path(source: Path) -> Path:
    """Where what was compiled from a source lies."""
    return source.with_name(f"lib{source.stem}.so")


def compile_library(source: Path) -> None:
    """Compiles with gcc or clang, which is ``cc`` unless the environment variable CC names it.

    Raises:
        OSError: there is no such compiler, or the folder cannot be written.
        CalledProcessError: it failed; ``stderr`` says why.
    """
    library = library_path(source)
    part = library.with_suffix(".part")
    options = ["-O3", "-shared", "-fPIC", "-w", f'-DSOURCE="{_hash(source)}"', "-o", str(part), str(source)]
    subprocess.run([os.environ.get("CC", "cc"), *options], capture_output=True, text=True, check=True)
    part.replace(library)  # in a step: a server that has the old one loaded goes on


def load_library(source: Path, functions: dict[str, list[Any]]) -> ctypes.CDLL | None:
    """What was compiled from a source as it is now, if it can be loaded here.

    Args:
        source: see ``SOURCES``.
        functions: the types of the arguments, by name; none gives anything back.
    """
    try:
        library = ctypes.CDLL(str(library_path(source)))
        compiled_from = (ctypes.c_char * 64).in_dll(library, "source").value.decode()
    except (OSError, ValueError):  # there is none, or one of another processor or program
        return None
    if compiled_from != _hash(source):
        return None
    for name, arguments in functions.items():
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, None
    return library


def _hash(source: Path) -> str:
    """SHA-256, in hex; the library holds that of what it was made from."""
    return hashlib.sha256(source.read_bytes()).hexdigest()

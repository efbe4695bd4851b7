"""Compiles the C sources in this folder and loads the libraries. Needs only the standard library and a C compiler."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HOME = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Library:
    """A C source, compiled for one kind of processor.

    Attributes:
        source: the path of the source.
        path: the path of the compiled library.
        options: compiler options.
    """

    source: Path
    path: Path
    options: tuple[str, ...]


_STEPS, _BATCH = _HOME / "lstm.c", _HOME / "batch.c"
STEPS_16 = Library(_STEPS, _HOME / "libcompiled_lstm_16.so", ("-DLANES=16", "-mavx512f", "-mfma"))
STEPS_8 = Library(_STEPS, _HOME / "libcompiled_lstm_8.so", ("-DLANES=8", "-mavx2", "-mfma", "-mf16c"))
STEPS_4 = Library(_STEPS, _HOME / "libcompiled_lstm_4.so", ("-DLANES=4",))
_AVX_512 = ("-mavx512f", "-mavx512bw", "-mavx512vl")
BATCH_AMX = Library(_BATCH, _HOME / "libcompiled_batch_amx.so", (*_AVX_512, "-mamx-tile", "-mamx-int8"))
BATCH_VNNI = Library(_BATCH, _HOME / "libcompiled_batch_vnni.so", (*_AVX_512, "-mavx512vnni"))
_FOR_MACHINE = {
    **dict.fromkeys(("x86_64", "amd64"), (STEPS_16, STEPS_8, BATCH_AMX, BATCH_VNNI)),
    **dict.fromkeys(("aarch64", "arm64"), (STEPS_4,)),
}


def libraries(machine: str | None = None) -> tuple[Library, ...]:
    """Returns the libraries for a kind of processor, by default this machine's; empty if there are none."""
    return _FOR_MACHINE.get((machine or platform.machine()).lower(), ())


def compile_library(library: Library) -> None:
    """Compiles with ``cc``, or the compiler in the environment variable CC; gcc and clang work.

    Raises:
        OSError: there is no such compiler, or the folder is not writable.
        CalledProcessError: the compiler failed; ``stderr`` says why.
    """
    part = library.path.with_suffix(f".{os.getpid()}.part")
    ours = ["-O3", "-shared", "-fPIC", f'-DSOURCE="{_hash(library.source)}"', "-o", str(part)]
    command = [*shlex.split(os.environ.get("CC", "cc")), *ours, *library.options, str(library.source)]
    subprocess.run(command, capture_output=True, text=True, check=True)
    part.replace(library.path)  # atomic: a running server keeps the old library


def load_library(library: Library, functions: dict[str, list[Any]]) -> ctypes.CDLL | None:
    """Loads a library; returns None if it is missing or outdated, or if this processor cannot run it.

    Args:
        library: a library of this module.
        functions: argument types by function name; all functions return void.
    """
    try:
        loaded = ctypes.CDLL(str(library.path))
        compiled_from = (ctypes.c_char * 64).in_dll(loaded, "sentiment_source").value.decode()
    except (OSError, ValueError):  # missing, or for another machine or program
        return None
    if compiled_from != _hash(library.source) or not loaded.sentiment_usable():
        return None
    for name, arguments in functions.items():
        function = getattr(loaded, name)
        function.argtypes, function.restype = arguments, None
    return loaded


def _hash(source: Path) -> str:
    """Returns the SHA-256 of a source, in hex; each library contains that of its own source."""
    return hashlib.sha256(source.read_bytes()).hexdigest()

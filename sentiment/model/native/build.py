"""Compiles the C sources in this folder and loads the libraries.

``scripts/compile.py`` compiles them in place, with only the standard library. If that was not done, as after
``pip install``, a library is compiled on first use into a cache folder that only the user can write to. If this fails,
a warning is logged once, and callers use another implementation.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import logging
import os
import platform
import secrets
import shlex
import stat
import subprocess
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from sentiment.paths import cache_folder

_HOME = Path(__file__).parent
_LOG = logging.getLogger(__name__)


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
        OSError: the compiler is missing, or the folder is not writable.
        CalledProcessError: the compiler failed; its ``stderr`` has the reason.
    """
    part = library.path.with_suffix(f".{secrets.token_hex(8)}.part")
    ours = ["-O3", "-shared", "-fPIC", f'-DSOURCE="{_hash(library.source)}"', "-o", str(part)]
    command = [*shlex.split(os.environ.get("CC") or "cc"), *ours, *library.options, str(library.source)]
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        part.replace(library.path)  # atomic: a running server keeps the old library, and parallel compilations are safe
    finally:
        part.unlink(missing_ok=True)


def load_library(library: Library, functions: dict[str, list[Any]]) -> ctypes.CDLL | None:
    """Loads a library, and compiles it first if necessary; returns None if this fails or the processor cannot run it.

    Args:
        library: a library of this module.
        functions: argument types by function name; all functions return void.
    """
    if library not in libraries():
        return None
    loaded = _open(library) or _open_cached(library)
    if not loaded or not loaded.sentiment_usable():
        return None
    for name, arguments in functions.items():
        function = getattr(loaded, name)
        function.argtypes, function.restype = arguments, None
    return loaded


def _open(library: Library) -> ctypes.CDLL | None:
    """Opens a compiled library; returns None if it is missing, outdated, or for another machine."""
    try:
        loaded = ctypes.CDLL(str(library.path))
        compiled_from = (ctypes.c_char * 64).in_dll(loaded, "sentiment_source").value.decode()
    except (OSError, ValueError):
        return None
    return loaded if compiled_from == _hash(library.source) else None


def _open_cached(library: Library) -> ctypes.CDLL | None:
    """Opens a library from the user's cache, and compiles it there first if necessary; returns None on failure."""
    try:
        made_from = hashlib.sha256(f"{_hash(library.source)} {library.options}".encode()).hexdigest()
        cached = replace(library, path=_own_folder() / f"{library.path.stem}-{made_from}.so")
        if not cached.path.exists():
            compile_library(cached)
        if loaded := _open(cached):
            return loaded
        _warn(f"{cached.path} cannot be loaded")
    except subprocess.CalledProcessError as error:
        _warn(f"{error.cmd[0]} failed")
    except OSError as error:
        _warn(f"{error.filename}: {error.strerror}")
    except ImportError as error:
        _warn(f"{error.name} is not installed")
    return None


def _own_folder() -> Path:
    """Returns the cache folder, created if it is missing.

    Raises:
        PermissionError: others can write to the folder, or own it, so they could place a library there.
        OSError: the folder cannot be created.
    """
    folder = cache_folder() / "native"
    if not folder.is_absolute():  # there is no home folder
        raise FileNotFoundError(errno.ENOENT, "there is no folder for caches", str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PermissionError(errno.EPERM, "this folder must be owned by you and writable only by you", str(folder))
    return folder


@cache
def _warn(reason: str) -> None:
    """Logs a warning, once for each reason."""
    _LOG.warning("The C code cannot be compiled (%s). NumPy and ONNX Runtime are used instead, more slowly.", reason)


def _hash(source: Path) -> str:
    """Returns the SHA-256 of a source in hex, which is compiled into each library."""
    return hashlib.sha256(source.read_bytes()).hexdigest()

"""Makes the library of ``compiled_lstm.c``, with whatever C compiler there is. Standard library only."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("compiled_lstm.c")
LIBRARY = SOURCE.with_name("libcompiled_lstm.so")


def source_hash() -> str:
    """SHA-256 of the source, in hex. The library holds that of what it was made from."""
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest()


def compile_library() -> None:
    """Compiles with gcc or clang, which is ``cc`` unless the environment variable CC names it.

    Raises:
        OSError: there is no such compiler, or the folder cannot be written.
        CalledProcessError: it failed; ``stderr`` says why.
    """
    part = LIBRARY.with_suffix(".part")
    options = ["-O3", "-shared", "-fPIC", "-w", f'-DSOURCE="{source_hash()}"', "-o", str(part), str(SOURCE)]
    subprocess.run([os.environ.get("CC", "cc"), *options], capture_output=True, text=True, check=True)
    part.replace(LIBRARY)  # in a step: a server that has the old one loaded goes on

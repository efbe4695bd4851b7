"""Compiles the optional C code, which scores single reviews faster and, on some processors, files too.

Needs gcc or clang, as ``cc`` or in the environment variable CC, and an x86-64 or arm64 processor. Without these it
prints a warning and exits with 0.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from sentiment.commands.parser import Parser
from sentiment.model.native.build import compile_library, libraries


def main(arguments: Sequence[str], prog: str) -> int:
    """Runs the command line; returns the exit status, 0 in any case."""
    Parser(prog, __doc__).parse_args(arguments)
    if not libraries():
        print(f"{prog}: no C code for this processor; using the slower fallback", file=sys.stderr)
    for library in libraries():
        try:
            compile_library(library)
        except OSError as error:
            _warn(prog, library.path.name, f" {error}")
        except subprocess.CalledProcessError as error:
            _warn(prog, library.path.name, f"\n{error.stderr}")
    return 0


def _warn(prog: str, name: str, reason: str) -> None:
    print(f"{prog}: could not compile {name}; using the slower fallback:{reason}", file=sys.stderr)

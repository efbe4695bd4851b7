"""Compiles the optional C code, which scores single reviews faster and, on some processors, files too.

Needs gcc or clang, as ``cc`` or in the environment variable CC, and an x86-64 or arm64 processor. Without these it
prints a warning and exits with 0.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

import _path  # noqa: F401 - makes the package importable

from sentiment.model.native.build import compile_library, libraries


def main() -> None:
    """Runs the command line."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    if not libraries():
        print("compile.py: no C code for this processor; using the slower fallback", file=sys.stderr)
        return
    for library in libraries():
        try:
            compile_library(library)
        except OSError as error:
            _warn(library.path.name, f" {error}")
        except subprocess.CalledProcessError as error:
            _warn(library.path.name, f"\n{error.stderr}")


def _warn(name: str, reason: str) -> None:
    print(f"compile.py: could not compile {name}; using the slower fallback:{reason}", file=sys.stderr)


if __name__ == "__main__":
    main()

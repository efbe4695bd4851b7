"""Compiles the C code that scores single reviews and, on some processors, files faster. It is optional.

Needs gcc or clang, as ``cc`` or named by the environment variable CC, and an x86-64 or arm64 processor. Where that is
missing it says so and exits with 0.
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
        print("compile.py: nothing is compiled for this processor, and all is done without", file=sys.stderr)
        return
    for library in libraries():
        try:
            compile_library(library)
        except OSError as error:
            print(f"compile.py: {library.path.name} is not made, and done without: {error}", file=sys.stderr)
        except subprocess.CalledProcessError as error:
            print(f"compile.py: {library.path.name} is not made, and done without:\n{error.stderr}", file=sys.stderr)


if __name__ == "__main__":
    main()

"""Compiles what reads single reviews and, on some processors, files soonest. Without it everything works, and slower.

Needs gcc or clang, as ``cc`` or named by the environment variable CC. Exits with 0 where it cannot, too, and says so.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sentiment.compiling import SOURCES, compile_library


def main() -> None:
    """Runs the command line."""
    for source in SOURCES:
        try:
            compile_library(source)
        except OSError as error:
            print(f"compile.py: {source.name} is not compiled, and done without: {error}", file=sys.stderr)
        except subprocess.CalledProcessError as error:
            print(f"compile.py: {source.name} is not compiled, and done without:\n{error.stderr}", file=sys.stderr)


if __name__ == "__main__":
    main()

"""Runs ``sentiment adapt``."""

import _path  # noqa: F401 - makes the package importable

from sentiment.commands import run_script

if __name__ == "__main__":
    run_script("adapt")

"""The command line of the maintainers' tools: options, errors and exit status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from sentiment.commands import fail
from sentiment.errors import SentimentError


def parser(description: str | None) -> argparse.ArgumentParser:
    """Returns a parser without options, whose --help shows the description with its own line breaks."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def run(main: Callable[[], int]) -> NoReturn:
    """Runs a tool and exits with its status: 2 for an error that the user can resolve, 130 for Ctrl-C."""
    try:
        status = main()
    except SentimentError as error:
        status = fail(_program(), str(error))
    except OSError as error:
        if error.filename is None:  # not a file, but a refused connection or the like
            raise
        status = fail(_program(), f"{error.filename}: {error.strerror}.")
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


def _program() -> str:
    return Path(sys.argv[0]).name

"""Downloads the IMDB reviews of Maas et al. 2011 from Stanford, 84 MB, and checks that they open.

An interrupted download resumes when the same command is run again.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from sentiment.commands import fail
from sentiment.commands.parser import Parser
from sentiment.dataset import Dataset, DatasetError, load
from sentiment.dataset.download import SHA256, URL, download


def main(arguments: Sequence[str], prog: str) -> int:
    """Runs the command line; returns the exit status."""
    options = _options(arguments, prog)
    try:
        name = Path(urlsplit(options.url).path).name
    except ValueError as error:
        raise DatasetError(f"{options.url} is not a valid address: {error}.") from error
    if not name:
        raise DatasetError(f"{options.url} does not name a file.")
    target = options.output / name
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        download(options.url, target, options.sha256, _show if sys.stderr.isatty() else lambda done, total: None)
        print(_describe(target, load(target)))
    except OSError as error:
        raise DatasetError(f"{target} cannot be written: {error.strerror}.") from error
    except KeyboardInterrupt:
        return fail(prog, "interrupted; run the same command to resume.", status=130)
    finally:
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
    return 0


def _options(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = Parser(prog, __doc__, "%(prog)s --output data")
    parser.add_argument("--output", type=Path, default=Path("data"), help="folder to save to (default: %(default)s)")
    parser.add_argument("--url", default=URL, help="address of the archive, such as a mirror (default: %(default)s)")
    parser.add_argument("--sha256", default=SHA256, type=_checksum, help="expected checksum (default: %(default)s)")
    return parser.parse_args(arguments)


def _checksum(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", text.lower()):
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a SHA-256 checksum of 64 hexadecimal digits")
    return text.lower()


def _show(done: int, total: int | None) -> None:
    share = f" of {total / 1e6:.1f} MB ({done / total:.0%})" if total else " MB"
    print(f"\r{done / 1e6:.1f}{share} ", end="", file=sys.stderr, flush=True)


def _describe(target: Path, reviews: Dataset) -> str:
    parts = [("to train on", reviews.train), ("to validate", reviews.validation), ("to test", reviews.test)]
    parts.append(("without a label", reviews.unlabelled))
    return f"{target} holds " + ", ".join(f"{len(frame):,} reviews {use}" for use, frame in parts) + "."

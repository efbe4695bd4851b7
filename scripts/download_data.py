"""Downloads the IMDB reviews of Maas et al. 2011 from Stanford, 84 MB, and checks that they open.

An interrupted download resumes when the same command is run again.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import _path  # noqa: F401 - makes the package importable

from sentiment.dataset import Dataset, DatasetError, load
from sentiment.dataset.download import SHA256, URL, download


def main() -> int:
    """Runs the command line; returns the exit status."""
    options = _options()
    try:
        name = Path(urlsplit(options.url).path).name
    except ValueError as error:
        return _fail(f"{options.url} is not a valid address: {error}.")
    if not name:
        return _fail(f"{options.url} does not name a file.")
    target = options.output / name
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        download(options.url, target, options.sha256, _show if sys.stderr.isatty() else lambda done, total: None)
        if sys.stderr.isatty():
            print(file=sys.stderr)
        print(_describe(target, load(target)))
    except DatasetError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{target} cannot be written: {error.strerror}.")
    except KeyboardInterrupt:
        return _fail("Interrupted; run the same command to resume.", status=130)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("data"), help="folder to save to (default: %(default)s)")
    parser.add_argument("--url", default=URL, help="address of the archive, such as a mirror (default: %(default)s)")
    parser.add_argument("--sha256", default=SHA256, type=_checksum, help="expected checksum (default: %(default)s)")
    return parser.parse_args()


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


def _fail(sentence: str, status: int = 2) -> int:
    print(("\r\033[K" if sys.stderr.isatty() else "") + sentence, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())

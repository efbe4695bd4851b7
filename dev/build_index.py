"""Builds the index of the official IMDB split from the Stanford release, for files that have lost the split."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sentiment.dataset import DatasetError, fingerprint
from sentiment.dataset.official import INDEX, write_index
from sentiment.dataset.readers import read


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="the Stanford release as folder, archive or Parquet folder"
    )
    parser.add_argument("--output", type=Path, default=INDEX, help="the index to write (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        reviews = read(arguments.data).reviews
    except DatasetError as error:
        print(f"build_index.py: {error}", file=sys.stderr)
        return 2
    labelled = reviews[reviews["part"].isin(["train", "test"])]
    try:
        write_index(labelled.assign(fingerprint=list(map(fingerprint, labelled["text"]))), arguments.output)
    except OSError as error:
        print(f"build_index.py: {arguments.output} cannot be written: {error.strerror}.", file=sys.stderr)
        return 2
    print(f"{len(labelled):,} reviews indexed in {arguments.output}.")
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None

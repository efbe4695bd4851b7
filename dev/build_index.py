"""Builds the index of the official IMDB split from the Stanford release, for files that have lost the split."""

from __future__ import annotations

from pathlib import Path

from dev import command_line
from sentiment.dataset import fingerprint
from sentiment.dataset.official import INDEX, write_index
from sentiment.dataset.readers import read


def main() -> int:
    """Writes the index; returns the exit status."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="the Stanford release as folder, archive or Parquet folder"
    )
    parser.add_argument("--output", type=Path, default=INDEX, help="the index to write (default: %(default)s)")
    options = parser.parse_args()
    reviews = read(options.data).reviews
    labelled = reviews[reviews["part"].isin(["train", "test"])]
    write_index(labelled.assign(fingerprint=list(map(fingerprint, labelled["text"]))), options.output)
    print(f"{len(labelled):,} reviews indexed in {options.output}.")
    return 0


if __name__ == "__main__":
    command_line.run(main)

"""Files scored by ``score.py`` in this process."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.command import Done, run_script

REVIEWS = ["A good film, not dull.", "Bad.", "", "Ein ganz anderer Film", "good\nand bad", "=good", "NA"]


def score(*arguments: object) -> Done:
    """Runs ``score.py``."""
    return run_script("score.py", *arguments)


def score_file(run: Path, folder: Path, source: Path, output: str = "out.csv", *options: str, status: int = 0) -> Path:
    """Scores a file with a run; returns the path of the output in the folder."""
    done = score(source, folder / output, "--artifacts", run, *options)
    assert done.status == status, done.stderr
    return folder / output


def reviews_csv(path: Path) -> Path:
    """Writes the reviews with their numbers as ids."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "review"], *([f"{i:03}", text] for i, text in enumerate(REVIEWS))])
    return path


def rows_of(path: Path) -> list[list[str]]:
    """The rows of a CSV or TSV file, with its header."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ","))

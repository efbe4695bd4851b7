"""A run, and a labelled file from which ``sentiment adapt`` makes a better one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sentiment.commands import run_command
from tests.tiny import WORDS, tiny_run, tiny_weights

OPTIONS = ("--text-column", "comment", "--label-column", "verdict", "--labels", "fine=positive,poor=negative")


def teachable(folder: Path) -> Path:
    """Writes a run whose states distinguish words, and whose last layer has the wrong sign for "good" and "bad"."""
    return tiny_run(folder, weights=tiny_weights(len(WORDS) + 2, embedding=6, units=8, seed=3))


def labelled_file(folder: Path, rows: int = 160, *, noise: float = 0.0, name: str = "kettles.csv") -> Path:
    """Writes distinct comments, labelled fine if they say "good" and poor if "bad".

    Args:
        folder: where the file is written.
        rows: the number of comments.
        noise: the share of wrong labels.
        name: the name of the file.
    """
    rng = np.random.default_rng(0)
    lines = ["comment,verdict"]
    for row in range(rows):
        good = row % 2 == 0
        filler = " ".join(rng.choice(["the", "film", "is", "a", "great", "dull"], 6))
        word = "good" if good != (rng.random() < noise) else "bad"
        unique = f"{'x' * (row // 26)}{chr(97 + row % 26)}"  # without digits: a, b, ... z, xa, xb, ...
        lines.append(f"{filler} {word} {word} {unique},{'fine' if good else 'poor'}")
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def adapt(start: Path, data: Path, output: Path, *more: str) -> int:
    """Adapts the last layer of a run to a file of ``labelled_file``, and returns the exit status."""
    options = ["--data", str(data), "--start", str(start), "--output", str(output), "--method", "head"]
    return run_command("adapt", [*options, *OPTIONS, *more], "adapt")

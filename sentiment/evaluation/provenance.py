"""Where a result comes from: the commit of the program, and the reviews a run learned from.

Reviews are told by their fingerprints: names and paths of files prove nothing.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Literal

import pandas as pd

from sentiment.artifacts import Run
from sentiment.dataset import Dataset, official

Split = Literal["train", "validation"]


def learned_from(run: Run, split: Split | None = None) -> pd.Series:
    """The fingerprints of the reviews a run was trained on, tuned on, or either; none where it kept no record."""
    if not run.has("predictions.parquet"):
        return pd.Series([], dtype="str")
    chosen = [("split", "==", split)] if split else None
    return pd.read_parquet(run.file("predictions.parquet"), columns=["fingerprint"], filters=chosen)["fingerprint"]


def learned(run: Run, data: Dataset, split: Split) -> pd.DataFrame:
    """The reviews of ``data`` that the run was trained or tuned on; those set aside now where it kept no record."""
    if not run.has("predictions.parquet"):
        return data.train if split == "train" else data.validation
    reviews = pd.concat([data.train, data.validation], ignore_index=True)
    return reviews[reviews["fingerprint"].isin(learned_from(run, split))]


def is_imdb(fingerprints: pd.Series) -> bool:
    """Whether reviews are those of the IMDB release, but for a few."""
    return len(fingerprints) > 0 and fingerprints.isin(official.read_index()["fingerprint"]).mean() >= official.ENOUGH


def seen(run: Run, reviews: pd.DataFrame) -> int:
    """How many of these reviews the run was trained or tuned on."""
    return int(reviews["fingerprint"].isin(learned_from(run)).sum())


def set_aside_for(run: Run, data: Dataset) -> bool:
    """Whether the test part of ``data`` is the one that this run's training left untouched.

    It is when the data is the file the run was trained on, split by ``split_seed(run)``, and for a run trained on the
    IMDB reviews when it is the whole official test part, whichever form it came in. A version of this program that
    split the file in another way may have trained the run on reviews that are in the test part now.
    """
    if run.json("metadata.json")["data"]["sha256"] == data.source.sha256:
        return seen(run, data.test) == 0
    index = official.read_index()
    whole = sorted(index.loc[index["part"] == "test", "fingerprint"]) == sorted(data.test["fingerprint"])
    return whole and is_imdb(learned_from(run))


def split_seed(run: Run) -> int:
    """The seed by which reviews were held out of the run's training; older runs have one seed for everything."""
    made = run.json("metadata.json")
    return made.get("split_seed", made["seed"])


def commit() -> str | None:
    """The commit this program stands at, with a "+" where the code differs from it; None outside a git checkout."""
    try:
        stands = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)artifacts")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{stands}+" if changed else stands


def _git(*arguments: str) -> str:
    command = ("git", *arguments)
    found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    return found.stdout.strip()

"""Provenance of a result: the commit of the program, and the reviews on which a run was trained.

Reviews are identified by fingerprint, because names and paths of files are unreliable.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Literal

import pandas as pd

from sentiment.artifacts import Run
from sentiment.dataset import Dataset, official

Split = Literal["train", "validation"]


def training_fingerprints(run: Run, split: Split | None = None) -> pd.Series:
    """Returns the fingerprints of a run's training or validation reviews, of both if None; empty without a record."""
    if not run.has("predictions.parquet"):
        return pd.Series([], dtype="str")
    chosen = [("split", "==", split)] if split else None
    return pd.read_parquet(run.file("predictions.parquet"), columns=["fingerprint"], filters=chosen)["fingerprint"]


def training_reviews(run: Run, data: Dataset, split: Split) -> pd.DataFrame:
    """Returns the reviews of ``data`` that were training or validation reviews of the run.

    If the run has no record, these are the training or validation reviews of ``data``.
    """
    if not run.has("predictions.parquet"):
        return data.train if split == "train" else data.validation
    reviews = pd.concat([data.train, data.validation], ignore_index=True)
    return reviews[reviews["fingerprint"].isin(training_fingerprints(run, split))]


def is_imdb(fingerprints: pd.Series) -> bool:
    """Returns whether nearly all of these reviews are from the IMDB release."""
    if fingerprints.empty:
        return False
    known = fingerprints.astype(object).isin(official.read_index()["fingerprint"].astype(object))  # strings are slow
    return bool(known.mean() >= official.MIN_IMDB_SHARE)


def count_seen(run: Run, reviews: pd.DataFrame) -> int:
    """Returns how many of these reviews were training or validation reviews of the run."""
    return int(reviews["fingerprint"].isin(training_fingerprints(run)).sum())


def is_own_test_set(run: Run, data: Dataset) -> bool:
    """Returns whether the test part of ``data`` was held out from this run's training.

    This is so if ``data`` is the file on which the run was trained, split by ``split_seed(run)``, unless a test review
    is among the run's training reviews, because an older version of this program split files differently. For a run
    trained on the IMDB reviews, it is also so if the test part is the whole official one, in any format.
    """
    if run.json("metadata.json")["data"]["sha256"] == data.source.sha256:
        return count_seen(run, data.test) == 0
    index = official.read_index()
    whole = sorted(index.loc[index["part"] == "test", "fingerprint"]) == sorted(data.test["fingerprint"])
    return whole and is_imdb(training_fingerprints(run))


def split_seed(run: Run) -> int:
    """Returns the seed of the run's split; older runs have a single seed."""
    metadata = run.json("metadata.json")
    return metadata.get("split_seed", metadata["seed"])


def commit() -> str | None:
    """Returns the commit of this program, with a "+" if the code has changed since; None outside a git checkout."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)artifacts")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{head}+" if changed else head


def _git(*arguments: str) -> str:
    command = ("git", *arguments)
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    return done.stdout.strip()

"""Recovers the official split of the IMDB reviews for files that have lost it.

A small index has the fingerprint, the part and the film of each of the 50,000 labelled reviews, but no text.
``dev/build_index.py`` builds it from the Stanford release. The release repeats some texts, so copies are matched one by
one.

If most rows of a file are IMDB reviews, a row that the index lacks, or has fewer times, is left out. It may be an
edited test review, and training on it would inflate the test results.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

INDEX = Path(__file__).with_name("imdb_index.npz")
MIN_IMDB_SHARE = 0.9  # of a file's rows, for the official split to be used


def write_index(reviews: pd.DataFrame, path: Path = INDEX) -> None:
    """Writes the index of labelled reviews with columns text, fingerprint, part and film.

    Copies of one fingerprint are in order of text, test before train. So if a file has one copy of a text that is in
    both parts, it is a test review.
    """
    rows = reviews.sort_values(["fingerprint", "text", "part", "film"])
    np.savez_compressed(
        path,
        fingerprint=np.frombuffer(bytes.fromhex("".join(rows["fingerprint"])), dtype=">u8"),
        film=rows["film"].str.removeprefix("tt").astype("uint32").to_numpy(),
        test=(rows["part"] == "test").to_numpy(),
    )


def read_index(path: Path = INDEX) -> pd.DataFrame:
    """Returns columns ``fingerprint``, ``part`` and ``film``, in the index's order."""
    with np.load(path, allow_pickle=False) as arrays:
        hexes = arrays["fingerprint"].tobytes().hex()
        return pd.DataFrame(
            {
                "fingerprint": [hexes[start : start + 16] for start in range(0, len(hexes), 16)],
                "part": np.where(arrays["test"], "test", "train"),
                "film": [f"tt{number:07}" for number in arrays["film"].tolist()],
            }
        )


def match(reviews: pd.DataFrame) -> pd.DataFrame:
    """Returns the ``part`` and ``film`` of each review; NaN if the index lacks it or has fewer copies.

    Args:
        reviews: in order of fingerprint and text.
    """
    index = read_index()
    keys = ["fingerprint", "copy"]
    index["copy"] = index.groupby("fingerprint").cumcount()
    wanted = reviews[["fingerprint"]].assign(copy=reviews.groupby("fingerprint").cumcount())
    return wanted.merge(index, on=keys, how="left", validate="one_to_one")[["part", "film"]].set_index(reviews.index)


def is_imdb(reviews: pd.DataFrame, matched: pd.Series) -> bool:
    """Returns whether at least ``MIN_IMDB_SHARE`` of the reviews are IMDB reviews.

    If one copy of a text matched, all its copies count, so that a file concatenated with itself is recognised.
    """
    return bool(matched.groupby(reviews["fingerprint"]).transform("any").mean() >= MIN_IMDB_SHARE)

"""The official split of the IMDB reviews, found again for files that have lost it.

A small index, built by ``dev/build_index.py`` from the Stanford release, has for each of its 50,000 labelled
reviews the fingerprint, the part and the film; it holds no text. Some texts stand in the release more than once, so a
file is matched copy by copy.

In a file most of whose rows are IMDB reviews, a row that the index does not hold, or not that many times, is left out:
it may be a test review in other words, and training on it would flatter the model.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

INDEX = Path(__file__).with_name("imdb_index.npz")
ENOUGH = 0.9  # the share of a file's rows that must be IMDB reviews for the official split to be used


def write_index(reviews: pd.DataFrame, path: Path = INDEX) -> None:
    """Writes the index of labelled reviews with columns text, fingerprint, part and film.

    Copies of one fingerprint are in order of text, test before train: where a file has kept only one copy of a text
    that is in both, it counts as a test review.
    """
    rows = reviews.sort_values(["fingerprint", "text", "part", "film"])
    np.savez_compressed(
        path,
        fingerprint=np.frombuffer(bytes.fromhex("".join(rows["fingerprint"])), dtype=">u8"),
        film=rows["film"].str.removeprefix("tt").astype("uint32").to_numpy(),
        test=(rows["part"] == "test").to_numpy(),
    )


def read_index(path: Path = INDEX) -> pd.DataFrame:
    """Columns ``fingerprint``, ``part`` and ``film``, in the index's order."""
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
    """The ``part`` and ``film`` of each review, NaN where the index does not hold it, or not that many times.

    Args:
        reviews: in order of fingerprint and text.
    """
    index = read_index()
    keys = ["fingerprint", "copy"]
    index["copy"] = index.groupby("fingerprint").cumcount()
    wanted = reviews[["fingerprint"]].assign(copy=reviews.groupby("fingerprint").cumcount())
    return wanted.merge(index, on=keys, how="left", validate="one_to_one")[["part", "film"]].set_index(reviews.index)


def is_imdb(reviews: pd.DataFrame, matched: pd.Series) -> bool:
    """Whether these are the IMDB reviews, rather than a few of them among others.

    A text matched once counts in all its copies, so that a file joined to itself is still recognised.
    """
    return bool(matched.groupby(reviews["fingerprint"]).transform("any").mean() >= ENOUGH)

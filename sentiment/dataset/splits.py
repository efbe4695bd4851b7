"""Drawing reviews by seed: whole groups, so that no film or text stands on both sides, each class in its share.

Sizes are numbers of distinct texts: a text that is repeated a hundred times teaches, and tests, no more than once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd


def distinct(reviews: pd.DataFrame) -> pd.DataFrame:
    """Returns one row for each text, in their order: the first one that has the label of most copies of the text.

    In a tie the first copy is kept.

    Args:
        reviews: has the columns ``label`` (0 or 1) and ``fingerprint``.
    """
    positive = reviews.groupby("fingerprint")["label"].transform("mean")
    outvoted = (reviews["label"] - positive).abs() > 0.5
    return reviews[~outvoted].drop_duplicates("fingerprint")


def draw(reviews: pd.DataFrame, group: str, size: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """<bool>[rows], True for about ``size`` reviews: whole groups, taken in random order while both classes have room.

    Args:
        reviews: has the columns ``label`` (0 or 1) and ``fingerprint``.
        group: the column whose values are kept together; a row where it is "" is a group of its own fingerprint.
        size: how many reviews; fewer are taken only where the groups do not fit.
        rng: gives the order of the groups.
    """
    names = reviews[group].where(reviews[group] != "", reviews["fingerprint"])
    codes, found = pd.factorize(names)
    labels = reviews["label"].to_numpy(dtype=np.int64)
    counts = np.zeros((len(found), 2), dtype=np.int64)
    np.add.at(counts, (codes, labels), 1)
    room = _shares(counts.sum(axis=0), size)
    chosen = np.zeros(len(found), dtype=np.bool_)
    for code in rng.permutation(len(found)):
        if np.all(counts[code] <= room):
            chosen[code] = True
            room -= counts[code]
    return chosen[codes]


def _shares(counts: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    """<int64>[2], ``size`` divided between the classes in proportion, at least one of each."""
    positive = int(np.clip(round(size * counts[1] / counts.sum()), 1, size - 1))
    return np.array([size - positive, positive])

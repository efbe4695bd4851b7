"""Stratified random splits that keep groups together, so that no film or text is on both sides.

Sizes are numbers of distinct texts, because repeats of a text add nothing to training or test.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd


def distinct(reviews: pd.DataFrame) -> pd.DataFrame:
    """Returns one row for each text, in order: the first copy with the majority label.

    In a tie the first copy is kept.

    Args:
        reviews: has the columns ``label`` (0 or 1) and ``fingerprint``.
    """
    positive = reviews.groupby("fingerprint")["label"].transform("mean")
    outvoted = (reviews["label"] - positive).abs() > 0.5
    return reviews[~outvoted].drop_duplicates("fingerprint")


def draw(reviews: pd.DataFrame, group: str, size: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Draws about ``size`` reviews in whole groups; returns <bool>[rows].

    Groups are taken in random order as long as both classes have room.

    Args:
        reviews: has the columns ``label`` (0 or 1) and ``fingerprint``.
        group: the column whose values are kept together; rows with "" are grouped by fingerprint.
        size: the number of reviews; fewer are drawn only if the groups do not fit.
        rng: orders the groups.
    """
    names = reviews[group].where(reviews[group] != "", reviews["fingerprint"])
    codes, groups = pd.factorize(names)
    labels = reviews["label"].to_numpy(dtype=np.int64)
    counts = np.zeros((len(groups), 2), dtype=np.int64)
    np.add.at(counts, (codes, labels), 1)
    room = _shares(counts.sum(axis=0), size)
    chosen = np.zeros(len(groups), dtype=np.bool_)
    for code in rng.permutation(len(groups)):
        if np.all(counts[code] <= room):
            chosen[code] = True
            room -= counts[code]
    return chosen[codes]


def _shares(counts: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    """Returns <int64>[2], ``size`` divided between the classes in proportion, at least one of each."""
    positive = int(np.clip(round(size * counts[1] / counts.sum()), 1, size - 1))
    return np.array([size - positive, positive])

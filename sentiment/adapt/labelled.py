"""Removes duplicates from labelled texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment.dataset import splits
from sentiment.dataset.fingerprints import fingerprint

MOST = 20_000  # texts to which a new last layer is fitted; they take a minute, and more of them gain little


def distinct(
    texts: Sequence[str], labels: Sequence[int] | npt.NDArray[Any]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
    """Returns a row for each distinct text, in order, and its majority label; for a tie the first label.

    Of more than ``MOST`` distinct texts, ``MOST`` are drawn at random.

    Args:
        texts: the labelled texts; two are duplicates if their letters and digits are the same.
        labels: 1 positive and 0 negative, one for each.

    Returns:
        <intp>[distinct texts], the rows, and <int64>[distinct texts], the labels.
    """
    found = splits.distinct(pd.DataFrame({"fingerprint": map(fingerprint, texts), "label": labels}))
    found = at_most(found)
    return found.index.to_numpy(np.intp), found["label"].to_numpy(np.int64)


def at_most(reviews: pd.DataFrame) -> pd.DataFrame:
    """Returns all reviews, or a random sample of ``MOST``, in order."""
    return reviews if len(reviews) <= MOST else reviews.sample(MOST, random_state=0).sort_index()

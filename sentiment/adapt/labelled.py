"""One row and one label for each distinct text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment.dataset import splits
from sentiment.dataset.fingerprints import fingerprint

MOST = 20_000  # texts that a new last layer learns from; they take a minute, and more of them gain little


def distinct(
    texts: Sequence[str], labels: Sequence[int] | npt.NDArray[Any]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
    """Returns a row for each distinct text, in order, and its label, by majority; of a tie the first label.

    Of more than ``MOST`` texts, as many are drawn at random.

    Args:
        texts: the labelled texts; two are the same if their letters and digits are.
        labels: 1 positive and 0 negative, one for each.

    Returns:
        <int>[distinct texts], rows, and <int>[distinct texts], labels.
    """
    found = splits.distinct(pd.DataFrame({"fingerprint": map(fingerprint, texts), "label": labels}))
    found = at_most(found)
    return found.index.to_numpy(np.intp), found["label"].to_numpy(np.int64)


def at_most(reviews: pd.DataFrame) -> pd.DataFrame:
    """Returns all reviews, or ``MOST`` of them that are drawn at random, in order."""
    return reviews if len(reviews) <= MOST else reviews.sample(MOST, random_state=0).sort_index()

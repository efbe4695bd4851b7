"""Drawing a part of a data set: groups stay whole, classes keep their shares."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from sentiment.dataset.splits import draw


def review_table(groups: list[int], labels: list[int]) -> pd.DataFrame:
    """Returns reviews with these films and labels; 0 is a review without a film."""
    return pd.DataFrame(
        {
            "film": [f"tt{group}" if group else "" for group in groups],
            "label": np.array(labels, dtype=np.int8),
            "fingerprint": [f"{row:016x}" for row in range(len(groups))],
        }
    )


rows = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 1)), min_size=4, max_size=60)


@given(rows, st.integers(2, 30), st.integers(0, 3))
def test_groups_stay_whole_and_no_class_gets_more_than_its_share(pairs, size, seed):
    groups, labels = (list(column) for column in zip(*pairs, strict=True))
    reviews = review_table(groups, labels)
    chosen = draw(reviews, "film", size, np.random.default_rng(seed))
    named = reviews["film"] != ""
    assert not set(reviews["film"][chosen & named]) & set(reviews["film"][~chosen & named])
    positive = sum(labels)
    share = np.clip(round(size * positive / len(labels)), 1, size - 1)
    assert reviews["label"][chosen].sum() <= share
    assert (reviews["label"][chosen] == 0).sum() <= size - share


@given(st.integers(2, 40), st.integers(0, 3))
def test_rows_without_a_group_fill_the_size_exactly(size, seed):
    reviews = review_table([0] * 100, [0, 1] * 50)
    chosen = draw(reviews, "film", size, np.random.default_rng(seed))
    assert chosen.sum() == size
    assert abs(2 * reviews["label"][chosen].sum() - size) <= 1


def test_every_group_is_drawn_under_some_seed():
    reviews = review_table(list(range(1, 21)), [0, 1] * 10)
    seen = np.zeros(20, dtype=int)
    for seed in range(60):
        seen += draw(reviews, "film", 6, np.random.default_rng(seed))
    assert seen.min() > 0

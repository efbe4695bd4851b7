"""The model as files are scored with it gives the scores of ``model.onnx``."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment import Classifier
from sentiment.bulk.tabled import load_bulk

RUNS = ["distilled", "lstm"]


@pytest.fixture(scope="module")
def reviews():
    """Ids of 60 made-up reviews of 1 to 300 tokens."""
    rng = np.random.default_rng(0)
    return [rng.integers(1, 10_000, length).astype(np.int32) for length in rng.integers(1, 300, 60)]


@pytest.mark.parametrize("run", RUNS)
def test_a_table_and_the_lstm_give_the_same_scores(run, reviews):
    exact = Classifier.load(f"artifacts/{run}").logits(reviews)
    assert load_bulk(f"artifacts/{run}").logits(reviews) == pytest.approx(exact, abs=2e-5)


@pytest.mark.parametrize("fast", [False, True])
def test_a_score_does_not_depend_on_the_batch_nor_on_padding(fast, reviews):
    bulk = load_bulk("artifacts/distilled", fast=fast)
    alone = np.concatenate([bulk.logits([review]) for review in reviews])
    assert bulk.logits(reviews) == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize("run", RUNS)
def test_int8_is_near_the_truth_and_not_the_truth(run, reviews):
    exact, fast = (
        load_bulk(f"artifacts/{run}").logits(reviews),
        load_bulk(f"artifacts/{run}", fast=True).logits(reviews),
    )
    assert 0 < np.abs(exact - fast).max() < 0.1

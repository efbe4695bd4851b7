"""Estimates of a whole file from a few labelled rows."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.adapt.estimates import accuracy, share_positive
from sentiment.evaluation.metrics import sigmoid, wilson_interval


def file_of(rng: np.random.Generator, n: int, positive: float, skill: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels of ``n`` rows and a model's probabilities; ``skill`` 0 knows nothing of the labels."""
    labels = (rng.random(n) < positive).astype(int)
    return labels, sigmoid(skill * (labels - 0.5) + np.sqrt(max(skill, 1)) * rng.normal(size=n) + 0.5)


@pytest.mark.parametrize("skill", [0, 2, 6])
@pytest.mark.parametrize("positive", [0.5, 0.95])
@pytest.mark.parametrize("n", [20, 80])
def test_the_intervals_contain_the_truth_in_nine_of_ten_draws_or_more(skill: float, positive: float, n: int) -> None:
    rng = np.random.default_rng(1)
    labels, probabilities = file_of(rng, 2_000, positive, skill)
    right = ((probabilities >= 0.5) == labels).mean()
    held = []
    for _ in range(300):
        rows = rng.choice(len(labels), n, replace=False)
        share = share_positive(labels[rows], probabilities[rows], probabilities)
        score = accuracy(int(((probabilities >= 0.5) == labels)[rows].sum()), n, len(labels))
        assert share is not None
        assert score is not None
        held.append((share.low <= labels.mean() <= share.high, score.low <= right <= score.high))
    assert (np.mean(held, axis=0) > 0.9).all()


def test_a_good_model_narrows_the_interval_and_a_useless_one_does_not_widen_it() -> None:
    rng = np.random.default_rng(2)
    widths = {}
    for skill in (0, 8):
        labels, probabilities = file_of(rng, 5_000, 0.6, skill)
        rows = rng.choice(5_000, 100, replace=False)
        share = share_positive(labels[rows], probabilities[rows], probabilities)
        assert share is not None
        low, high = wilson_interval(int(labels[rows].sum()), 100)
        widths[skill] = (share.high - share.low) / (high - low)
    assert widths[8] < 0.8
    assert widths[0] < 1.05


def test_a_file_that_is_labelled_throughout_has_an_exact_answer() -> None:
    labels, probabilities = file_of(np.random.default_rng(3), 60, 0.7, 3)
    share = share_positive(labels, probabilities, probabilities)
    assert share is not None
    assert share.value == share.low == share.high == pytest.approx(labels.mean())
    score = accuracy(45, 60, 60)
    assert score is not None
    assert (score.value, score.low, score.high) == (0.75, 0.75, 0.75)


@pytest.mark.parametrize("probability", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("label", [0, 1])
def test_labels_of_one_class_still_leave_room_for_doubt(probability: float, label: int) -> None:
    share = share_positive(np.full(5, label), np.full(5, probability), np.full(1_000, probability))
    assert share is not None
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert share.high - share.low > 0.1


def test_without_labels_there_is_no_estimate() -> None:
    assert share_positive(np.array([]), np.array([]), np.array([0.4])) is None
    assert accuracy(0, 0, 10) is None

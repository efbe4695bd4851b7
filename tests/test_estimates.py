"""Estimates of the share of positive rows and of the accuracy in a file, from a few labelled rows."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.adapt.estimates import accuracy, share_positive
from sentiment.evaluation.metrics import sigmoid, wilson_interval


def simulated_file(rng: np.random.Generator, n: int, positive: float, skill: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels of ``n`` rows and a model's probabilities; with ``skill`` 0 they do not depend on the labels."""
    labels = (rng.random(n) < positive).astype(int)
    return labels, sigmoid(skill * (labels - 0.5) + np.sqrt(max(skill, 1)) * rng.normal(size=n) + 0.5)


@pytest.mark.parametrize("skill", [0, 2, 6])
@pytest.mark.parametrize("positive", [0.5, 0.95])
@pytest.mark.parametrize("n", [20, 80])
def test_intervals_cover_the_true_value_in_at_least_nine_of_ten_samples(skill: float, positive: float, n: int) -> None:
    rng = np.random.default_rng(1)
    labels, probabilities = simulated_file(rng, 2_000, positive, skill)
    right = ((probabilities >= 0.5) == labels).mean()
    covered = []
    for _ in range(300):
        rows = rng.choice(len(labels), n, replace=False)
        share = share_positive(labels[rows], probabilities[rows], probabilities)
        share_correct = accuracy(int(((probabilities >= 0.5) == labels)[rows].sum()), n, len(labels))
        assert share is not None
        assert share_correct is not None
        covered.append((share.low <= labels.mean() <= share.high, share_correct.low <= right <= share_correct.high))
    assert (np.mean(covered, axis=0) > 0.9).all()


def test_a_good_model_narrows_the_interval_and_a_useless_one_hardly_widens_it() -> None:
    rng = np.random.default_rng(2)
    widths = {}
    for skill in (0, 8):
        labels, probabilities = simulated_file(rng, 5_000, 0.6, skill)
        rows = rng.choice(5_000, 100, replace=False)
        share = share_positive(labels[rows], probabilities[rows], probabilities)
        assert share is not None
        low, high = wilson_interval(int(labels[rows].sum()), 100)
        widths[skill] = (share.high - share.low) / (high - low)
    assert widths[8] < 0.8
    assert widths[0] < 1.05


def test_the_estimates_of_a_fully_labelled_file_are_exact() -> None:
    labels, probabilities = simulated_file(np.random.default_rng(3), 60, 0.7, 3)
    share = share_positive(labels, probabilities, probabilities)
    assert share is not None
    assert share.value == share.low == share.high == pytest.approx(labels.mean())
    share_correct = accuracy(45, 60, 60)
    assert share_correct is not None
    assert (share_correct.value, share_correct.low, share_correct.high) == (0.75, 0.75, 0.75)


@pytest.mark.parametrize("probability", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("label", [0, 1])
def test_a_few_labels_of_one_class_still_give_a_wide_interval(probability: float, label: int) -> None:
    share = share_positive(np.full(5, label), np.full(5, probability), np.full(1_000, probability))
    assert share is not None
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert share.high - share.low > 0.1


def test_without_labels_there_is_no_estimate() -> None:
    assert share_positive(np.array([]), np.array([]), np.array([0.4])) is None
    assert accuracy(0, 0, 10) is None

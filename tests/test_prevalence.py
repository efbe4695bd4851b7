"""The share of positive reviews in a file, adjusted for the model's error rates."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.bulk.prevalence import Share, adjusted_count

TRIALS = 400
LOWEST_COVERAGE = 0.92  # of 95% intervals, in so many trials


def estimates(truth: float, *, tpr: float, fpr: float, labels: int, rows: int) -> list[Share]:
    """Returns adjusted counts of random files whose true share of positive rows is ``truth``.

    Args:
        truth: the share of positive rows.
        tpr: the model's true-positive rate.
        fpr: its false-positive rate.
        labels: the known reviews of each class, from which the two rates are estimated.
        rows: the rows of each file.
    """
    rng = np.random.default_rng(0)
    found = []
    for _ in range(TRIALS):
        tp, fp = int(rng.binomial(labels, tpr)), int(rng.binomial(labels, fpr))
        positives = round(truth * rows)
        predicted = rng.binomial(positives, tpr) + rng.binomial(rows - positives, fpr)
        share = adjusted_count(int(predicted), rows, {"tp": tp, "fp": fp, "fn": labels - tp, "tn": labels - fp})
        assert share is not None
        found.append(share)
    return found


def coverage(shares: list[Share], truth: float) -> float:
    """Returns how many of the intervals hold the true share."""
    return sum(share.low <= truth <= share.high for share in shares) / len(shares)


@pytest.mark.parametrize("truth", [0.02, 0.1, 0.5, 0.9, 0.98])
def test_the_adjusted_count_has_no_bias_where_counting_has(truth: float) -> None:
    shares = estimates(truth, tpr=0.9, fpr=0.08, labels=12_500, rows=4000)
    assert coverage(shares, truth) > LOWEST_COVERAGE
    assert abs(np.mean([share.corrected for share in shares]) - truth) < 0.003
    if truth != 0.5:
        assert abs(np.mean([share.raw for share in shares]) - truth) > 0.03


@pytest.mark.parametrize("truth", [0, 0.1, 0.5, 0.9, 1])
def test_the_interval_covers_the_true_share_although_few_labels_are_known(truth: float) -> None:
    assert coverage(estimates(truth, tpr=0.95, fpr=0.05, labels=20, rows=200), truth) > LOWEST_COVERAGE


def test_the_interval_is_wide_although_no_error_was_seen_among_few_labels() -> None:
    share = adjusted_count(100, 100, {"tp": 10, "fp": 0, "fn": 0, "tn": 10})
    assert share is not None
    assert (share.corrected, share.high) == (1, 1)
    assert 0.7 < share.low < 0.9


@pytest.mark.parametrize(
    ("positive", "rows", "confusion"),
    [
        (5, 10, {"tp": 1, "fp": 1, "fn": 1, "tn": 1}),
        (0, 0, {"tp": 9, "fp": 1, "fn": 1, "tn": 9}),
        (5, 10, {"tp": 9, "fp": 0, "fn": 1, "tn": 0}),
    ],
    ids=["rates of chance", "no rows", "no negative labels"],
)
def test_there_is_no_adjusted_count_without_rows_or_informative_rates(
    positive: int, rows: int, confusion: dict[str, int]
) -> None:
    assert adjusted_count(positive, rows, confusion) is None

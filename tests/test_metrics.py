"""Metrics and comparisons of two models, against closed forms and brute force on a few reviews."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.evaluation import comparison, metrics

SCORED = st.lists(st.tuples(st.integers(-4, 4).map(float), st.integers(0, 1)), min_size=2, max_size=25).map(
    lambda pairs: (np.array([s for s, _ in pairs]), np.array([y for _, y in pairs], np.int8))
)
BOTH_CLASSES = SCORED.filter(lambda pair: 0 < pair[1].sum() < len(pair[1]))


def calibrated(n: int, spread: float = 2.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn with the probabilities of the logits."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=spread, size=n)
    return logits, (rng.random(n) < metrics.sigmoid(logits)).astype(np.int8)


def test_confusion_counts_each_verdict_once_and_a_score_at_the_threshold_is_positive() -> None:
    counted = metrics.confusion(np.array([0.0, 2.0, -1.0, -1.0, 3.0]), np.array([1, 0, 1, 0, 1]))
    assert counted == metrics.Confusion(tp=2, fp=1, fn=1, tn=1)
    assert counted.accuracy == 3 / 5
    assert counted.precision == 2 / 3
    assert counted.recall == 2 / 3
    assert counted.f1 == pytest.approx(2 / 3)


def test_precision_and_recall_are_zero_where_there_is_nothing_to_divide_by() -> None:
    nothing = metrics.Confusion(0, 0, 0, 4)
    assert (nothing.precision, nothing.recall, nothing.f1, nothing.accuracy) == (0, 0, 0, 1)


def test_sigmoid_is_precise_at_both_ends() -> None:
    assert metrics.sigmoid(np.array([-800.0, 0.0, 800.0])).tolist() == [0.0, 0.5, 1.0]
    assert metrics.sigmoid(np.array([-40.0]))[0] == pytest.approx(math.exp(-40), rel=1e-12)


def test_log_loss_and_brier_of_known_probabilities() -> None:
    logits, labels = np.log([0.8 / 0.2, 0.3 / 0.7]), np.array([1, 0])
    assert metrics.log_loss(logits, labels) == pytest.approx(-(math.log(0.8) + math.log(0.7)) / 2)
    assert metrics.brier(metrics.sigmoid(logits), labels) == pytest.approx((0.2**2 + 0.3**2) / 2)
    assert metrics.log_loss(np.array([1000.0]), np.array([0])) == pytest.approx(1000.0)


@given(BOTH_CLASSES)
def test_auc_is_the_probability_that_a_positive_review_outscores_a_negative_one(
    pair: tuple[np.ndarray, np.ndarray],
) -> None:
    scores, labels = pair
    duels = [(p > n) + (p == n) / 2 for p, n in product(scores[labels == 1], scores[labels == 0])]
    assert metrics.sweep(scores, labels).auc == pytest.approx(np.mean(duels))


@given(BOTH_CLASSES)
def test_a_sweep_counts_what_confusion_counts_at_every_threshold(pair: tuple[np.ndarray, np.ndarray]) -> None:
    scores, labels = pair
    curve = metrics.sweep(scores, labels)
    assert sorted(set(scores), reverse=True) == curve.thresholds[1:].tolist()
    for threshold, tp, fp, precision, recall in zip(
        curve.thresholds, curve.tp, curve.fp, curve.precision, curve.recall, strict=True
    ):
        counted = metrics.confusion(scores, labels, threshold)
        assert (tp, fp, recall) == (counted.tp, counted.fp, counted.recall)
        assert precision == (counted.precision if counted.tp + counted.fp else 1.0)


@given(BOTH_CLASSES)
def test_average_precision_is_the_sum_of_precision_times_gained_recall(pair: tuple[np.ndarray, np.ndarray]) -> None:
    scores, labels = pair
    total, before = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        counted = metrics.confusion(scores, labels, threshold)
        total += (counted.recall - before) * counted.precision
        before = counted.recall
    assert metrics.sweep(scores, labels).average_precision == pytest.approx(total)


def test_areas_are_nan_where_a_class_is_missing() -> None:
    scores = np.array([1.0, 2.0])
    assert math.isnan(metrics.sweep(scores, np.array([1, 1])).auc)
    assert math.isnan(metrics.sweep(scores, np.array([0, 0])).auc)
    assert math.isnan(metrics.sweep(scores, np.array([0, 0])).average_precision)
    assert metrics.sweep(scores, np.array([1, 1])).average_precision == 1.0


def test_a_thinned_sweep_keeps_its_ends_and_its_area() -> None:
    curve = metrics.sweep(*calibrated(20_000))
    thin = curve.thin(300)
    assert 250 < len(thin.thresholds) <= 300
    assert (thin.tp[0], thin.fp[0], thin.tp[-1], thin.fp[-1]) == (0, 0, curve.tp[-1], curve.fp[-1])
    assert set(thin.thresholds) <= set(curve.thresholds)
    assert thin.auc == pytest.approx(curve.auc, abs=1e-4)
    assert thin.thin(300) is thin


def test_the_cheapest_threshold_is_the_one_of_least_cost() -> None:
    scores, labels = np.array([0.9, 0.6, 0.4, 0.1]), np.array([1, 0, 1, 0])
    curve = metrics.sweep(scores, labels)
    assert curve.cost(1.0).tolist() == [2 / 4, 1 / 4, 2 / 4, 1 / 4, 2 / 4]
    assert curve.cheapest(5.0) == 0.9  # false positives are expensive: only the surest review is positive
    assert curve.cheapest(0.2) == 0.4  # false negatives are expensive


@pytest.mark.parametrize("ratio", [0.25, 1.0, 4.0])
def test_the_cheapest_threshold_of_calibrated_probabilities_follows_from_the_cost_ratio(ratio: float) -> None:
    logits, labels = calibrated(200_000)
    assert metrics.sweep(metrics.sigmoid(logits), labels).cheapest(ratio) == pytest.approx(
        ratio / (1 + ratio), abs=0.03
    )


def test_reliability_bins_have_equal_counts_and_their_mean_gap_is_the_error() -> None:
    probabilities, labels = np.array([0.9, 0.1, 0.2, 0.8]), np.array([1, 0, 1, 1])
    bins = metrics.reliability(probabilities, labels, bins=2)
    assert bins.count.tolist() == [2, 2]
    assert bins.stated == pytest.approx([0.15, 0.85])
    assert bins.observed.tolist() == [0.5, 1.0]
    assert bins.error == pytest.approx((0.35 + 0.15) / 2)


def test_with_more_bins_than_reviews_each_bin_has_one_review() -> None:
    bins = metrics.reliability(np.array([0.5, 0.25]), np.array([1, 0]))
    assert bins.count.tolist() == [1, 1]
    assert bins.error == pytest.approx((0.5 + 0.25) / 2)


def test_calibrated_probabilities_have_hardly_any_calibration_error() -> None:
    logits, labels = calibrated(50_000)
    assert metrics.reliability(metrics.sigmoid(logits), labels).error < 0.01
    assert metrics.reliability(metrics.sigmoid(3 * logits), labels).error > 0.05


def test_the_chance_error_is_that_of_labels_drawn_with_the_probabilities() -> None:
    logits, _ = calibrated(600)
    probabilities, rng = metrics.sigmoid(logits), np.random.default_rng(5)
    median, high = metrics.chance_error(probabilities, samples=2000)
    drawn = [metrics.reliability(probabilities, rng.random(600) < probabilities).error for _ in range(2000)]
    assert np.mean(np.array(drawn) > median) == pytest.approx(0.5, abs=0.05)
    assert np.mean(np.array(drawn) > high) == pytest.approx(0.05, abs=0.02)


def test_the_chance_error_falls_with_the_number_of_reviews() -> None:
    few, many = (metrics.chance_error(metrics.sigmoid(calibrated(n)[0])) for n in (200, 20_000))
    assert many[1] < few[0]


def test_certain_probabilities_have_no_chance_error() -> None:
    assert metrics.chance_error(np.array([0.0, 1.0, 1.0])) == (0.0, 0.0)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_fitted_temperature_undoes_a_known_scaling(temperature: float) -> None:
    logits, labels = calibrated(100_000)
    assert metrics.fit_temperature(logits * temperature, labels) == pytest.approx(temperature, rel=0.02)


@given(BOTH_CLASSES)
def test_no_other_temperature_in_the_range_has_a_lower_loss(pair: tuple[np.ndarray, np.ndarray]) -> None:
    logits, labels = pair
    best = metrics.log_loss(logits / metrics.fit_temperature(logits, labels), labels)
    assert all(best <= metrics.log_loss(logits / other, labels) + 1e-9 for other in np.geomspace(0.05, 20, 50))


def test_an_unbounded_temperature_stops_at_the_end_of_the_range() -> None:
    logits = np.array([2.0, -2.0])
    assert metrics.fit_temperature(logits, np.array([1, 0])) == pytest.approx(0.05)
    assert metrics.fit_temperature(logits, np.array([0, 1])) == pytest.approx(20.0)


def test_the_bounds_of_wilson_s_interval_solve_its_equation() -> None:
    z = 1.959963984540054  # the 97.5% quantile of the normal distribution
    for successes, n in [(0, 10), (3, 10), (10, 10), (22_913, 25_000)]:
        low, high = metrics.wilson_interval(successes, n)
        assert 0 <= low <= successes / n <= high <= 1
        for bound in (low, high):  # |share - bound| is z standard errors *at the bound*; trivial where it is 0 or 1
            assert abs(successes / n - bound) == pytest.approx(z * math.sqrt(bound * (1 - bound) / n), abs=1e-9)
    assert metrics.wilson_interval(0, 0) == (0.0, 1.0)


@given(st.integers(0, 12), st.integers(0, 12))
def test_mcnemar_s_p_value_is_the_two_sided_binomial_probability(first: int, second: int) -> None:
    n = first + second
    uneven = sum(math.comb(n, k) for k in range(n + 1) if abs(2 * k - n) >= abs(first - second))
    assert comparison.mcnemar(first, second) == pytest.approx(uneven / 2**n)


def test_mcnemar_s_p_value_is_exact_for_thousands_of_pairs() -> None:
    assert comparison.mcnemar(1200, 1000) == pytest.approx(2.2e-5, rel=0.1)
    assert comparison.mcnemar(25_000, 0) == 0.0  # below the smallest float


def test_a_comparison_counts_disagreements_and_bounds_the_difference() -> None:
    first, second = np.array([1, 1, 0, 0, 1] * 200, bool), np.array([1, 0, 1, 1, 1] * 200, bool)
    found = comparison.compare(first, second)
    assert (found.n, found.first_only, found.second_only) == (1000, 200, 400)
    assert found.difference == pytest.approx(0.2)
    spread = 1.96 * math.sqrt((0.6 - 0.2**2) / 1000)  # the mean of +1, -1 and 0, by the central limit
    assert found.interval == pytest.approx((0.2 - spread, 0.2 + spread), abs=0.005)
    assert found.p_value < 1e-10


def test_the_fast_bootstrap_agrees_with_resampling_single_reviews() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.random(300) < 0.8, rng.random(300) < 0.84
    gain = second.astype(int) - first
    drawn = gain[rng.integers(0, 300, size=(4000, 300))].mean(axis=1)
    assert comparison.compare(first, second).interval == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.006)


def test_a_classifier_compared_with_itself_does_not_differ() -> None:
    right = np.array([True, False, True])
    assert comparison.compare(right, right) == comparison.Comparison(3, 0, 0, 0.0, (0.0, 0.0), 1.0)


def test_a_change_has_the_metric_of_either_model():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 300)
    first, second = (np.round(rng.normal(size=300) + shift * (2 * labels - 1), 1) for shift in (0.5, 1.0))  # with ties
    changes = comparison.changes(first, second, labels, 0.6)
    for side, logits in (("first", first), ("second", second)):
        probabilities = metrics.sigmoid(logits)
        counts = metrics.confusion(probabilities, labels, 0.6)
        expected = {
            "accuracy": counts.accuracy,
            "f1": counts.f1,
            "auc": metrics.sweep(logits, labels).auc,
            "log_loss": metrics.log_loss(logits, labels),
            "calibration_error": metrics.reliability(probabilities, labels).error,
        }
        assert {name: getattr(change, side) for name, change in changes.items()} == pytest.approx(expected)
    assert all(change.interval[0] <= change.difference <= change.interval[1] for change in changes.values())


def test_the_interval_of_a_change_covers_the_truth_about_as_often_as_stated():
    covered = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, 2, 200)
        pair = (2.0 * (2 * labels - 1) + rng.normal(size=200) * 3 for _ in range(2))  # equally good
        low, high = comparison.changes(*pair, labels, samples=200)["accuracy"].interval
        covered += low <= 0 <= high
    assert 52 <= covered <= 60


def test_the_interval_of_auc_comes_from_resamples_with_both_classes():
    labels = np.zeros(200, int)
    labels[:3] = 1
    bad = np.random.default_rng(0).normal(size=200)
    change = comparison.changes(bad, bad + 9 * labels, labels)["auc"]
    assert 0 < change.interval[0] <= change.difference <= change.interval[1]


def test_without_one_of_the_classes_a_change_has_every_metric_but_auc():
    logits = np.linspace(-1, 1, 20)
    changes = comparison.changes(logits, logits, np.ones(20, int))
    assert np.isnan(changes["auc"].first)
    assert np.isnan(changes["auc"].interval).all()
    assert changes["log_loss"].difference == 0


def test_the_interval_of_a_difference_is_newcombe_s():
    # Table II of the paper, row (a): 56/70 against 48/80.
    low, high = metrics.difference_interval((56, 70), (48, 80))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


@pytest.mark.parametrize(("first", "second"), [((0, 5), (5, 5)), ((5, 5), (0, 5)), ((0, 1), (0, 1)), ((3, 9), (1, 3))])
def test_the_interval_of_a_difference_contains_it_and_stays_in_range(first, second):
    low, high = metrics.difference_interval(first, second)
    assert -1 <= low <= first[0] / first[1] - second[0] / second[1] <= high <= 1

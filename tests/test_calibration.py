"""A bias is fitted with the temperature, and used only if held-out reviews gain from it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sentiment.evaluation import metrics
from sentiment.evaluation.calibration import NOISE, calibrate, fit_rule


def draw(n: int, temperature: float = 1.0, bias: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns logits, and labels drawn with probability ``sigmoid((logit + bias) / temperature)``."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, n)
    return logits, (rng.random(n) < metrics.sigmoid((logits + bias) / temperature)).astype(np.int8)


@pytest.mark.parametrize(("temperature", "bias"), [(0.5, 0.7), (1.0, -0.4), (2.5, 1.5)])
def test_the_bias_and_temperature_of_the_labels_are_recovered(temperature: float, bias: float) -> None:
    rule = fit_rule(*draw(20_000, temperature, bias))
    assert rule.temperature == pytest.approx(temperature, rel=0.07)
    assert rule.bias == pytest.approx(bias, abs=0.1)


def test_no_rule_near_the_fitted_one_has_a_lower_loss() -> None:
    logits, labels = draw(2_000, 1.7, 0.6, seed=3)
    rule = fit_rule(logits, labels)
    best = metrics.log_loss(rule.calibrated(logits), labels)
    for temperature in (0.98, 1.0, 1.02):
        for bias in (-0.03, 0.0, 0.03):
            nearby = (logits + rule.bias + bias) / (rule.temperature * temperature)
            assert metrics.log_loss(nearby, labels) >= best - 1e-5


def test_a_bias_that_helps_is_used_and_its_gain_is_reported() -> None:
    found = calibrate(*draw(2_500, 1.2, 0.6))
    assert found.rule.bias == found.bias == pytest.approx(0.6, abs=0.15)
    assert found.gain > NOISE * found.error > 0
    assert found.config()["bias"] == found.bias


@pytest.mark.parametrize("seed", range(3))
def test_a_bias_within_the_noise_is_not_used(seed: int) -> None:
    logits, labels = draw(1_000, 1.2, 0.0, seed)
    found = calibrate(logits, labels)
    assert found.rule.bias == 0
    assert found.rule.temperature == pytest.approx(metrics.fit_temperature(logits, labels), rel=0.01)
    assert found.bias != 0
    assert "bias" not in found.config()


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        ([1.0, -1.0], [1, 0]),
        ([2.0, 1.0, -1.0] * 20, [1] * 60),
        ([0.0] * 40, [1, 0] * 20),
        ([3.0, -3.0] * 30, [1, 0] * 30),
    ],
    ids=["two reviews", "one class", "logits of zero", "no error"],
)
def test_few_reviews_or_one_class_give_only_a_temperature(logits: list[float], labels: list[int]) -> None:
    found = calibrate(np.array(logits), np.array(labels))
    assert found.rule.bias == 0
    report = found.config()["calibration"]
    assert report
    assert all(value is None or math.isfinite(value) for value in report.values())


@pytest.mark.parametrize("n", [2, 10, 40])
@pytest.mark.parametrize("spread", [0.01, 1.0, 8.0])
def test_a_few_separable_reviews_do_not_give_an_extreme_temperature(n: int, spread: float) -> None:
    logits = np.array([spread, -spread] * (n // 2))
    for labels in (np.array([1, 0] * (n // 2)), np.array([0, 1] * (n // 2)), np.ones(n, int)):
        assert 0.3 < fit_rule(logits, labels).temperature <= 20


def test_balancing_moves_the_threshold_only_if_it_helps() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(1_000) < 0.9).astype(int)
    informative = rng.normal(2.2 + 1.5 * (2 * labels - 1), 1.5)
    found = calibrate(informative, labels, balanced=True)
    assert found.rule.threshold == pytest.approx(labels.mean())
    before, after = (metrics.confusion(informative, labels, cut) for cut in (0.0, found.rule.boundary))
    assert after.balanced_accuracy > before.balanced_accuracy + 0.05
    constant = np.full(1_000, 1.0)
    found = calibrate(constant, labels, balanced=True)
    assert found.rule.threshold == 0.5
    assert not found.rule.confident
    assert found.doubt == "it predicts the same class for all 1,000 validation reviews"


def test_a_rule_tested_on_fewer_than_40_reviews_claims_no_confidence() -> None:
    logits, labels = draw(39)
    found = calibrate(logits, labels)
    assert found.config()["confident"] is False
    assert found.config()["doubt"] == "it was tested on only 39 validation reviews"
    assert found.rule.confidence(0.999) == "unsure"
    logits, labels = draw(40)
    assert "confident" not in calibrate(logits, labels).config()

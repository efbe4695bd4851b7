"""A bias is fitted with the temperature, and used only if held-out reviews gain from it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sentiment.evaluation import metrics
from sentiment.evaluation.calibration import NOISE, calibrate, fit_rule


def drawn(n: int, temperature: float = 1.0, bias: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose labels follow ``sigmoid((logit + bias) / temperature)``."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, n)
    return logits, (rng.random(n) < metrics.sigmoid((logits + bias) / temperature)).astype(np.int8)


@pytest.mark.parametrize(("temperature", "bias"), [(0.5, 0.7), (1.0, -0.4), (2.5, 1.5)])
def test_the_bias_and_temperature_that_spoiled_calibration_are_found_again(temperature: float, bias: float) -> None:
    rule = fit_rule(*drawn(20_000, temperature, bias))
    assert rule.temperature == pytest.approx(temperature, rel=0.07)
    assert rule.bias == pytest.approx(bias, abs=0.1)


def test_no_rule_near_the_fitted_one_has_a_lower_loss() -> None:
    logits, labels = drawn(2_000, 1.7, 0.6, seed=3)
    rule = fit_rule(logits, labels)
    best = metrics.log_loss(rule.calibrated(logits), labels)
    for temperature in (0.98, 1.0, 1.02):
        for bias in (-0.03, 0.0, 0.03):
            beside = (logits + rule.bias + bias) / (rule.temperature * temperature)
            assert metrics.log_loss(beside, labels) >= best - 1e-5


def test_a_bias_that_helps_is_used_and_says_by_how_much() -> None:
    found = calibrate(*drawn(2_500, 1.2, 0.6))
    assert found.rule.bias == found.bias == pytest.approx(0.6, abs=0.15)
    assert found.gain > NOISE * found.error > 0
    assert found.config()["bias"] == found.bias


@pytest.mark.parametrize("seed", range(3))
def test_a_bias_within_the_noise_is_not_used(seed: int) -> None:
    logits, labels = drawn(1_000, 1.2, 0.0, seed)
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
)
def test_few_or_one_sided_reviews_give_a_temperature_only(logits: list[float], labels: list[int]) -> None:
    found = calibrate(np.array(logits), np.array(labels))
    assert found.rule.bias == 0
    decision = found.config()["calibration"]
    assert all(value is None or math.isfinite(value) for value in decision.values())


@pytest.mark.parametrize("n", [2, 10, 40])
@pytest.mark.parametrize("spread", [0.01, 1.0, 8.0])
def test_a_few_reviews_without_an_error_do_not_make_a_rule_extreme(n: int, spread: float) -> None:
    logits = np.array([spread, -spread] * (n // 2))
    for labels in (np.array([1, 0] * (n // 2)), np.array([0, 1] * (n // 2)), np.ones(n, int)):
        assert 0.3 < fit_rule(logits, labels).temperature <= 20


def test_balancing_moves_the_threshold_only_if_it_helps() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(1_000) < 0.9).astype(int)
    knows = rng.normal(2.2 + 1.5 * (2 * labels - 1), 1.5)
    found = calibrate(knows, labels, balanced=True)
    assert found.rule.threshold == pytest.approx(labels.mean())
    before, after = (metrics.confusion(knows, labels, cut) for cut in (0.0, found.rule.boundary))
    assert after.balanced_accuracy > before.balanced_accuracy + 0.05
    blind = np.full(1_000, 1.0)
    found = calibrate(blind, labels, balanced=True)
    assert found.rule.threshold == 0.5
    assert not found.rule.confident
    assert found.doubt == "it predicts the same class for all 1,000 validation reviews"


def test_a_rule_that_was_tested_on_few_reviews_claims_no_confidence() -> None:
    logits, labels = drawn(39)
    found = calibrate(logits, labels)
    assert found.config()["confident"] is False
    assert found.config()["doubt"] == "it was tested on only 39 validation reviews"
    assert found.rule.confidence(0.999) == "unsure"
    logits, labels = drawn(40)
    assert "confident" not in calibrate(logits, labels).config()

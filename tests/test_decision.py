"""The label and confidence of a score, at and near every bound."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.evaluation.metrics import sigmoid
from sentiment.model.decision import CONFIDENT, LEANING, DecisionRule, unscored_prediction
from sentiment.types import Prediction

LOGITS = st.floats(-1e6, 1e6)
THRESHOLDS = st.floats(0.001, 0.999)
PLAIN = DecisionRule()


@given(LOGITS, st.floats(0.05, 20))
def test_every_logit_has_a_probability_and_its_opposite_has_the_complement(logit: float, temperature: float) -> None:
    rule = DecisionRule(temperature)
    probability = rule.probability(logit)
    assert 0 <= probability <= 1
    assert probability + rule.probability(-logit) == pytest.approx(1)


@given(LOGITS, st.floats(0.05, 20))
def test_the_label_is_the_logit_s_sign_at_every_temperature(logit: float, temperature: float) -> None:
    rule = DecisionRule(temperature)
    if abs(logit) > 1e-12:
        assert rule.label(rule.probability(logit)) == ("positive" if logit > 0 else "negative")


def test_temperature_divides_the_logit() -> None:
    assert DecisionRule(2).probability(math.log(3) * 2) == pytest.approx(0.75)
    assert DecisionRule(3).probability(0) == 0.5


def test_the_bias_is_added_before_the_temperature_divides() -> None:
    assert DecisionRule(2, 1.0).probability(math.log(3) * 2 - 1) == pytest.approx(0.75)
    assert DecisionRule(2, -0.5).calibrated(np.array([0.5, 2.5])).tolist() == [0, 1]


@given(LOGITS, st.floats(0.01, 100))
def test_without_bias_and_threshold_the_result_is_exactly_that_of_the_temperature(
    logit: float, temperature: float
) -> None:
    rule, z = DecisionRule(temperature), logit / temperature
    probability = 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
    assert rule.probability(logit) == probability
    assert rule.certainty(probability) == max(probability, 1 - probability)
    assert rule.label(probability) == ("positive" if probability >= 0.5 else "negative")
    assert rule.boundary == 0
    single = np.array([logit], np.float32)
    assert rule.calibrated(single).dtype == np.float32
    assert np.array_equal(rule.calibrated(single), single / temperature)


def test_the_threshold_itself_is_positive() -> None:
    for threshold in (0.5, 0.37, 0.9):
        rule = DecisionRule(threshold=threshold)
        assert rule.label(threshold) == "positive"
        assert rule.label(math.nextafter(threshold, 0)) == "negative"


@given(st.floats(0.05, 20), st.floats(-3, 3), THRESHOLDS, st.floats(0.001, 5))
def test_the_label_changes_at_the_boundary_of_the_logits(
    temperature: float, bias: float, threshold: float, step: float
) -> None:
    rule = DecisionRule(temperature, bias, threshold)
    assert rule.label(rule.probability(rule.boundary + step)) == "positive"
    assert rule.label(rule.probability(rule.boundary - step)) == "negative"
    assert sigmoid(rule.calibrated(np.array([rule.boundary]))) == pytest.approx(threshold)


@given(st.floats(0, 1), st.floats(0, 1), THRESHOLDS)
def test_certainty_grows_with_the_distance_from_the_threshold(first: float, second: float, threshold: float) -> None:
    rule = DecisionRule(threshold=threshold)
    near, far = sorted((first, second), key=lambda probability: abs(probability - threshold))
    assert 0.5 <= rule.certainty(near) <= 1
    if (near >= threshold) == (far >= threshold):
        assert rule.certainty(near) <= rule.certainty(far)


@given(THRESHOLDS)
def test_certainty_is_least_at_the_threshold_and_full_at_either_end(threshold: float) -> None:
    rule = DecisionRule(threshold=threshold)
    assert [rule.certainty(each) for each in (0, threshold, 1)] == [1, 0.5, 1]
    assert rule.confidence(threshold) == "unsure"
    assert rule.confidence(0) == rule.confidence(1) == "confident"


@pytest.mark.parametrize(
    ("certainty", "confidence"),
    [
        (1.0, "confident"),
        (CONFIDENT, "confident"),
        (math.nextafter(CONFIDENT, 0), "leaning"),
        (LEANING, "leaning"),
        (math.nextafter(LEANING, 0), "unsure"),
        (0.5, "unsure"),
    ],
)
def test_confidence_changes_at_its_bounds(certainty: float, confidence: str) -> None:
    assert PLAIN.confidence(certainty) == confidence


@given(st.floats(0.51, 1))
def test_a_negative_verdict_is_as_confident_as_a_positive_one_of_the_same_certainty(probability: float) -> None:
    negative = 1 - probability
    assert PLAIN.confidence(negative) == PLAIN.confidence(1 - negative)


def test_a_text_of_mostly_unknown_words_is_never_judged_with_confidence() -> None:
    assert PLAIN.confidence(1.0, "mostly_unknown") == "unsure"
    assert PLAIN.confidence(1.0, "truncated") == "confident"


def test_a_prediction_holds_everything_it_was_computed_from() -> None:
    prediction = DecisionRule(2.0).predict(math.log(19) * 2, "truncated", read=50, total=80, unknown_rate=0.1)
    assert prediction == Prediction(
        "positive", pytest.approx(0.95), math.log(19) * 2, "confident", "truncated", 50, 80, 0.1
    )


def test_a_prediction_with_bias_and_threshold_keeps_the_model_s_own_logit() -> None:
    prediction = DecisionRule(1.0, 0.2, 0.8).predict(1.0, "ok", 5, 5, 0.0)
    assert prediction == Prediction("negative", pytest.approx(1 / (1 + math.exp(-1.2))), 1.0, "unsure", "ok", 5, 5, 0.0)


def test_an_unscored_prediction_has_no_label_and_no_confidence() -> None:
    assert unscored_prediction("empty") == Prediction(None, 0.5, 0.0, None, "empty", 0, 0, 0.0)


@pytest.mark.parametrize("name", ["bias", "threshold", "temperature"])
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, "0.5", True, None, [0.5], {}, 101, -101, 10**400, 1e300]
)
def test_a_rule_with_a_bad_value_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{name} in config.json is not a number"):
        DecisionRule.from_config({"temperature": 1.0, name: value})


@pytest.mark.parametrize("threshold", [0, 1, 0.0, 1.0, -0.1, 1.5, 5])
def test_a_threshold_outside_0_and_1_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold in config"):
        DecisionRule.from_config({"temperature": 1.0, "threshold": threshold})


def test_a_config_without_bias_and_threshold_gives_the_plain_rule() -> None:
    assert DecisionRule.from_config({"temperature": 2}) == DecisionRule(2.0, 0.0, 0.5)
    assert DecisionRule.from_config({"temperature": 2, "bias": -1, "threshold": 0.25}) == DecisionRule(2.0, -1.0, 0.25)

"""What a score means in words, at and beside every bound."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.model.decision import (
    CONFIDENT,
    LEANING,
    confidence_of,
    label_of,
    probability_of,
    scored_prediction,
    unscored_prediction,
)
from sentiment.types import Prediction

LOGITS = st.floats(-1e6, 1e6)


@given(LOGITS, st.floats(0.05, 20))
def test_a_probability_is_one_whatever_the_logit_and_mirrors_its_opposite(logit: float, temperature: float) -> None:
    probability = probability_of(logit, temperature)
    assert 0 <= probability <= 1
    assert probability + probability_of(-logit, temperature) == pytest.approx(1)


@given(LOGITS, st.floats(0.05, 20))
def test_the_label_is_the_logit_s_sign_at_every_temperature(logit: float, temperature: float) -> None:
    if abs(logit) > 1e-12:
        assert label_of(probability_of(logit, temperature)) == ("positive" if logit > 0 else "negative")


def test_temperature_divides_the_logit() -> None:
    assert probability_of(math.log(3) * 2, 2) == pytest.approx(0.75)
    assert probability_of(0, 3) == 0.5


def test_one_half_is_positive() -> None:
    assert label_of(0.5) == "positive"
    assert label_of(math.nextafter(0.5, 0)) == "negative"


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
    assert confidence_of(certainty) == confidence


@given(st.floats(0, 0.49))
def test_a_negative_verdict_is_as_confident_as_its_mirror_image(probability: float) -> None:
    mirrored = 1 - probability
    assert confidence_of(1 - mirrored) == confidence_of(mirrored)


def test_a_text_of_mostly_unknown_words_is_never_judged_with_confidence() -> None:
    assert confidence_of(1.0, "mostly_unknown") == "unsure"
    assert confidence_of(1.0, "truncated") == "confident"


def test_a_verdict_holds_all_it_was_made_from() -> None:
    made = scored_prediction(math.log(19) * 2, 2.0, "truncated", read=50, total=80, unknown_rate=0.1)
    assert made == Prediction("positive", pytest.approx(0.95), math.log(19) * 2, "confident", "truncated", 50, 80, 0.1)


def test_no_verdict_has_no_label_and_no_confidence() -> None:
    assert unscored_prediction("empty") == Prediction(None, 0.5, 0.0, None, "empty", 0, 0, 0.0)

"""Verdicts in words, never more certain than the model; the sum behind a score; and the marked parts of a text."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.app.review import explanation as explanation_part
from sentiment.app.review.arithmetic import sum_rows, waterfall_steps
from sentiment.app.shared import wording
from sentiment.app.shared.highlight import _parts
from sentiment.evaluation.comparison import Comparison
from sentiment.explain.grouping import group
from sentiment.explain.html_file import to_html
from sentiment.explain.prediction_text import headline, probability_sentence
from sentiment.explain.prefixes import PrefixScore
from sentiment.formatting import likelihood
from sentiment.model.decision import DecisionRule, unscored_prediction
from sentiment.types import Explanation, Token


def explain(values: list[float], baseline: float = 0.5) -> Explanation:
    """An explanation of a text of made-up words with these contributions."""
    words = [f"w{i}" for i in range(len(values))]
    text = " ".join(words)
    tokens = tuple(Token(word, start := text.index(word), start + len(word)) for word in words)
    contributions = np.array(values, np.float32)
    logit = baseline + float(contributions.sum(dtype=np.float64))
    unknown = np.zeros(len(values), bool)
    prediction = DecisionRule().predict(logit, "ok", len(values), len(values), 0.0)
    return Explanation(text, tokens, contributions, baseline, logit, 0.0, unknown, prediction, run="tiny")


@pytest.mark.parametrize(
    ("logit", "status", "verdict"),
    [
        (4.0, "ok", "Positive"),
        (-4.0, "ok", "Negative"),
        (1.5, "ok", "Leaning positive"),
        (-1.5, "truncated", "Leaning negative"),
        (0.1, "ok", "Unsure"),
        (4.0, "mostly_unknown", "Not enough known words"),
    ],
)
def test_the_headline_is_as_sure_as_the_model(logit, status, verdict):
    assert headline(DecisionRule().predict(logit, status, 5, 5, 0.0)) == verdict


def test_an_empty_text_gets_no_verdict():
    assert headline(unscored_prediction("empty")) == "No text to analyse"
    assert probability_sentence(unscored_prediction("empty")) == "Enter a review first."


def test_no_probability_is_stated_as_certainty(monkeypatch):
    sure = explain([30.0])
    monkeypatch.setattr(
        explanation_part, "score_prefixes", lambda *_: [PrefixScore(0, 2, 30.0, sure.prediction.probability)]
    )
    curve = explanation_part._prefix_curve(sure.text, group(sure, "word"), None)
    assert curve["points"] == [(0, 1.0, "over 99%")]
    assert curve["description"] == "From over 99% to over 99%, at the end over 99%"
    assert "over 99%" in probability_sentence(sure.prediction)
    assert "over 99% likely positive" in to_html(sure)


@pytest.mark.parametrize(
    ("probability", "whole", "tenths"),
    [
        (0.0, "under 1%", "under 0.1%"),
        (0.004, "under 1%", "0.4%"),
        (0.012, "1%", "1.2%"),
        (0.99, "99%", "99.0%"),
        (0.9951, "over 99%", "99.5%"),
        (0.9996, "over 99%", "over 99.9%"),
    ],
)
def test_a_probability_near_0_or_1_is_stated_as_under_or_over(probability, whole, tenths):
    assert (likelihood(probability), likelihood(probability, 1)) == (whole, tenths)


def test_truncated_and_unknown_tokens_are_reported():
    truncated, unknown = wording.caveats(DecisionRule().predict(1.0, "truncated", 1_000, 2_345, 0.25))
    assert "first 1,000 of 2,345" in truncated
    assert "25%" in unknown
    assert list(wording.caveats(DecisionRule().predict(1.0, "ok", 10, 10, 0.0))) == []


@pytest.mark.parametrize(
    ("p_value", "words"),
    [
        (0.0004, "is very unlikely to be chance (p < 0.001)"),
        (0.02, "is unlikely to be chance (p = 0.020)"),
        (0.21, "could well be chance (p = 0.210)"),
    ],
)
def test_a_comparison_of_two_models_says_whether_it_is_significant(p_value, words):
    sentence = wording.run_comparison(Comparison(200, 3, 9, 0.03, (-0.01, 0.07), p_value), "one", "two")
    assert sentence == f"two is 3.00 percentage points more accurate than one. A difference this large {words}."


def test_two_equally_accurate_models_are_said_to_be_so():
    assert wording.run_comparison(Comparison(200, 3, 3, 0.0, (-0.01, 0.01), 1.0), "one", "two") == (
        "two is as accurate as one."
    )


def test_a_text_of_unknown_words_gets_no_probability_and_a_note():
    unknown = DecisionRule().predict(9.0, "mostly_unknown", 5, 5, 1.0)
    assert probability_sentence(unknown).startswith("Best guess: positive.")
    assert not any(sign.isdigit() for sign in probability_sentence(unknown))
    assert list(wording.caveats(unknown)) == ["100% of the words are not in the model's vocabulary."]


@settings(max_examples=50)
@given(st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=60))
def test_the_waterfall_ends_at_the_score(values):
    explained = explain(values)
    steps = waterfall_steps(explained, group(explained, "word"))
    assert steps["name"].is_unique
    assert steps["end"].iloc[-2] == pytest.approx(explained.logit, abs=1e-4)
    assert steps["end"].iloc[-1] == pytest.approx(explained.logit)


def test_the_sum_has_only_the_typographic_minus_and_names_the_numerical_error():
    rows = {row[0]: row[1:] for row in sum_rows(dataclasses.replace(explain([1.0, -2.0]), residual=-2e-7), None)}
    assert rows["Negative contributions"][0] == "−2.000"
    assert rows["Numerical error"][0] == "−2e−7"
    assert "-" not in "".join(value for value, _ in rows.values())


def test_every_row_of_the_sum_has_its_value_and_its_words():
    rows = {row[0]: row[1:] for row in sum_rows(explain([2.0, -1.0]), None)}
    assert rows["Baseline"][0] == "+0.500"
    assert rows["Positive contributions"] == ("+2.000", "from 1 token")
    assert rows["Negative contributions"] == ("−1.000", "from 1 token")
    assert rows["Score"] == ("+1.500", "above 0, so positive")


@given(st.text(max_size=80), st.data())
def test_marked_parts_and_gaps_join_to_the_text(text, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=12)))
    spans = [(low, high, 1.0, False) for low, high in zip(cuts[::2], cuts[1::2], strict=False)]
    parts = list(_parts(text, spans))
    assert "".join(part for part, _, _ in parts) == text
    assert [part for part, value, _ in parts if value is not None] == [text[a:b] for a, b, _, _ in spans]

"""Verdicts in words: never more certain than the model, and correct sums."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.app.review import explanation as why
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


def explanation(values: list[float], baseline: float = 0.5) -> Explanation:
    words = [f"w{i}" for i in range(len(values))]
    text = " ".join(words)
    tokens = tuple(Token(word, start := text.index(word), start + len(word)) for word in words)
    contributions = np.array(values, np.float32)
    logit = baseline + float(contributions.sum(dtype=np.float64))
    unknown = np.zeros(len(values), bool)
    prediction = DecisionRule().predict(logit, "ok", len(values), len(values), 0.0)
    return Explanation(text, tokens, contributions, baseline, logit, 0.0, unknown, prediction, run="tiny")


@pytest.mark.parametrize(
    ("logit", "status", "said"),
    [
        (4.0, "ok", "Positive"),
        (-4.0, "ok", "Negative"),
        (1.5, "ok", "Leaning positive"),
        (-1.5, "truncated", "Leaning negative"),
        (0.1, "ok", "Unsure"),
        (4.0, "mostly_unknown", "Not enough known words"),
    ],
)
def test_the_headline_is_as_sure_as_the_model(logit, status, said):
    assert headline(DecisionRule().predict(logit, status, 5, 5, 0.0)) == said


def test_an_empty_text_gets_no_verdict_in_words_either():
    assert headline(unscored_prediction("empty")) == "No text to analyse"
    assert probability_sentence(unscored_prediction("empty")) == "Enter a review first."


def test_no_probability_is_stated_as_certainty(monkeypatch):
    sure = explanation([30.0])
    monkeypatch.setattr(why, "score_prefixes", lambda *_: [PrefixScore(0, 2, 30.0, sure.prediction.probability)])
    curve = why._prefix_curve(sure.text, group(sure, "word"), None)
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
def test_at_either_end_a_probability_is_stated_as_over_or_under(probability, whole, tenths):
    assert (likelihood(probability), likelihood(probability, 1)) == (whole, tenths)


def test_unread_and_unknown_tokens_are_reported():
    said = list(wording.caveats(DecisionRule().predict(1.0, "truncated", 1_000, 2_345, 0.25)))
    assert "first 1,000 of 2,345" in said[0]
    assert "25%" in said[1]
    assert list(wording.caveats(DecisionRule().predict(1.0, "ok", 10, 10, 0.0))) == []


@pytest.mark.parametrize(("p_value", "said"), [(0.0004, "a significant difference"), (0.21, "which may be chance")])
def test_a_comparison_of_two_models_says_in_words_whether_it_may_be_chance(p_value, said):
    sentence = wording.run_comparison(Comparison(200, 3, 9, 0.03, (-0.01, 0.07), p_value), "one", "two")
    assert sentence.startswith(f"two is 3.00 points more accurate than one, {said} (")


def test_a_text_of_unknown_words_has_no_rate_and_its_unknown_words_are_reported():
    unknown = DecisionRule().predict(9.0, "mostly_unknown", 5, 5, 1.0)
    assert probability_sentence(unknown).startswith("Best guess: positive.")
    assert not any(sign.isdigit() for sign in probability_sentence(unknown))
    assert list(wording.caveats(unknown)) == ["100% of the words are not in the model's vocabulary."]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=60))
def test_the_waterfall_ends_where_the_score_is(values):
    explained = explanation(values)
    steps = waterfall_steps(explained, group(explained, "word"))
    assert steps["name"].is_unique
    assert steps["end"].iloc[-2] == pytest.approx(explained.logit, abs=1e-4)
    assert steps["end"].iloc[-1] == pytest.approx(explained.logit)


def test_the_sum_has_one_kind_of_minus_and_names_the_numerical_error():
    rows = {row[0]: row[1:] for row in sum_rows(dataclasses.replace(explanation([1.0, -2.0]), residual=-2e-7), None)}
    assert rows["Negative words"][0] == "−2.000"
    assert rows["Numerical error"][0] == "−2e−7"
    assert "-" not in "".join(value for value, _ in rows.values())


def test_the_words_of_the_sum_are_those_of_the_numbers():
    rows = {row[0]: row[1:] for row in sum_rows(explanation([2.0, -1.0]), None)}
    assert rows["Baseline"][0] == "+0.500"
    assert rows["Positive words"] == ("+2.000", "from 1 word")
    assert rows["Negative words"] == ("−1.000", "from 1 word")
    assert rows["Score"] == ("+1.500", "above 0, so positive")


@settings(deadline=None)
@given(st.text(max_size=80), st.data())
def test_marked_parts_and_gaps_are_the_text_again(text, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=12)))
    spans = [(low, high, 1.0, False) for low, high in zip(cuts[::2], cuts[1::2], strict=False)]
    parts = list(_parts(text, spans))
    assert "".join(part for part, _, _ in parts) == text
    assert [part for part, value, _ in parts if value is not None] == [text[a:b] for a, b, _, _ in spans]

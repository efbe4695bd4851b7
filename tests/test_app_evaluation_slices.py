"""The Slices tab of the Evaluation page: those of the app, and a user's own by a phrase, a range or a movie."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from sentiment.app.evaluation import own_slices
from tests.app_pages import check_charts, open_page, press
from tests.app_runs import predictions
from tests.evaluation_page import scored_reviews

pytestmark = pytest.mark.usefixtures("serve_runs")

TEXTS = {"a": "A GOOD film,\nnot bad at all.", "b": "goodness me", "c": "It cost $5 (five)!", "d": "naïve café"}


def test_all_slices_are_drawn_and_listed_on_request_with_the_least_accurate_first():
    app = open_page("evaluation", tab="Slices")
    app.toggle(key="all_slices").set_value(True).run()
    check_charts(app)
    app.session_state["slice_view"] = "Table"
    app.run()
    table = app.dataframe[0].value
    assert len(table) == len(scored_reviews().by_slice())
    assert (np.diff(table["accuracy"]) >= 0).all()
    assert table["errors"].sum() > 0


@pytest.mark.parametrize(
    ("kind", "low", "high", "name", "column"),
    [
        ("Length in tokens", 100, 300, "Length in tokens: 100–300", "length"),
        ("Rating", 4, 1, "Rating: 1–4", "rating"),
        ("Unknown words (%)", 0, 5, "Unknown words: 0–5%", "unknown_rate"),
        ("P(positive) (%)", 40, 60, "P(positive): 40–60%", "probability"),
    ],
)
def test_a_range_makes_a_slice_that_is_compared_with_the_rest(kind, low, high, name, column):
    app = open_page("evaluation", tab="Slices")
    app.selectbox(key="own_kind").set_value(kind).run()
    app.number_input(key="own_from").set_value(low)
    app.number_input(key="own_to").set_value(high)
    press(app, "Add slice")
    [row] = app.dataframe[-1].value.to_dict("records")
    low, high = sorted((low, high))
    scale = 100 if "%" in kind else 1
    reviews = scored_reviews(predictions(("test",), seed=1)).table  # those of the run "tiny" of all_runs
    inside = reviews[column].between(low / scale, high / scale)
    assert app.session_state["own_slices"][0].mask(reviews).sum() == inside.sum()
    assert (row["slice"], row["n"]) == (name, inside.sum())
    assert " to " in row["difference"]


def test_a_slice_is_added_once_up_to_a_limit_and_a_movie_needs_an_id(monkeypatch):
    state: dict = {"own_text": " "}
    monkeypatch.setattr(st, "session_state", state)
    own_slices._add("Movie ID")
    assert "Enter the ID" in state["own_slices_note"]
    for number in [1, *range(own_slices.MAX_SLICES + 3)]:
        state["own_text"] = f"tt{number:07d}"
        own_slices._add("Movie ID")
    assert len(state["own_slices"]) == own_slices.MAX_SLICES
    assert "at most" in state["own_slices_note"]
    [one] = [each for each in state["own_slices"] if each.name == "Movie: tt0000001"]
    mask = one.mask(pd.DataFrame({"film": ["tt0000001", "tt0000002"]}))
    assert mask.tolist() == [True, False]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("good", "a"),
        ("not  bad", "a"),
        ("film, not", "a"),
        ("$5 (five)!", "c"),
        ("(", "c"),
        (".*", ""),
        ("café", "d"),
        ("NAÏVE", "d"),
    ],
)
def test_a_phrase_is_found_as_whole_words_and_its_punctuation_is_literal(pattern, found):
    assert own_slices.search(TEXTS, pattern) == set(found)


@pytest.mark.parametrize(
    ("pattern", "found"), [("^good", "b"), (r"\$\d", "c"), ("good|caf", "dab"), ("(?i)NAÏVE", "d")]
)
def test_a_regular_expression_is_matched_in_any_case(pattern, found):
    assert own_slices.search(TEXTS, pattern, is_regex=True) == set(found)


@pytest.mark.parametrize("pattern", ["", "  ", "x" * 101, "(", "[a", "a{2,1}", r"(a)\1", "a{5000}", "\ud800", "(?=a)"])
def test_a_pattern_that_cannot_be_searched_is_refused_in_a_sentence(pattern):
    with pytest.raises(own_slices.SliceError, match=r"\.$"):
        own_slices.search(TEXTS, pattern, is_regex=True)


def test_a_pattern_that_makes_other_engines_backtrack_is_searched_at_once():
    texts = {str(i): "a" * 5_000 + "!" for i in range(50)}
    assert own_slices.search(texts, "(a+)+$", is_regex=True) == set()


def test_a_search_that_takes_too_long_is_refused(monkeypatch):
    clock = iter(range(0, 1_000, 3))  # seconds
    monkeypatch.setattr(own_slices.time, "monotonic", lambda: next(clock))
    with pytest.raises(own_slices.SliceError, match="too long"):
        own_slices.search({str(i): "a" for i in range(1_000)}, "b")

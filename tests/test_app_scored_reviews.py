"""Labelled reviews scored at a threshold: their matrix, slices, filters, and the comparison of two runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.app.shared import evaluation_charts, scored_reviews
from sentiment.app.shared.scored_reviews import CELLS, EVERYTHING, Pair, ScoredReviews, cell_name, possible_causes
from sentiment.model.decision import DecisionRule
from tests.app_runs import RULE, predictions

ANY_PROBABILITY = (0.0, 1.0)


def judged(threshold: float = 0.5) -> ScoredReviews:
    """400 reviews, scored at a threshold."""
    return ScoredReviews.from_predictions(predictions(("test",)), RULE, threshold)


@settings(max_examples=20)
@given(st.floats(0.01, 0.99))
def test_every_review_is_in_one_cell_whatever_the_threshold(threshold):
    scored = judged(threshold)
    assert scored.cells()["n"].sum() == len(scored.table)
    lists = [scored.select(cell, EVERYTHING, ANY_PROBABILITY).index for cell in CELLS]
    assert sorted(np.concatenate(lists)) == list(scored.table.index)


def test_a_cell_counts_the_reviews_that_its_filter_lists():
    scored = judged(0.3)
    for cell in scored.cells().to_dict("records"):
        assert len(scored.select(cell_name(cell), EVERYTHING, ANY_PROBABILITY)) == cell["n"]


def test_a_review_at_the_threshold_is_positive_in_both_matrix_and_table():
    rows = predictions(("test",), n=3).assign(label=[1, 1, 0], probability=[0.42, 0.41, 0.42])
    rows["logit"] = np.log(rows["probability"] / (1 - rows["probability"])).astype("float32")
    scored = ScoredReviews.from_predictions(rows, DecisionRule(), 0.42)
    counts = scored.confusion
    assert (counts.tp, counts.fp, counts.fn, counts.tn) == (1, 1, 1, 0)
    assert scored.table["verdict"].tolist() == ["positive", "negative", "positive"]


def test_a_higher_threshold_calls_fewer_reviews_positive():
    counts = [(judged(t).table["verdict"] == "positive").sum() for t in (0.1, 0.5, 0.9)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_the_histogram_counts_every_review_once():
    assert judged().histogram()["n"].sum() == 400


def test_the_most_confident_mistake_comes_first():
    rows = judged().select("wrong verdicts", EVERYTHING, ANY_PROBABILITY)
    distance = (rows["probability"] - rows["label"]).abs().to_numpy()
    assert (np.diff(distance) <= 0).all()
    assert distance[0] > 0.5


def test_filters_work_together():
    rows = judged().select("wrong verdicts", "Rating: 8", (0.2, 0.5))
    assert set(rows["rating"]) == {8}
    assert not rows["right"].any()
    assert rows["probability"].between(0.2, 0.5).all()


def test_a_slice_has_its_number_of_reviews_and_an_interval_around_its_accuracy():
    parts = judged().by_slice()
    assert (parts["n"] > 0).all()
    assert ((parts["low"] <= parts["accuracy"]) & (parts["accuracy"] <= parts["high"])).all()
    assert parts[parts["slice"].str.startswith("Rating")]["n"].sum() == 400
    assert (parts["errors"] == (parts["n"] * (1 - parts["accuracy"])).round()).all()


def test_a_slice_is_compared_with_all_other_reviews():
    scored = judged()
    parts = scored.by_slice().set_index("slice")
    inside = (scored.table["rating"] == 8).to_numpy()
    row = parts.loc["Rating: 8"]
    assert row["difference"] == pytest.approx(scored.right[inside].mean() - scored.right[~inside].mean())
    assert row["difference_low"] <= row["difference"] <= row["difference_high"]
    assert scored.by_slice([("all", np.ones(400, bool))])["difference"].isna().all()


@pytest.mark.parametrize(
    ("value", "shown"),
    [("below 100", "< 100"), ("1% to 2%", "1–2%"), ("1 % to 2 %", "1–2%"), ("800 and more", "≥ 800"), ("yes", "yes")],
)
def test_the_value_of_a_slice_is_shown_with_signs_instead_of_words(value, shown):
    assert scored_reviews._shown_value(value) == shown


def test_a_user_defined_slice_is_listed_and_filtered_like_the_others():
    own = ("Short", lambda table: (table["length"] < 100).to_numpy())
    scored = ScoredReviews.from_predictions(predictions(("test",)), RULE, 0.5, own=[own])
    assert list(dict(scored.own_parts())) == ["Short"]
    assert set(scored.select(EVERYTHING, "Short", ANY_PROBABILITY)["length"] < 100) == {True}
    assert "Short" in set(scored.by_slice()["slice"])


def test_two_runs_are_compared_on_common_reviews_only():
    first = judged()
    perfect = ScoredReviews(first.table.tail(100).assign(right=True), RULE, 0.5)
    pair = Pair.match(first, perfect)
    assert pair is not None
    assert pair.test.n == 100
    assert pair.test.second_only == int((~first.table["right"].tail(100)).sum())


def test_a_text_that_occurs_twice_is_compared_twice():
    table = judged().table.assign(fingerprint=["twice", "twice", *judged().table["fingerprint"].tail(398)])
    pair = Pair.match(ScoredReviews(table, RULE, 0.5), ScoredReviews(table.iloc[::-1], RULE, 0.5))
    assert pair is not None
    assert pair.test.n == 400
    assert pair.test.first_only == pair.test.second_only <= 1  # whichever of the two is which


def test_runs_without_a_common_review_cannot_be_compared():
    other = judged().table.assign(fingerprint="none of the others")
    assert Pair.match(judged(), ScoredReviews(other, RULE, 0.5)) is None


def disagreeing() -> Pair:
    other = ScoredReviews.from_predictions(
        predictions(("test",)).assign(logit=predictions(("test",), seed=9)["logit"]), RULE, 0.5
    )
    pair = Pair.match(other, judged())
    assert pair is not None
    return pair


def test_a_cell_of_the_agreement_counts_the_reviews_that_are_listed():
    pair = disagreeing()
    cells = pair.agreement()
    assert cells["n"].sum() == 400
    for cell in cells.to_dict("records"):
        rows = pair.select(cell["second"] == "correct", cell["first"] == "correct", EVERYTHING)
        assert len(rows) == cell["n"]
    assert len(pair.select(None, None, EVERYTHING)) == pair.test.first_only + pair.test.second_only


def test_the_largest_difference_of_probabilities_comes_first():
    rows = disagreeing().select(None, None, "Rating: 9")
    assert set(rows["rating"]) == {9}
    assert (np.diff((rows["probability"] - rows["other"]).abs()) <= 0).all()


def test_the_change_of_a_slice_is_the_difference_of_its_accuracies():
    pair = disagreeing()
    changes = pair.by_slice().set_index("slice")
    before, after = (side.by_slice().set_index("slice")["accuracy"] for side in (pair.first, pair.second))
    np.testing.assert_allclose(changes["difference"], (after - before)[changes.index])
    assert ((changes["low"] <= changes["difference"]) & (changes["difference"] <= changes["high"])).all()


def test_the_calibration_error_of_each_length_is_charted_with_that_of_chance():
    bands = judged().calibration_by_length()
    assert bands["n"].sum() == len(judged().table)
    assert (bands["chance"] <= bands["high"]).all()
    chart = evaluation_charts.calibration_by_length(bands).to_dict()
    assert not chart["config"]["axis"]["labelFlush"]  # the outermost labels are at their ticks
    bar, tick, point = chart["layer"]
    assert [bar["mark"]["type"], tick["mark"]["type"], point["mark"]["type"]] == ["bar", "tick", "point"]
    assert [layer["encoding"]["x"]["field"] for layer in (bar, tick, point)] == ["high", "chance", "error"]


def test_reviews_of_one_class_have_every_figure():
    rows = predictions(("test",))
    scored = ScoredReviews.from_predictions(rows[rows["label"] == 1], RULE, 0.5)
    assert scored.confusion.fp == scored.confusion.tn == 0
    assert scored.interval[0] <= scored.confusion.accuracy <= scored.interval[1]
    assert pd.notna(scored.log_loss)
    assert scored.reliability.count.sum() == pytest.approx(len(scored.table))


@pytest.mark.parametrize(
    ("column", "values", "cause"),
    [
        ("rating", {1: False, 3: False, 4: True, 5: True, 6: True, 7: True, 8: False, 10: False}, "moderate rating"),
        ("negation", {True: True, False: False}, "negation"),
        ("contrast", {True: True, False: False}, "contrast"),
        ("truncated", {True: True, False: False}, "truncated"),
        ("unknown_rate", {0.0: False, 0.5: True}, "rare words"),
    ],
)
def test_a_possible_cause_of_a_mistake_is_named(column, values, cause):
    plain = {"rating": 9, "negation": False, "contrast": False, "truncated": False, "unknown_rate": 0.0}
    rows = pd.DataFrame([{**plain, column: value} for value in values])
    assert possible_causes(rows) == [cause if misled else "" for misled in values.values()]


def test_several_causes_are_named_together():
    rows = pd.DataFrame([{"rating": 5, "negation": True, "contrast": False, "truncated": True, "unknown_rate": 0.0}])
    assert possible_causes(rows) == ["moderate rating, negation, truncated"]

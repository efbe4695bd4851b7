"""The Evaluation page in process: its header, its tabs, and what a filter, a slice or a selected review shows."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from sentiment.app.evaluation import (
    calibration,
    example_sentences,
    explanations,
    filters,
    neighbours,
    overview,
    own_slices,
    page,
    thresholds,
    words,
)
from sentiment.app.shared.scored_reviews import CELLS, EVERYTHING, SURE_ERRORS, WRONG
from sentiment.artifacts import open_run, write_manifest
from sentiment.behaviour import contrast
from sentiment.dataset import fingerprint
from sentiment.evaluation.states import pooled_states, write_validation_states
from sentiment.model.classifier import Classifier
from sentiment.model.decision import DecisionRule
from tests.app_runs import all_runs, predictions, proofs
from tests.test_app_pages import _open, black_rules, said
from tests.test_app_scored_reviews import judged
from tests.tiny import tiny_run

TABS = tuple(page._TABS)


@pytest.fixture
def open_page(runs, monkeypatch):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    return lambda **query: _open("evaluation", **query)


# The header and the tabs


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_opens_by_its_address_in_any_case_and_alone(open_page, tab):
    app = open_page(tab=tab.lower())
    assert not app.exception
    assert not app.error
    assert app.session_state["tab"] == tab
    assert [each.label for each in app.metric[:5]] == ["Accuracy", "F1", "ROC AUC", "ECE", "Reviews"]
    marks = [mark for chart in app.get("vega_lite_chart") for mark in black_rules(json.loads(chart.proto.spec))]
    assert marks == []  # each rule has a colour of its own in the dark theme
    assert all(chart.proto.alt for chart in app.get("vega_lite_chart"))
    shown = dict(zip(TABS, app.tabs, strict=True))
    assert len(shown[tab].children) > 0
    assert {name: len(each.children) for name, each in shown.items() if name != tab and each.children} == {}


def test_a_chart_has_its_rows_as_csv_next_to_its_heading(open_page):
    for tab in ("Overview", "Slices", "Thresholds", "Calibration"):
        app = open_page(tab=tab)
        assert len(app.get("download_button")) >= len(app.get("vega_lite_chart")) - 1  # two show the same rows


def test_one_threshold_moves_the_metrics_and_its_button_names_it(open_page):
    app = open_page()
    before = app.metric[0].value, app.metric[2].value
    app.slider(key="threshold").set_value(0.95).run()
    assert app.metric[0].value != before[0]
    assert app.metric[2].value == before[1]  # the ROC AUC does not depend on it
    assert any(each.proto.popover.label == "Threshold 0.95" for each in popovers(app))


def popovers(app) -> list:
    return [each for each in walk(app.main) if each.type == "popover"]


def walk(block):
    for child in getattr(block, "children", {}).values():
        yield child
        yield from walk(child)


@pytest.mark.parametrize(("asked", "shown"), [("0.8", "0.80"), ("x", "0.50"), ("nan", "0.50"), ("7", "0.50")])
def test_the_threshold_of_a_link_is_named_at_once_and_a_wrong_one_is_ignored(open_page, asked, shown):
    app = open_page(threshold=asked)
    assert not app.exception
    assert any(each.proto.popover.label == f"Threshold {shown}" for each in popovers(app))


def test_the_model_s_own_threshold_is_the_one_the_page_begins_with(tmp_path, monkeypatch):
    run = all_runs(tmp_path / "runs") / "tiny"
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "threshold": 0.7}))
    write_manifest(run)
    monkeypatch.setenv("SENTIMENT_RUNS", str(run.parent))
    assert _open("evaluation").slider(key="threshold").value == 0.7


def test_a_high_cost_of_false_positives_raises_the_cost_optimal_threshold(open_page):
    app = open_page(cost="20.0")
    assert "Expected cost per 100 reviews" in said(app)
    button = next(each for each in app.button if each.label.startswith("Use cost-optimal"))
    button.click().run()
    assert app.slider(key="threshold").value > 0.5
    assert f"{app.slider(key='threshold').value:.2f}" in button.label


@pytest.mark.parametrize(
    ("query", "tab"),
    [
        ({"compare": "other"}, "Compare"),
        ({"verdicts": "false negatives"}, "Errors"),
        ({"slice": "Rating: 8"}, "Errors"),
        ({"threshold": "0.8"}, "Overview"),
        ({"tab": "Words", "compare": "other"}, "Words"),
        ({"tab": "nonsense"}, "Overview"),
    ],
)
def test_a_link_without_a_tab_opens_the_one_it_is_about(open_page, query, tab):
    app = open_page(**query)
    assert not app.exception
    assert app.session_state["tab"] == tab


# Overview


def test_the_findings_count_errors_and_what_confidence_is_worth():
    scored = judged()
    weakest, confidence, errors = overview.findings(scored)
    sure = scored.confidence == "confident"
    assert f"{100 * scored.right[sure].mean():.1f}" in confidence.sentence
    assert errors.sentence.startswith(f"{int((~scored.right).sum())} errors, {int(scored.sure_errors.sum())} of them")
    assert (weakest.tab, confidence.tab, errors.tab) == ("Slices", "Calibration", "Errors")


def test_the_weakest_slice_is_one_that_is_surely_below_the_rest():
    rows = predictions(("test",)).assign(truncated=False, negation=False, contrast=False)
    weak = rows["rating"] == 3
    rows.loc[weak, "logit"] = np.where(np.arange(int(weak.sum())) % 2, 4.0, -4.0).astype("float32")
    scored = judged().from_predictions(rows, DecisionRule(1.5), 0.5)
    assert scored.weakest_slice()["slice"] == "Rating: 3"
    assert "Rating: 3" in next(overview.findings(scored)).sentence
    even = judged().from_predictions(rows.assign(logit=np.float32(9) * (2 * rows["label"] - 1)), DecisionRule(1.5), 0.5)
    assert even.weakest_slice() is None
    assert "No slice" in next(overview.findings(even)).sentence


def test_a_finding_opens_its_tab_with_its_filter(open_page):
    app = open_page()
    app.button(key="finding_Errors").click().run()
    assert app.session_state["tab"] == "Errors"
    assert app.selectbox(key="verdicts").value == SURE_ERRORS
    assert f"**{len(app.dataframe[0].value):,} error" in said(app)


@pytest.mark.parametrize("cell", CELLS)
def test_a_click_on_a_cell_lists_its_reviews_and_nothing_else(monkeypatch, cell):
    label, verdict = CELLS[cell]
    state = {"cells": SimpleNamespace(selection={"cell": [{"label": label, "verdict": verdict}]}), "slice": "Rating: 8"}
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(st, "query_params", address := {})
    overview._list_cell()
    assert (address["tab"], state["verdicts"], state["slice"]) == ("Errors", cell, EVERYTHING)


def test_a_click_that_takes_a_selection_back_stays_where_it_is(monkeypatch):
    state = {"cells": SimpleNamespace(selection={}), "bins": SimpleNamespace(selection={})}
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(st, "query_params", address := {})
    overview._list_cell()
    overview._list_bin()
    assert address == {}


# Errors


def test_the_filter_decides_what_the_table_lists(open_page):
    app = open_page(tab="Errors")
    assert len(app.dataframe[0].value) < 100
    app.selectbox(key="verdicts").set_value(EVERYTHING).run()
    assert len(app.dataframe[0].value) == 400
    assert "**400 reviews**" in said(app)
    app.selectbox(key="slice").set_value("Rating: 1").run()
    assert set(app.dataframe[0].value["rating"]) == {1}
    next(each for each in app.button if each.label == "Reset").click().run()
    assert app.selectbox(key="slice").value == EVERYTHING
    assert app.selectbox(key="verdicts").value == WRONG


def test_without_texts_no_row_can_be_selected_and_the_page_says_how_to_get_them(open_page):
    app = open_page(tab="Errors")
    assert not app.dataframe[0].proto.selection_mode
    assert "`make app DATA=" in said(app)
    assert not app.toggle


def test_example_sentences_are_listed_with_their_texts_for_everyone(open_page):
    app = open_page(tab="Errors", source="Example sentences", verdicts="all")
    table = app.dataframe[0]
    assert table.proto.selection_mode
    assert len(table.value) == len(example_sentences.example_sentences())
    assert table.value["text"].str.len().min() > 0
    app.selectbox(key="verdicts").set_value(WRONG).run()
    wrong = app.dataframe[0].value
    assert ((wrong["probability"] >= 50) != (wrong["label"] == "positive")).all()


def test_no_example_sentence_is_of_the_held_out_pairs():
    ours = example_sentences.example_sentences()
    held_out = {each.text for each in contrast.texts() if each.part == contrast.HELD_OUT}
    assert not held_out & set(ours["text"])
    assert set(ours["source"]) == set(example_sentences._SOURCES)
    assert set(ours["label"]) == {0, 1}


@pytest.fixture
def with_texts(tmp_path, monkeypatch):
    reviews = [f"review number {i}, a {'good' if i % 2 else 'bad'} film" for i in range(120)]
    labels = ["positive" if i % 2 else "negative" for i in range(120)]
    pd.DataFrame({"review": reviews, "sentiment": labels}).to_csv(tmp_path / "reviews.csv", index=False)
    run = tiny_run(tmp_path / "runs" / "tiny")
    tested = predictions(("test",), n=120).assign(fingerprint=[fingerprint(text) for text in reviews])
    tested.to_parquet(run / "test_predictions.parquet")
    write_manifest(run)
    (tmp_path / "runs" / "default").write_text("tiny")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("SENTIMENT_DATA", str(tmp_path / "reviews.csv"))


@pytest.mark.usefixtures("with_texts")
def test_with_the_data_the_list_shows_texts_and_a_word_makes_a_slice_of_them():
    app = _open("evaluation", tab="Errors", verdicts="all")
    assert not app.exception
    table = app.dataframe[0].value
    assert (table["text"].map(fingerprint) == table["fingerprint"]).all()
    assert app.dataframe[0].proto.selection_mode
    app.query_params["tab"] = "Slices"
    app.run()
    app.text_input(key="own_text").set_value("Good")
    next(each for each in app.button if each.label == "Add slice").click().run()
    assert not app.exception
    [row] = app.dataframe[-1].value.to_dict("records")
    assert (row["slice"], row["n"]) == ("Contains “Good”", 60)
    app.query_params["tab"] = "Errors"
    app.run()
    app.selectbox(key="slice").set_value("Contains “Good”").run()
    assert app.dataframe[0].value["text"].str.contains("good").all()


# Slices


TEXTS = {"a": "A GOOD film,\nnot bad at all.", "b": "goodness me", "c": "It cost $5 (five)!", "d": "naïve café"}


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
def test_a_phrase_is_found_as_whole_words_and_its_signs_mean_themselves(pattern, found):
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


def test_a_pattern_that_makes_other_engines_backtrack_is_answered_at_once():
    texts = {str(i): "a" * 5_000 + "!" for i in range(50)}
    assert own_slices.search(texts, "(a+)+$", is_regex=True) == set()


def test_a_search_has_a_limit_in_time(monkeypatch):
    clock = iter(range(0, 1_000, 3))
    monkeypatch.setattr(own_slices.time, "monotonic", lambda: next(clock))
    with pytest.raises(own_slices.SliceError, match="too long"):
        own_slices.search({str(i): "a" for i in range(1_000)}, "b")


@pytest.mark.parametrize(
    ("kind", "low", "high", "name", "column"),
    [
        ("Length in tokens", 100, 300, "Length in tokens: 100–300", "length"),
        ("Rating", 4, 1, "Rating: 1–4", "rating"),
        ("Unknown words (%)", 0, 5, "Unknown words: 0–5%", "unknown_rate"),
        ("P(positive) (%)", 40, 60, "P(positive): 40–60%", "probability"),
    ],
)
def test_a_range_makes_a_slice_that_is_compared_with_the_rest(open_page, kind, low, high, name, column):
    app = open_page(tab="Slices")
    app.selectbox(key="own_kind").set_value(kind).run()
    app.number_input(key="own_from").set_value(low)
    app.number_input(key="own_to").set_value(high)
    next(each for each in app.button if each.label == "Add slice").click().run()
    assert not app.exception
    [row] = app.dataframe[-1].value.to_dict("records")
    low, high = sorted((low, high))
    scale = 100 if "%" in kind else 1
    table = app.session_state["own_slices"][0].mask(judged_as_shown()).sum()
    inside = judged_as_shown()[column].between(low / scale, high / scale)
    assert (row["slice"], row["n"], table) == (name, inside.sum(), inside.sum())
    assert " to " in row["difference"]


def judged_as_shown() -> pd.DataFrame:
    """The test reviews of the run ``tiny`` of ``all_runs``."""
    return judged().from_predictions(predictions(("test",), seed=1), DecisionRule(1.5), 0.5).table


def test_slices_are_made_once_and_at_most_a_dozen_and_a_movie_needs_an_id(monkeypatch):
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


def test_slices_that_differ_are_shown_and_all_of_them_on_request(open_page):
    app = open_page(tab="Slices")
    app.toggle(key="all_slices").set_value(True).run()
    app.session_state["slice_view"] = "Table"
    app.run()
    table = app.dataframe[0].value
    assert len(table) == len(judged().by_slice())
    assert (np.diff(table["accuracy"]) >= 0).all()
    assert table["errors"].sum() > 0


# Thresholds and calibration


def test_each_operating_point_does_what_its_name_says():
    scored = judged()
    points = thresholds.operating_points(scored, 1.0).set_index("point")
    assert points.loc["FPR at most" + points.index[3].removeprefix("FPR at most"), "fpr"] <= 0.05
    assert points.iloc[4]["recall"] >= 0.95
    assert points["f1"].max() == points.loc["Best F1", "f1"]
    assert points.loc["Current", "accuracy"] == scored.confusion.accuracy
    assert points.loc["Cost-optimal", "cost"] <= points.loc["Current", "cost"] + 1  # rounded to what the slider allows


def test_the_levels_of_confidence_hold_every_review_once():
    scored = judged()
    levels = calibration.confidence_levels(scored)
    assert levels["n"].sum() == len(scored.table)
    assert levels["level"].tolist() == ["confident", "leaning", "unsure"]
    assert levels["accuracy"].iloc[0] > levels["accuracy"].iloc[2]


# Compare


def test_two_models_are_compared_on_the_reviews_they_share(open_page):
    app = open_page(compare="other")
    assert "McNemar" in said(app)
    figures = app.dataframe[0].value
    assert figures["metric"].str[:-2].tolist() == ["Accuracy", "F1", "ROC AUC", "Log loss", "ECE"]
    np.testing.assert_allclose(figures["difference"], figures["tiny"] - figures["other"])
    app.selectbox(key="agreement").set_value("only the run shown is right").run()
    assert not app.exception
    rows = app.dataframe[1].value
    assert len(rows)
    assert ((rows["probability"] >= 50) == (rows["label"] == "positive")).all()
    shown = next(each.options for each in app.selectbox if each.key == "agreement")
    assert f"Only tiny correct ({len(rows):,})" in shown


def test_the_compare_tab_begins_with_a_comparison(open_page):
    app = open_page(tab="Compare")
    assert not app.exception
    assert "McNemar" in said(app)


# Robustness and explanations


def test_every_measure_of_an_explanation_is_shown_with_the_own_method_marked(open_page):
    app = open_page(tab="Explanations")
    methods = app.dataframe[0].value
    assert methods["method"].tolist() == ["ours (this app)", "random"]
    assert set(methods["Rare"]) == {0.995}
    gains = app.table[0].value
    assert gains["Gain over"].tolist() == ["random"]
    assert gains.iloc[0, 1].startswith("+0.400 (")
    checks = app.table[1].value
    assert "2e-06" in " ".join(checks["Result"]).replace("\\", "")


def test_where_another_method_is_better_the_page_says_so():
    report = proofs()
    assert explanations.better_methods(list(explanations.measures(report, 0)), "ours") == ([], 5)
    report["shapley"]["methods"][1]["mean"] = 0.99
    report["erasure"]["ways"][0]["methods"][1]["sufficiency"] = {"mean": -0.25, "interval": [-0.3, -0.2]}
    lines, n = explanations.better_methods(list(explanations.measures(report, 0)), "ours")
    assert lines == ["Sufficiency: random −0.250, own 0.400", "Shapley: random 0.990, own 0.970"]
    assert n == 5


# Words


def test_the_words_of_a_model_are_compared_with_the_data(open_page):
    app = open_page(tab="Words")
    table = app.dataframe[0].value
    assert table["word"].tolist()[0] == "good"  # the largest sum
    assert table["total"].iloc[0] == pytest.approx(table["count"].iloc[0] * table["mean"].iloc[0])
    assert table["log_odds"].notna().all()
    app.text_input(key="find_word").set_value("BA").run()
    assert app.dataframe[0].value["word"].tolist() == ["bad"]
    app.text_input(key="find_word").set_value("zebra").run()
    assert "not among those listed" in said(app)


def test_without_its_words_a_model_s_tab_says_how_to_write_them(runs, tmp_path, monkeypatch):
    run = all_runs(tmp_path / "runs") / "tiny"
    (run / words.PART).unlink()
    write_manifest(run)
    monkeypatch.setenv("SENTIMENT_RUNS", str(run.parent))
    assert "--words --data" in said(_open("evaluation", tab="Words"))


# Nearest reviews


def test_the_nearest_reviews_are_similar_to_the_model_and_never_the_review_itself():
    rng = np.random.default_rng(0)
    states = 5 + rng.normal(size=(40, 8)).astype("float16")
    states[7] = 5 + 2 * (states[3] - 5)
    reviews = pd.DataFrame({"id": [str(i) for i in range(40)], "label": "positive", "probability": 0.5, "film": ""})
    found = neighbours.Pool(reviews, states, "some").nearest(states[3], "3")
    assert len(found) == 10
    assert found["id"].iloc[0] == "7"
    assert "3" not in set(found["id"])
    assert (np.diff(found["similarity"]) <= 0).all()


def test_a_state_without_any_length_has_no_nearest_but_no_error_either():
    reviews = pd.DataFrame({"id": ["a", "b"], "label": "positive", "probability": 0.5, "text": ["x", "y"]})
    found = neighbours.Pool(reviews, np.zeros((2, 4), "float32"), "some").nearest(np.zeros(4, "float32"), "a")
    assert found["similarity"].tolist() == [0.0]


def test_stored_states_are_used_and_reviews_without_texts_are_named_by_movie_and_fingerprint(tmp_path, monkeypatch):
    classifier = Classifier.load(tiny_run(tmp_path / "tiny"))
    table = predictions(("train", "validation"), n=6)
    table.to_parquet(classifier.run / "predictions.parquet")
    texts = ["the film is good", "bad", "a dull film", "great great", "not good", "the the"]
    write_validation_states(classifier, texts)
    write_manifest(classifier.run)
    monkeypatch.setattr(neighbours.current_run, "run", lambda: open_run(classifier.run))
    monkeypatch.setattr(neighbours.current_run, "classifier", lambda: classifier)
    pool = neighbours.stored_pool()
    assert pool is not None
    assert "text" not in pool.reviews
    found = pool.nearest(pooled_states(classifier, ["great great"])[0], "another")
    nearest = table[table["split"] == "validation"].iloc[3]
    assert found["id"].iloc[0] == nearest["fingerprint"]
    assert nearest["film"] in found["film"].iloc[0]
    assert found["similarity"].iloc[0] == pytest.approx(1, abs=1e-3)


# The filter


def test_a_filter_set_by_a_click_is_in_the_address(monkeypatch):
    state: dict = {}
    query: dict = {}
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(st, "query_params", query)
    filters.open_errors(**{filters.OUTCOME: "false positives", filters.BETWEEN: (0.4, 0.6), filters.CAUSE: "irony"})
    assert query == {"tab": "Errors", "verdicts": "False positives", "between": ["0.4", "0.6"], "cause": "irony"}
    assert state["slice"] == EVERYTHING

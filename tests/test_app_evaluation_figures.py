"""The tabs Thresholds, Calibration, Compare, Explanations and Words of the Evaluation page: their figures."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.app.evaluation import calibration, explanations, thresholds, words
from sentiment.artifacts import write_manifest
from tests.app_pages import open_page, said
from tests.app_runs import all_runs, proofs
from tests.evaluation_page import scored_reviews

pytestmark = pytest.mark.usefixtures("serve_runs")


# Thresholds and calibration


def test_each_operating_point_does_what_its_name_says():
    scored = scored_reviews()
    points = thresholds.operating_points(scored, 1.0).set_index("point")
    assert points.loc["FPR at most 5%", "fpr"] <= 0.05
    assert points.loc["Recall at least 95%", "recall"] >= 0.95
    assert points["f1"].max() == points.loc["Best F1", "f1"]
    assert points.loc["Current", "accuracy"] == scored.confusion.accuracy


@pytest.mark.parametrize("ratio", [0.3, 1.0, 20.0])
def test_no_operating_point_is_cheaper_than_the_cost_optimal_one(ratio):
    points = thresholds.operating_points(scored_reviews(), ratio).set_index("point")
    assert points["cost"].min() == points.loc["Cost-optimal", "cost"]


def test_the_levels_of_confidence_hold_every_review_once():
    scored = scored_reviews()
    levels = calibration.confidence_levels(scored)
    assert levels["n"].sum() == len(scored.table)
    assert levels["level"].tolist() == ["confident", "leaning", "unsure"]
    assert levels["accuracy"].iloc[0] > levels["accuracy"].iloc[2]


# Compare


def test_two_models_are_compared_on_the_reviews_they_share():
    app = open_page("evaluation", compare="other")
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


def test_the_compare_tab_starts_with_a_comparison():
    app = open_page("evaluation", tab="Compare")
    assert not app.exception
    assert "McNemar" in said(app)


# Explanations


def test_the_measures_of_every_method_are_shown_and_the_app_s_method_is_marked():
    app = open_page("evaluation", tab="Explanations")
    methods = app.dataframe[0].value
    assert methods["method"].tolist() == ["ours (this app)", "random"]
    assert set(methods["Rare"]) == {0.995}
    gains = app.table[0].value
    assert gains["Gain over"].tolist() == ["random"]
    assert gains.iloc[0, 1].startswith("+0.400 (")
    checks = app.table[1].value
    assert "2e-06" in " ".join(checks["Result"]).replace("\\", "")


def test_measures_in_which_another_method_is_better_are_named():
    report = proofs()
    assert explanations.better_methods(list(explanations.measures(report, 0)), "ours") == ([], 5)
    report["shapley"]["methods"][1]["mean"] = 0.99
    report["erasure"]["ways"][0]["methods"][1]["sufficiency"] = {"mean": -0.25, "interval": [-0.3, -0.2]}
    lines, n = explanations.better_methods(list(explanations.measures(report, 0)), "ours")
    assert lines == [
        "Sufficiency: best: random −0.250; this app: 0.400",
        "Shapley: best: random 0.990; this app: 0.970",
    ]
    assert n == 5


def test_a_better_method_keeps_the_hyphens_of_its_name():
    values = {"leave-one-out": -0.018, "ours": -0.014}
    found = [explanations.Measure("Sufficiency", "Suff.", "", values, ".3f", "less")]
    assert explanations.better_methods(found, "ours")[0] == [
        "Sufficiency: best: leave-one-out −0.018; this app: −0.014"
    ]


# Words


def test_the_words_of_a_model_are_listed_with_their_log_odds_in_the_data_and_searched():
    app = open_page("evaluation", tab="Words")
    table = app.dataframe[0].value
    assert table["word"].tolist()[0] == "good"  # the largest sum
    assert table["total"].iloc[0] == pytest.approx(table["count"].iloc[0] * table["mean"].iloc[0])
    assert table["log_odds"].notna().all()
    app.text_input(key="find_word").set_value("BA").run()
    assert app.dataframe[0].value["word"].tolist() == ["bad"]
    app.text_input(key="find_word").set_value("zebra").run()
    assert "not among those listed" in said(app)


def test_without_words_json_the_page_shows_the_command_that_writes_it(tmp_path, monkeypatch):
    run = all_runs(tmp_path / "runs") / "tiny"
    (run / words.PART).unlink()
    write_manifest(run)
    monkeypatch.setenv("SENTIMENT_RUNS", str(run.parent))
    assert "--words --data" in said(open_page("evaluation", tab="Words"))

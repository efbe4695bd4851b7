"""A run's bias and threshold reach every prediction, explanation, file, figure and card, and leave the logit alone."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment import Classifier, model_card
from sentiment.app.review.arithmetic import sum_rows
from sentiment.artifacts import ArtifactError, add_parts, open_run, write_json, write_manifest
from sentiment.evaluation import predictions, review_notes
from sentiment.explain.html_file import to_html
from sentiment.explain.json_file import from_json, to_json
from sentiment.explain.prediction_text import probability_sentence
from sentiment.explain.prefixes import score_prefixes
from sentiment.model.decision import DecisionRule, read_rule
from sentiment.model.lookup_session import load_bulk
from tests.app_runs import predictions as labelled
from tests.command import run_script
from tests.tiny import tiny_run

RULE = DecisionRule(1.5, 0.4, 0.7)
TEXTS = ["The film is good!", "not a great film .", "dull", "bad bad bad", "great great great good", "the", ""]


def run_with_rule(folder: Path, **values: object) -> Path:
    """Writes a run whose configuration has these values."""
    run = tiny_run(folder)
    write_json(run / "config.json", {"preset": "tiny", "max_length": 50, "temperature": 1.5, **values})
    write_manifest(run)
    return run


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    return Classifier.load(tiny_run(tmp_path_factory.mktemp("plain") / "tiny"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_with_rule(tmp_path_factory.mktemp("ruled") / "tiny", bias=0.4, threshold=0.7)


@pytest.fixture(scope="module")
def ruled(run: Path) -> Classifier:
    return Classifier.load(run)


def test_the_logits_are_those_without_a_rule_and_all_else_follows_from_it(plain: Classifier, ruled: Classifier) -> None:
    for before, after in zip(plain.predict(TEXTS[:-1]), ruled.predict(TEXTS[:-1]), strict=True):
        assert after.logit == before.logit
        assert after.probability == pytest.approx(1 / (1 + math.exp(-(before.logit + 0.4) / 1.5)))
        assert after.label == ("positive" if after.probability >= 0.7 else "negative")
        assert after.confidence == RULE.confidence(after.probability, after.status)
    labels = [each.label for each in plain.predict(TEXTS)]
    assert [each.label for each in ruled.predict(TEXTS)] != labels  # else the rule would have no effect here


@pytest.mark.parametrize("fast", [False, True])
def test_files_are_scored_by_the_same_rule(fast: bool, run: Path) -> None:
    bulk = load_bulk(run, fast=fast)
    assert bulk.rule == RULE
    for prediction in bulk.predict(TEXTS[:-1]):
        assert prediction.probability == RULE.probability(prediction.logit)
        assert prediction.label == RULE.label(prediction.probability)


def test_a_scored_file_and_its_metrics_have_the_labels_of_the_rule(
    run: Path, ruled: Classifier, tmp_path: Path
) -> None:
    lines = ["review,label", *(f"{text},positive" for text in TEXTS[:-1])]
    (tmp_path / "in.csv").write_text("\n".join(lines), encoding="utf-8")
    done = run_script(
        "score.py",
        tmp_path / "in.csv",
        tmp_path / "out.csv",
        "--artifacts",
        run,
        "--label-column",
        "label",
        "--explain",
    )
    assert done.status == 0, done.stderr
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    expected = ruled.predict(TEXTS[:-1])
    assert [row["sentiment"] for row in rows] == [each.label for each in expected]
    assert [row["confidence"] for row in rows] == [each.confidence for each in expected]
    verdicts = [row["sentiment"] for row in rows if row["confidence"] and row["status"] != "mostly_unknown"]
    [report] = tmp_path.glob("*.json")
    measured = json.loads(report.read_text(encoding="utf-8"))["against_labels"]
    assert measured["accuracy"] == verdicts.count("positive") / len(verdicts)  # all labels are positive


def test_contributions_and_their_sum_are_those_without_a_rule(plain: Classifier, ruled: Classifier) -> None:
    before, after = plain.explain(TEXTS[1]), ruled.explain(TEXTS[1])
    np.testing.assert_array_equal(after.contributions, before.contributions)
    assert (after.baseline_logit, after.logit, after.residual) == (before.baseline_logit, before.logit, before.residual)
    assert (before.boundary, after.boundary) == (0, RULE.boundary)


def test_a_saved_explanation_keeps_and_shows_the_boundary(plain: Classifier, ruled: Classifier) -> None:
    explained = ruled.explain(TEXTS[0])
    assert from_json(to_json(explained)).boundary == explained.boundary == RULE.boundary
    assert f"decision boundary is a logit of +{RULE.boundary:.3f}" in to_html(explained)
    assert f"{RULE.boundary:+.2f}, so {explained.prediction.label}" in str(sum_rows(explained, None))
    assert "sigmoid((score + 0.400) / 1.500)" in str(sum_rows(explained, ruled))
    before = plain.explain(TEXTS[0])
    assert "boundary" not in to_json(before)
    assert "decision boundary" not in to_html(before)
    assert " 0, so" in str(sum_rows(before, None))
    for boundary in (math.nan, math.inf, "x", None):
        with pytest.raises(ValueError, match=r"explanation"):
            from_json(json.dumps({**json.loads(to_json(explained)), "boundary": boundary}))


def test_the_sentence_states_the_probability_of_the_label_even_below_one_half() -> None:
    prediction = DecisionRule(threshold=0.8).predict(math.log(0.7 / 0.3), "ok", 5, 5, 0.0)
    assert probability_sentence(prediction) == "Negative at the threshold of this model, but only 30% likely."


def test_prefixes_end_with_the_probability_of_the_whole_text(ruled: Classifier) -> None:
    [whole] = ruled.predict(TEXTS[:1])
    assert score_prefixes(ruled, TEXTS[0])[-1].probability == pytest.approx(whole.probability, abs=1e-6)


def test_figures_count_verdicts_at_the_threshold() -> None:
    table = labelled(("test",))
    probability = 1 / (1 + np.exp(-(table["logit"].to_numpy(np.float64) + RULE.bias) / RULE.temperature))
    found = predictions.summary(table, RULE)
    predicted, true = probability >= RULE.threshold, (table["label"] == 1).to_numpy()
    assert found["accuracy"] == (predicted == true).mean()
    assert found["confusion"]["tp"] == (predicted & true).sum()
    assert found["brier"] == pytest.approx(((probability - true) ** 2).mean())
    plain = predictions.summary(table, DecisionRule(1.5))
    assert found["accuracy"] != plain["accuracy"]  # else the rule would have no effect here
    levels = [RULE.confidence(each) for each in probability.tolist()]
    assert [row["n"] for row in found["confidence"]] == [levels.count(row["level"]) for row in found["confidence"]]


def test_two_runs_are_compared_each_by_its_own_rule() -> None:
    table = labelled(("test",))
    same = predictions.compare(table, table, (RULE, RULE))
    other = predictions.compare(table, table, (RULE, DecisionRule(1.5)))
    assert (same.first_only, same.second_only) == (0, 0)
    gained = predictions.summary(table, DecisionRule(1.5))["accuracy"] - predictions.summary(table, RULE)["accuracy"]
    assert other.difference == pytest.approx(gained)


def test_confident_mistakes_are_wrong_and_confident_by_the_rule() -> None:
    labels, logits = [1, 1, 0, 0, 1], [-4.0, 0.5, 6.0, 1.0, 6.0]  # the fourth is right, the second not confident
    rows = labelled(("test",)).head(5).assign(label=labels, logit=np.array(logits, np.float32))
    found = review_notes.confident_mistakes(rows, RULE)
    assert sorted(found["logit"]) == [-4, 6]
    assert found["probability"].tolist() == pytest.approx([RULE.probability(each) for each in found["logit"]])


def test_the_card_states_bias_threshold_and_how_the_bias_was_decided(tmp_path: Path) -> None:
    decided = {"folds": 10, "bias": 0.4, "gain": 0.0021, "standard_error": 0.0004}
    run = open_run(run_with_rule(tmp_path / "tiny", bias=0.4, threshold=0.7, calibration=decided))
    result = {"test": predictions.summary(labelled(("test",)), RULE), "data": {}, "date": "2026-01-02", "versions": {}}
    card = " ".join(model_card.render(add_parts(run, {"test.json": result})).split())
    assert "a bias of +0.400" in card
    assert "decision threshold is a probability of 70.00%" in card
    assert "by −0.00210 (standard error 0.00040, 10-fold cross-validation)" in card


def test_rules_are_read_from_runs_and_bad_ones_refused_in_a_sentence(run: Path, tmp_path: Path) -> None:
    assert read_rule(open_run(run)) == RULE
    for number, values in enumerate([{"bias": "0.4"}, {"threshold": 1}, {"threshold": True}, {"bias": 1e9}]):
        bad = run_with_rule(tmp_path / str(number), **values)
        [name] = values
        for load in (Classifier.load, lambda folder: read_rule(open_run(folder))):
            with pytest.raises(ArtifactError, match=f"{name} in config.json is not a number") as error:
                load(bad)
            assert str(error.value).count(". ") == 0


def test_a_predictions_table_needs_no_rule(ruled: Classifier, plain: Classifier) -> None:
    frame = pd.DataFrame({"text": TEXTS, "label": 1, "rating": 0, "film": "", "fingerprint": "0" * 16})
    tables = [predictions.predict(each.logits, each.preprocessor, frame) for each in (ruled, plain)]
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.8])
def test_the_unsure_zone_has_the_probabilities_of_unsure_predictions(threshold):
    rule = DecisionRule(threshold=threshold)
    low, high = rule.unsure_zone
    assert 0 < low < threshold < high < 1
    for inside, outside in ((low + 1e-6, low - 1e-6), (high - 1e-6, high + 1e-6)):
        assert rule.confidence(inside) == "unsure"
        assert rule.confidence(outside) != "unsure"

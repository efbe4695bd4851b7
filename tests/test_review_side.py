"""The parts next to the verdict: the sum of a score, comparisons, code to share, and labels to save."""

from __future__ import annotations

import ast
import csv
import io
import json
import math
import shlex
import threading
from dataclasses import replace

import pytest

from sentiment.app.review import arithmetic, comparison, feedback, share, side_by_side, turns
from sentiment.app.review.comparison import Side
from sentiment.app.shared.analyses import Analysis
from sentiment.commands import score
from sentiment.dataset import load
from sentiment.explain.grouping import group
from sentiment.explain.stability import reliability
from sentiment.model.classifier import Classifier
from sentiment.tables.inspection import inspect
from sentiment.tables.options import Options
from tests.tiny import tiny_run

TEXTS = (
    "the film is good",
    "it's \"good\", isn't it?",
    "-10/10, dreadful",
    "--explain",
    "good $(rm -rf /) `ls` $HOME \\n",
    "two\nlines, one 'quoted'",
    "naïve — 映画 🎬",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("side") / "runs"
    tiny_run(folder / "tiny")
    return folder


@pytest.fixture(scope="module")
def classifier(runs):
    return Classifier.load(runs / "tiny")


@pytest.fixture(autouse=True)
def folder_of_runs(runs, monkeypatch):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))


def analysis_of(text: str, classifier: Classifier) -> Analysis:
    return Analysis(1, text, classifier.run.name, classifier.predict([text])[0], 1.0)


# How the score adds up


@pytest.mark.parametrize("text", ["the film is good", "not a good film , a bad bad film !", "zebra", "good"])
def test_the_rows_of_the_sum_add_up_to_the_score(classifier, text):
    rows = {name: value for name, value, _ in arithmetic.sum_rows(classifier.explain(text), classifier)}
    numbers = {name: float(value.replace("−", "-")) for name, value in rows.items() if not value.endswith("%")}
    parts = ("Baseline", "Positive contributions", "Negative contributions", "Numerical error")
    assert sum(numbers[part] for part in parts) == pytest.approx(numbers["Score"], abs=0.002)


def test_the_last_row_of_the_sum_gives_the_probability_and_its_formula(classifier):
    explanation = classifier.explain("the film is good")
    *_, (name, value, formula) = arithmetic.sum_rows(explanation, classifier)
    assert name == "P(positive)"
    temperature = float(formula.removesuffix(")").split("/")[1])
    expected = 100 / (1 + math.exp(-explanation.logit / temperature))
    assert float(value.removesuffix("%")) == pytest.approx(expected, abs=0.06)


def test_the_sum_states_no_probability_for_unknown_words(classifier):
    rows = arithmetic.sum_rows(classifier.explain("zyx xyz yzx"), classifier)
    assert "P(positive)" not in [row[0] for row in rows]


@pytest.mark.parametrize(
    ("agreement", "rating"),
    [(1.0, "high"), (0.9, "high"), (0.89, "medium"), (0.7, "medium"), (0.69, "low"), (-1.0, "low"), (math.nan, None)],
)
def test_reliability_is_rated_by_the_agreement(agreement, rating):
    assert reliability(agreement) == rating


@pytest.mark.parametrize("text", ["Baseline Score good good", "1 other score score Score", "good (2) good good"])
def test_no_two_steps_of_the_waterfall_share_a_name_whatever_the_words(classifier, text):
    explanation = classifier.explain(text)
    assert arithmetic.waterfall_steps(explanation, group(explanation, "word"))["name"].is_unique


def test_an_analysis_that_has_its_turn_does_not_wait_for_itself(classifier):
    long = analysis_of("good " * 6_000, classifier)

    def nested() -> None:
        with turns.in_turn(long), turns.in_turn(long):
            pass

    thread = threading.Thread(target=nested, daemon=True)
    thread.start()
    thread.join(timeout=5)  # it ends at once, or never
    assert not thread.is_alive()


# Other methods and models


def test_contributions_of_every_method_add_up_to_the_score_with_the_residual(classifier):
    analysis = analysis_of("not a good film , a bad bad film !", classifier)
    for method in side_by_side._METHODS:
        explanation = side_by_side._explain(analysis, classifier, method)
        total = explanation.baseline_logit + explanation.contributions.sum(dtype=float) + explanation.residual
        assert total == pytest.approx(explanation.logit, abs=1e-5)
        assert explanation.logit == pytest.approx(classifier.explain(analysis.text).logit)


def test_leave_one_out_is_the_change_of_the_score_without_the_word(classifier):
    analysis = analysis_of("not a good film , a bad bad film !", classifier)
    left_out = side_by_side._explain(analysis, classifier, "Leave-one-out")
    [without] = classifier.predict(["a good film , a bad bad film !"])
    assert left_out.contributions[0] == pytest.approx(left_out.logit - without.logit, abs=1e-5)


def test_a_method_is_computed_once_for_an_analysis(classifier, monkeypatch):
    analysis = analysis_of("the film is good", classifier)
    first = side_by_side._explain(analysis, classifier, "Leave-one-out")
    monkeypatch.setattr(side_by_side, "_compute", lambda *_: pytest.fail("computed again"))
    assert side_by_side._explain(analysis, classifier, "Leave-one-out") is first


def test_the_summary_of_a_comparison_states_whether_the_models_agree(classifier):
    explanation = classifier.explain("the film is good")
    prediction = replace(explanation.prediction, label="positive", probability=0.75)
    first = Side("a", "", prediction, explanation)
    second = replace(first, name="b", prediction=replace(prediction, label="negative", probability=0.25))
    assert comparison._summary(first, second).startswith("a predicts positive, b negative; P(positive) differs by 50.0")
    assert comparison._summary(first, first).startswith("Both predict positive")
    assert comparison._summary(first, replace(first, prediction=None)) == ""


# Sharing


@pytest.mark.parametrize("text", TEXTS)
def test_the_command_passes_the_text_to_the_script_unchanged(classifier, text):
    _, script, *arguments = shlex.split(share.command(analysis_of(text, classifier)))
    options = score._options(arguments, "score.py")
    assert script == "scripts/score.py"
    assert options.text == text
    assert options.explain
    assert str(options.artifacts) == "runs/tiny"


@pytest.mark.parametrize("text", TEXTS)
def test_the_python_code_runs_and_explains_the_text(classifier, runs, monkeypatch, capsys, text):
    monkeypatch.chdir(runs.parent)
    exec(share.python(analysis_of(text, classifier)), {})
    label, *words = capsys.readouterr().out.splitlines()
    assert label.split()[0] == classifier.predict([text])[0].label
    assert len(words) == len(classifier.explain(text).tokens)


@pytest.mark.parametrize("text", TEXTS)
def test_the_http_command_sends_the_text_unchanged(classifier, text):
    program, *arguments = shlex.split(share.http(analysis_of(text, classifier)))
    assert program == "curl"
    assert json.loads(arguments[arguments.index("--data") + 1]) == {"text": text}


def test_the_http_command_reads_a_long_text_from_a_file(classifier):
    command = share.http(analysis_of("good film " * 500, classifier))
    assert "good" not in command
    assert shlex.split(command)[-2:] == ["--data", "@-"]


def test_code_reads_a_long_text_from_a_file(classifier, runs, tmp_path, monkeypatch, capsys):
    long = analysis_of("good film " * 500, classifier)
    assert "good" not in share.command(long) + share.python(long)
    assert ast.parse(share.python(long))
    (tmp_path / "review.txt").write_text(long.text, encoding="utf-8")
    (tmp_path / "runs").symlink_to(runs)
    monkeypatch.chdir(tmp_path)
    exec(share.python(long), {})
    assert capsys.readouterr().out.split()[0] == long.prediction.label


# Feedback


def test_labels_kept_in_memory_are_limited(monkeypatch):
    state: dict = {}
    monkeypatch.setattr(feedback.st, "session_state", state)
    monkeypatch.setattr(feedback.budget, "SESSION_CHARACTERS", 10)
    feedback._set_label("12345678", "positive")
    feedback._set_label("12345678", "negative")
    feedback._set_label("123", "positive")
    assert state["feedback"] == {"12345678": "negative"}
    assert state["feedback_full"]


@pytest.fixture
def labelled():
    """Labels of texts, some of which look like a formula, a quoted cell or a missing value."""
    odd = ("=1+1 is what it felt like", "@home it was good", 'a "quoted" word, and\nanother line\r', "NA is not a film")
    texts = [*odd, *(f"review number {n}, quite {'good' if n % 2 else 'bad'}" for n in range(30))]
    return {text: "positive" if n % 2 else "negative" for n, text in enumerate(texts)}


def test_saved_labels_are_a_csv_with_formulas_escaped(labelled):
    header, *rows = csv.reader(io.StringIO(feedback.as_csv(labelled).decode(), newline=""))
    assert header == ["review", "sentiment"]
    assert {text.removeprefix("'"): label for text, label in rows} == labelled
    assert [text for text, _ in rows if text[0] in "=@"] == []


def test_scoring_and_training_read_saved_labels_as_they_were_given(labelled, tmp_path):
    path = tmp_path / "sentiment-labels.csv"
    path.write_bytes(feedback.as_csv(labelled))
    found = inspect(path, Options(), lambda *_: None)
    assert (found.columns[found.text], found.columns[found.label]) == ("review", "sentiment")
    data = load(path)
    read = {
        text: label
        for part in (data.train, data.validation, data.test)
        for text, label in zip(part["text"], part["label"], strict=True)
    }
    expected = {text.strip(): label for text, label in labelled.items()}
    assert {text.removeprefix("'"): ("negative", "positive")[label] for text, label in read.items()} == expected

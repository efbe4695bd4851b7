"""What the parts next to the verdict compute and write: sums, methods, code to share, labels as CSV."""

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


def analysed(classifier: Classifier, text: str) -> Analysis:
    return Analysis(1, text, classifier.run.name, classifier.predict([text])[0], 1.0)


# How the score adds up


@pytest.mark.parametrize("text", ["the film is good", "not a good film , a bad bad film !", "zebra", "good"])
def test_the_rows_of_the_sum_add_up_to_the_score(classifier, text):
    rows = {name: value for name, value, _ in arithmetic.sum_rows(classifier.explain(text), classifier)}
    numbers = {name: float(value.replace("−", "-")) for name, value in rows.items() if not value.endswith("%")}
    parts = ("Baseline", "Positive words", "Negative words", "Numerical error")
    assert sum(numbers[part] for part in parts) == pytest.approx(numbers["Score"], abs=0.002)


def test_the_probability_of_the_sum_follows_from_its_formula(classifier):
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
    ("agreement", "mark"),
    [(1.0, "high"), (0.9, "high"), (0.89, "medium"), (0.7, "medium"), (0.69, "low"), (-1.0, "low"), (math.nan, None)],
)
def test_reliability_is_a_word_for_the_agreement(agreement, mark):
    assert reliability(agreement) == mark


@pytest.mark.parametrize("text", ["Baseline Score good good", "1 other score score Score", "good (2) good good"])
def test_no_two_steps_of_the_waterfall_share_a_name_whatever_the_words(classifier, text):
    explanation = classifier.explain(text)
    assert arithmetic.waterfall_steps(explanation, group(explanation, "word"))["name"].is_unique


def test_a_part_of_a_long_explanation_does_not_wait_for_the_whole(classifier):
    long = analysed(classifier, "good " * 6_000)

    def nested() -> None:
        with turns.in_turn(long), turns.in_turn(long):
            pass

    thread = threading.Thread(target=nested, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()


# Two models, two methods


def test_the_methods_keep_the_score_and_show_what_they_leave_over(classifier):
    analysis = analysed(classifier, "not a good film , a bad bad film !")
    for method in side_by_side._METHODS:
        explanation = side_by_side._explain(analysis, classifier, method)
        total = explanation.baseline_logit + explanation.contributions.sum(dtype=float) + explanation.residual
        assert total == pytest.approx(explanation.logit, abs=1e-5)
        assert explanation.logit == pytest.approx(classifier.explain(analysis.text).logit)
    left_out = side_by_side._explain(analysis, classifier, "Leave-one-out")
    [without] = classifier.predict(["a good film , a bad bad film !"])
    assert left_out.contributions[0] == pytest.approx(left_out.logit - without.logit, abs=1e-5)


def test_a_method_is_computed_once_for_an_analysis(classifier, monkeypatch):
    analysis = analysed(classifier, "the film is good")
    first = side_by_side._explain(analysis, classifier, "Leave-one-out")
    monkeypatch.setattr(side_by_side, "_compute", lambda *_: pytest.fail("computed again"))
    assert side_by_side._explain(analysis, classifier, "Leave-one-out") is first


def test_models_that_disagree_are_said_to(classifier):
    explanation = classifier.explain("the film is good")
    prediction = replace(explanation.prediction, label="positive", probability=0.75)
    first = Side("a", "", prediction, explanation)
    second = replace(first, name="b", prediction=replace(prediction, label="negative", probability=0.25))
    assert comparison._summary(first, second).startswith("a predicts positive, b negative; P(positive) differs by 50.0")
    assert comparison._summary(first, first).startswith("Both predict positive")
    assert comparison._summary(first, replace(first, prediction=None)) == ""


# Sharing


@pytest.mark.parametrize("text", TEXTS)
def test_the_command_gives_the_text_to_the_script_as_it_is(classifier, text):
    _, script, *arguments = shlex.split(share.command(analysed(classifier, text)))
    options = score._options(arguments, "score.py")
    assert script == "scripts/score.py"
    assert options.text == text
    assert options.explain
    assert str(options.artifacts) == "runs/tiny"


@pytest.mark.parametrize("text", TEXTS)
def test_the_program_runs_and_explains_the_text(classifier, runs, monkeypatch, capsys, text):
    monkeypatch.chdir(runs.parent)
    exec(share.python(analysed(classifier, text)), {})
    label, *words = capsys.readouterr().out.splitlines()
    assert label.split()[0] == classifier.predict([text])[0].label
    assert len(words) == len(classifier.explain(text).tokens)


@pytest.mark.parametrize("text", TEXTS)
def test_the_http_command_sends_the_text_as_it_is(classifier, text):
    program, *arguments = shlex.split(share.http(analysed(classifier, text)))
    assert program == "curl"
    assert json.loads(arguments[arguments.index("--data") + 1]) == {"text": text}


def test_the_http_command_reads_a_long_text_from_a_file(classifier):
    command = share.http(analysed(classifier, "good film " * 500))
    assert "good" not in command
    assert shlex.split(command)[-2:] == ["--data", "@-"]


def test_a_long_text_is_read_from_a_file_and_not_written_into_code(classifier, runs, tmp_path, monkeypatch, capsys):
    long = analysed(classifier, "good film " * 500)
    assert "good" not in share.command(long) + share.python(long)
    assert ast.parse(share.python(long))
    (tmp_path / "review.txt").write_text(long.text, encoding="utf-8")
    (tmp_path / "runs").symlink_to(runs)
    monkeypatch.chdir(tmp_path)
    exec(share.python(long), {})
    assert capsys.readouterr().out.split()[0] == long.prediction.label


# Feedback


def test_labels_are_bounded_in_memory(monkeypatch):
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
    """Labels of texts that a spreadsheet or a reader could take for something else."""
    odd = ("=1+1 is what it felt like", "@home it was good", 'a "quoted" word, and\nanother line\r', "NA is not a film")
    texts = [*odd, *(f"review number {n}, quite {'good' if n % 2 else 'bad'}" for n in range(30))]
    return {text: "positive" if n % 2 else "negative" for n, text in enumerate(texts)}


def test_the_saved_labels_are_a_csv_with_formulas_escaped(labelled):
    header, *rows = csv.reader(io.StringIO(feedback.as_csv(labelled).decode(), newline=""))
    assert header == ["review", "sentiment"]
    assert {text.removeprefix("'"): label for text, label in rows} == labelled
    assert [text for text, _ in rows if text[0] in "=@"] == []


def test_the_saved_labels_are_read_as_they_are_by_scoring_and_training(labelled, tmp_path):
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

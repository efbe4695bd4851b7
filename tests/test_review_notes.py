"""Notes of people who read reviews: confident mistakes with a cause, suspected labels with a verdict."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from sentiment.artifacts import ArtifactError, write_manifest
from sentiment.dataset import fingerprint, official
from sentiment.evaluation import review_notes
from sentiment.model.decision import CONFIDENT
from tests.app_runs import RULE, predictions
from tests.command import run_tool
from tests.tiny import tiny_run


def mistaken(n: int = 400) -> pd.DataFrame:
    """Predictions of which every fifth is wrong, some of these with confidence."""
    table = predictions(("test",), n=n)
    return table.assign(label=table["label"].where(table.index % 5 > 0, 1 - table["label"]))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder in place of the one in the repository."""
    monkeypatch.setattr(review_notes, "FOLDER", tmp_path / "reviews")
    (tmp_path / "reviews").mkdir()
    return tmp_path / "reviews"


def test_the_causes_in_the_repository_are_known_ones_and_of_test_reviews():
    known = review_notes.causes()
    index = official.read_index()
    assert len(known) >= 220
    assert known.keys() <= set(index.loc[index["part"] == "test", "fingerprint"])
    assert set(known.values()) <= set(review_notes.CAUSES)


def test_the_suspected_labels_in_the_repository_are_of_training_reviews():
    found = review_notes.label_errors()
    assert found is not None
    suspects, facts = found
    index = official.read_index()
    assert set(suspects["fingerprint"]) <= set(index.loc[index["part"] == "train", "fingerprint"])
    assert sum(facts["suspected"].values()) == len(suspects)


def test_the_suspected_labels_that_were_read_are_the_first_by_fingerprint_so_a_random_sample():
    found = review_notes.label_errors()
    assert found is not None
    read = review_notes.label_verdicts()
    assert sorted(read) == sorted(found[0]["fingerprint"])[: len(read)]
    assert len(read) >= 50


def test_no_file_of_the_notes_holds_a_text():
    for path in review_notes.FOLDER.glob("*.csv"):
        assert all(re.fullmatch(r"[0-9a-f]{16},[a-z ]+", line) for line in path.read_text().splitlines()[1:])
    for path in review_notes.FOLDER.glob("*.txt"):
        assert all(re.fullmatch(r"[0-9a-f]{16}", line) for line in path.read_text().splitlines())
    assert {path.suffix for path in review_notes.FOLDER.iterdir()} == {".csv", ".json", ".parquet", ".txt"}


def test_confident_mistakes_are_listed_with_the_most_confident_first(folder):
    table = mistaken()
    rows = review_notes.confident_mistakes(table, RULE)
    predicted = rows["probability"].where(rows["label"] == 0, 1 - rows["probability"])  # of the predicted label
    assert predicted.is_monotonic_decreasing
    assert predicted.min() >= CONFIDENT
    rest = review_notes.confident_mistakes(table.drop(rows.index), RULE)
    assert len(rows) > 0
    assert rest.empty


def test_a_cause_is_shown_only_for_the_mistakes_that_were_read(folder):
    table = mistaken()
    first, second = review_notes.confident_mistakes(table, RULE)["fingerprint"].head(2)
    (folder / "causes.csv").write_text(f"fingerprint,cause\n{second},irony\n")
    rows = review_notes.confident_mistakes(table, RULE).set_index("fingerprint")
    assert rows["cause"][second] == "irony"
    assert rows["cause"].isna()[first]
    assert rows["cause"].notna().sum() == 1


def test_without_files_there_are_no_notes(folder):
    assert review_notes.causes() == review_notes.label_verdicts() == {}
    assert review_notes.label_errors() is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("fingerprint,cause\n00,sarcsm\n", "Line 2 of causes.csv: “sarcsm” is not one of mixed review, wrong label,"),
        ("fingerprint,cause\n00,plot\n01,plot\n00,irony\n", "Line 4 of causes.csv: 00 is listed twice."),
        ("fingerprint;cause\n00;plot\n", "causes.csv must have the columns fingerprint and cause."),
        ("", "causes.csv cannot be read as CSV."),
    ],
)
def test_an_error_in_a_file_written_by_hand_is_reported_with_its_line(folder, content, message):
    (folder / "causes.csv").write_text(content)
    with pytest.raises(ArtifactError, match=re.escape(message)):
        review_notes.causes()


def test_a_review_is_listed_to_be_read_until_its_cause_is_recorded(folder, tmp_path):
    texts = [f"review number {i}, a {'good' if i % 2 else 'bad'} film" for i in range(120)]
    labels = ["positive" if i % 2 else "negative" for i in range(120)]
    pd.DataFrame({"review": texts, "sentiment": labels}).to_csv(tmp_path / "reviews.csv", index=False)
    run = tiny_run(tmp_path / "tiny")
    tested = mistaken(120).assign(fingerprint=[fingerprint(text) for text in texts])
    tested.to_parquet(run / "test_predictions.parquet")
    write_manifest(run)
    command = ("dev.to_read", "mistakes", "--data", tmp_path / "reviews.csv", "--artifacts", run, "--count", 1)
    first = run_tool(*command)
    most_confident = review_notes.confident_mistakes(tested, RULE)["fingerprint"].iloc[0]
    assert first.status == 0
    assert first.stdout.startswith(most_confident)
    assert first.stdout.count("review number") == 1
    (folder / "causes.csv").write_text(f"fingerprint,cause\n{most_confident},plot\n")
    second = run_tool(*command)
    assert second.status == 0
    assert second.stdout.count("review number") == 1
    assert most_confident not in second.stdout


@pytest.mark.parametrize(
    ("what", "message"),
    [("mistakes", "The run tiny has no test results"), ("labels", "No labels are suspected yet")],
)
def test_to_read_reports_missing_results_in_a_sentence(folder, tmp_path, what, message):
    done = run_tool("dev.to_read", what, "--data", tmp_path, "--artifacts", tiny_run(tmp_path / "tiny"))
    assert done.status == 2
    assert done.stderr.startswith(f"to_read.py: {message}")

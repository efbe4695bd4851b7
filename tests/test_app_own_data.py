"""The Dataset page for a user's file: the same facts as a run's, or a sentence; and nothing of it is kept."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sentiment import dataset
from sentiment.app.dataset import own_data
from sentiment.app.dataset import page as dataset_page
from sentiment.dataset import describe as describe_module
from sentiment.dataset.describe import describe
from tests import uploads
from tests.app_runs import full_run


def reviews(folder: Path, text: str = "review", label: str = "sentiment") -> Path:
    rows = [(f"the film number{i} is {'splendid' if i % 2 else 'dreadful'}", i % 2) for i in range(60)]
    path = folder / "mine.csv"
    pd.DataFrame(rows, columns=[text, label]).to_csv(path, index=False)
    return path


def test_the_facts_count_every_review_and_the_distinctive_words_are_found(tmp_path):
    facts, counts = describe(dataset.load(reviews(tmp_path)), 100)
    labels = pd.DataFrame(facts["labels"])
    assert labels[["positive", "negative"]].to_numpy().sum() == 60
    assert facts["telling"]["positive"][0]["token"] == "splendid"
    assert facts["telling"]["negative"][0]["token"] == "dreadful"
    trained = labels.set_index("split").loc["train"]
    splendid = counts.set_index("token").loc["splendid"]
    assert (splendid["positive"], splendid["negative"]) == (trained["positive"], 0)
    assert facts["coverage"][-1]["share"] == pytest.approx(1.0)


def open_page(tmp_path, monkeypatch) -> AppTest:
    full_run(tmp_path / "runs" / "tiny")
    (tmp_path / "runs" / "default").write_text("tiny")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path / "runs"))

    def script():
        from sentiment.app.dataset import page as dataset
        from sentiment.app.shared import current_run

        current_run.choose_run()
        dataset.page()

    app = AppTest.from_function(script, default_timeout=60)
    app.query_params["tab"] = "Your data"
    return app.run()


def turn_to(app: AppTest, tab: str) -> None:
    app.query_params["tab"] = tab
    app.run()


def describe_here(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
    """Replaces ``subprocess.run``: describes in this process, because a child takes seconds."""
    error = io.StringIO()
    with (
        mock.patch.object(sys, "argv", command[2:]),
        mock.patch.object(describe_module, "limit_memory"),
        mock.patch("os.nice"),
        contextlib.redirect_stderr(error),
    ):
        try:
            status = describe_module.main()
        except SystemExit as end:
            status = int(end.code or 0)
    return subprocess.CompletedProcess(command, status, "", error.getvalue())


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setattr(
        own_data, "subprocess", SimpleNamespace(run=describe_here, TimeoutExpired=subprocess.TimeoutExpired)
    )
    return open_page(tmp_path, monkeypatch)


@pytest.fixture
def page_with_child(tmp_path, monkeypatch):
    return open_page(tmp_path, monkeypatch)


def describe_it(app: AppTest, name: str, content: bytes, text: str = "", label: str = "", meaning: str = "") -> None:
    app.file_uploader[0].upload(name, content)
    fields = {"Text column": text, "Label column": label, "Meaning of the labels": meaning}
    for field, value in fields.items():
        next(each for each in app.text_input if each.label == field).set_value(value)
    next(button for button in app.button if "Analyse" in button.label).click().run()


def said(app: AppTest) -> str:
    return "\n".join(element.value for kind in ("markdown", "text", "caption", "error") for element in app.get(kind))


@pytest.mark.process
@pytest.mark.parametrize(("text", "label"), [("words", "mood"), ("-words", "--mood")])
def test_a_file_with_other_columns_is_described_and_forgotten_at_a_click(
    page_with_child, tmp_path, monkeypatch, text, label
):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(own_data.tempfile, "tempdir", str(scratch))
    content = reviews(tmp_path, text, label).read_bytes()
    given = uploads.watch(monkeypatch)
    describe_it(page_with_child, "mine.csv", content, text, label)
    assert given.names == ["mine.csv"]
    assert given.held == []
    assert not page_with_child.exception
    assert "Your data: mine.csv" in said(page_with_child).replace("\\", "")
    turn_to(page_with_child, "Words")
    assert "Token coverage by the current model: " in said(page_with_child)
    page_with_child.text_input(key="word").set_value("Splendid").run()
    assert "times in positive, 0 in negative training reviews" in said(page_with_child)
    turn_to(page_with_child, "Your data")
    assert list(scratch.iterdir()) == []
    next(button for button in page_with_child.button if button.label == "Back to training data").click().run()
    assert "mine.csv" not in said(page_with_child)
    assert not page_with_child.exception


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"review,sentiment\ngood,positive\n"])
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(page, content, monkeypatch):
    given = uploads.watch(monkeypatch)
    describe_it(page, "../mine.csv", content)
    assert given.names == ["../mine.csv"]
    assert given.held == []
    [error] = page.error
    problem = error.value.replace("\\", "")
    assert problem.startswith("mine.csv")
    assert problem.endswith(".")
    assert "--" not in problem
    assert not page.exception


@pytest.mark.process
def test_a_file_that_takes_too_long_is_given_up_and_nothing_of_it_is_kept(page_with_child, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(own_data.tempfile, "tempdir", str(scratch))
    monkeypatch.setenv("SENTIMENT_JOB_SECONDS", "0.01")
    describe_it(page_with_child, "mine.csv", reviews(tmp_path).read_bytes())
    assert "mine.csv took too long".replace(".", "\\.") in page_with_child.error[0].value
    assert list(scratch.iterdir()) == []


def test_a_file_whose_turn_does_not_come_is_not_read_and_the_next_one_is(page, tmp_path, monkeypatch):
    monkeypatch.setattr(own_data, "_LOCK_SECONDS", 0.01)
    content = reviews(tmp_path).read_bytes()
    with own_data._LOCK:
        describe_it(page, "mine.csv", content)
    [error] = page.error
    assert error.value.replace("\\", "") == "The server is busy. Try again in a minute."
    next(button for button in page.button if "Analyse" in button.label).click().run(
        timeout=60
    )  # the file is still there
    assert "Showing mine.csv" in said(page)


def test_files_of_several_visitors_are_described_one_after_the_other(monkeypatch):
    events = []

    def run(command, **_):
        events.append("begun")
        time.sleep(0.05)
        events.append("ended")
        return subprocess.CompletedProcess(command, 1, "", "")

    monkeypatch.setattr("streamlit.session_state", Counter())
    monkeypatch.setattr(own_data.subprocess, "run", run)
    file = SimpleNamespace(name="mine.csv", getvalue=bytes)
    visitors = [threading.Thread(target=own_data._describe_in_turn, args=(file, [], 50)) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert events == ["begun", "ended"] * 3


def test_the_name_of_a_file_that_is_refused_is_shown_as_it_is(page):
    describe_it(page, "![x](evil.png).csv", b"a,b\n1,2\n")
    [error] = page.error
    assert error.value.startswith(r"\!\[x\]\(evil\.png\)\.csv")


@pytest.mark.parametrize(
    "name", ["x" * 300 + ".csv", "ü" * 250, "n\0ul.csv", "\0", "..", "output", "word_counts.parquet"]
)
def test_whatever_a_file_is_called_it_is_described(page, tmp_path, name):
    describe_it(page, name, reviews(tmp_path).read_bytes())
    assert not page.exception
    assert not page.error
    assert "Showing " in said(page)


@pytest.mark.parametrize("name", ["ü" * 300 + ".parquet", "a\0b\n.csv", "../../x", "..", "", " . ", "x." + "y" * 250])
def test_the_name_a_file_gets_on_the_disk_is_one_that_any_disk_takes(name):
    short = own_data._safe_name(name)
    assert 0 < len(short.encode()) <= 255
    assert short not in {".", ".."}
    assert not set(short) & {"/", "\\", "\0", "\n"}


@pytest.mark.parametrize("broken", ["TemporaryDirectory", "write_bytes"])
@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_cannot_be_written_gives_a_sentence(page, tmp_path, monkeypatch, broken, reason):
    def fail(*_, **__):
        raise OSError(reason, os.strerror(reason))

    content = reviews(tmp_path).read_bytes()
    monkeypatch.setattr(own_data.tempfile if broken == "TemporaryDirectory" else Path, broken, fail)
    describe_it(page, "mine.csv", content)
    assert not page.exception
    [error] = page.error
    assert "the server cannot store it" in error.value
    assert os.strerror(reason) in error.value.replace("\\", "")


def test_a_description_that_cannot_be_written_is_reported_in_a_line(tmp_path):
    command = [sys.executable, "-m", "sentiment.dataset.describe", str(reviews(tmp_path)), str(tmp_path / "nowhere")]
    done = describe_here(command)
    assert done.returncode == 2
    assert done.stderr.startswith("mine.csv cannot be described")
    assert done.stderr.count("\n") == 1


@pytest.mark.process
def test_a_data_set_that_needs_too_much_memory_is_refused_in_a_line(tmp_path):
    texts = [f"number {i} was {'splendid' if i % 2 else 'dreadful'} {'word ' * 2_000}" for i in range(20_000)]
    path = tmp_path / "large.csv"
    pd.DataFrame({"review": texts, "sentiment": [i % 2 for i in range(20_000)]}).to_csv(path, index=False)
    command = [sys.executable, "-m", "sentiment.dataset.describe", str(path), str(tmp_path), "--memory", "0.3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "large.csv needs more memory than the server allows; use a part of it.\n",
    )


def test_the_counts_of_rows_are_shown_without_the_official_release(page, tmp_path):
    texts = [f"the kettle number{i % 60} is {'splendid' if i % 2 else 'dreadful'}" for i in range(120)]
    table = pd.DataFrame({"review": texts, "sentiment": [i % 2 for i in range(120)]})
    describe_it(page, "kettles.csv", table.to_csv(index=False).encode())
    shown = said(page)
    assert not page.exception
    [sentence] = [each.value for each in page.markdown if each.value.startswith("Of 120 rows")]
    counts = [int(number) for number in re.findall(r"\d+", sentence)]
    assert counts[0] == counts[1] + counts[-4] == sum(counts[-3:]) + counts[1]
    assert "repeats of other rows" in sentence
    turn_to(page, "Quality")
    shown += said(page) + "".join(str(table.value) for table in page.table)
    assert "Duplicates" in shown
    assert "official" not in shown
    assert "excluded" not in shown
    assert "official" not in "".join(str(frame.value) for frame in page.dataframe)


def test_a_count_of_one_is_in_the_singular(page, tmp_path):
    assert dataset_page._describe_counts(
        pd.Series({"positive": 1, "negative": 1_000, "log_odds": -1.0, "z": -2.0})
    ).startswith("1 time in positive, 1,000 in negative training reviews (log-odds −1.00, z = −2.0)")
    assert "1 row without text" in dataset_page._removed_rows(
        {
            "labels": [{"split": part, "positive": 1, "negative": 1} for part in ("train", "validation", "test")],
            "cleaning": {"empty": 1, "repeats": 0},
        }
    )


def test_the_axis_of_lengths_follows_the_data(page, tmp_path):
    describe_it(page, "mine.csv", reviews(tmp_path).read_bytes())
    turn_to(page, "Overview")
    [spec] = [chart.proto.spec for chart in page.get("vega_lite_chart") if "Length (tokens)" in chart.proto.spec]
    assert '"place"' not in spec  # the rule at 50 tokens, where the model stops, would stretch the axis
    facts, _ = describe(dataset.load(tmp_path / "mine.csv"), 1_000)
    assert facts["lengths"]["edges"][-1] <= max(row["longest"] for row in facts["lengths"]["by_split"]) <= 10


def test_columns_and_meanings_of_labels_are_shown_and_can_be_changed(page, tmp_path):
    rows = [(f"the kettle number{i} is {'splendid' if i % 3 else 'dreadful'}", 2 * (i % 3) + 1, "x") for i in range(90)]
    table = pd.DataFrame(rows, columns=["_Said_", "Stars", "Other"]).to_csv(index=False).encode("cp1252")
    describe_it(page, "kettles.csv", table)
    shown = said(page)
    assert r"Text column: “\_Said\_”. Label column: “Stars”." in shown
    assert meanings(page) == [["1", "negative", 30], ["3", "neither, left out", 30], ["5", "positive", 30]]
    assert "30 rows neither positive nor negative" in shown
    describe_it(page, "kettles.csv", table, meaning="1=negative,3=positive")
    assert meanings(page) == [["1", "negative", 30], ["3", "positive", 30], ["5", "unknown, left out", 30]]
    assert "30 rows with a label of unknown meaning" in said(page)
    assert not page.exception


def meanings(page: AppTest) -> list[list[object]]:
    [frame] = [each.value for each in page.dataframe if list(each.value.columns) == ["Label", "Meaning", "Rows"]]
    return frame.to_numpy(dtype=object).tolist()


def test_labels_that_are_not_clear_are_asked_for_in_the_form(page):
    content = "".join(f"the kettle number {i},{('fine', 'torn')[i % 2]}\n" for i in range(60))
    describe_it(page, "kettles.csv", f"text,label\n{content}".encode())
    [error] = page.error
    assert "“fine”, “torn”. Give it with “Meaning of the labels”" in error.value.replace("\\", "")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Name it with --label-column.", "Name it with “Label column”."),
        ("Give it with --labels, such as", "Give it with “Meaning of the labels”, such as"),
        ("If it is a review, use --no-header.", "If it is a review, set “First row has column names” to “no”."),
    ],
)
def test_messages_name_the_fields_of_the_form(message, shown):
    assert own_data._form_wording(message) == shown

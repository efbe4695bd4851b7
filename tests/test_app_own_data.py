"""The Dataset page for a user's file: it shows the facts that a run's data has, or a sentence, and keeps no file."""

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
from tests.app_pages import open_page, press, said, turn_to
from tests.app_runs import full_run


def reviews(folder: Path, text: str = "review", label: str = "sentiment") -> Path:
    """Writes a file of 60 reviews with these columns."""
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


def open_tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Opens the tab "Your data"."""
    full_run(tmp_path / "runs" / "tiny")
    (tmp_path / "runs" / "default").write_text("tiny")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path / "runs"))
    return open_page("dataset", tab="Your data")


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
    """The tab "Your data", which reads files in this process."""
    monkeypatch.setattr(
        own_data, "subprocess", SimpleNamespace(run=describe_here, TimeoutExpired=subprocess.TimeoutExpired)
    )
    return open_tab(tmp_path, monkeypatch)


@pytest.fixture
def page_with_child(tmp_path, monkeypatch):
    """The tab "Your data", which reads files in a child process, as the app does."""
    return open_tab(tmp_path, monkeypatch)


def analyse(app: AppTest, name: str, content: bytes, text: str = "", label: str = "", meaning: str = "") -> None:
    """Uploads a file and starts its analysis with these options."""
    app.file_uploader[0].upload(name, content).run()
    fields = {"Text column": text, "Label column": label, "Meaning of the labels": meaning}
    for field, value in fields.items():
        next(each for each in app.text_input if each.label == field).set_value(value)
    next(button for button in app.button if "Analyse" in button.label).click().run()


def test_the_button_is_active_only_with_a_file(page):
    assert page.button(key="own_data_analyse").disabled
    page.file_uploader[0].upload("mine.csv", b"review,sentiment").run()
    assert not page.button(key="own_data_analyse").disabled


@pytest.mark.process
@pytest.mark.parametrize(("text", "label"), [("words", "mood"), ("-words", "--mood")])
def test_a_file_with_other_columns_is_described_and_removed_at_a_click(
    page_with_child, tmp_path, monkeypatch, text, label
):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(own_data.tempfile, "tempdir", str(scratch))
    content = reviews(tmp_path, text, label).read_bytes()
    given = uploads.watch(monkeypatch)
    analyse(page_with_child, "mine.csv", content, text, label)
    assert set(given.names) == {"mine.csv"}
    assert given.held == []
    assert not page_with_child.exception
    assert "Your data: mine.csv" in said(page_with_child).replace("\\", "")
    turn_to(page_with_child, "Words")
    assert "Token coverage by the current model: " in said(page_with_child)
    page_with_child.text_input(key="word").set_value("Splendid").run()
    assert "times in positive, 0 in negative training reviews" in said(page_with_child)
    turn_to(page_with_child, "Your data")
    assert list(scratch.iterdir()) == []
    press(page_with_child, "Back to training data")
    assert "mine.csv" not in said(page_with_child)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"review,sentiment\ngood,positive\n"])
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(page, content, monkeypatch):
    given = uploads.watch(monkeypatch)
    analyse(page, "../mine.csv", content)
    assert set(given.names) == {"../mine.csv"}
    assert given.held == []
    [error] = page.error
    problem = error.value.replace("\\", "")
    assert problem.startswith("mine.csv")
    assert problem.endswith(".")
    assert "--" not in problem
    assert not page.exception


@pytest.mark.process
def test_a_file_that_takes_too_long_is_refused_and_not_kept(page_with_child, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(own_data.tempfile, "tempdir", str(scratch))
    monkeypatch.setenv("SENTIMENT_JOB_SECONDS", "0.01")
    analyse(page_with_child, "mine.csv", reviews(tmp_path).read_bytes())
    assert "mine.csv took too long".replace(".", "\\.") in page_with_child.error[0].value
    assert list(scratch.iterdir()) == []


def test_while_the_server_is_busy_a_file_is_refused_and_can_be_analysed_later(page, tmp_path, monkeypatch):
    monkeypatch.setattr(own_data, "_LOCK_SECONDS", 0.01)
    content = reviews(tmp_path).read_bytes()
    with own_data._LOCK:
        analyse(page, "mine.csv", content)
    [error] = page.error
    assert error.value.replace("\\", "") == "The server is busy. Try again in a minute."
    next(button for button in page.button if "Analyse" in button.label).click().run()  # the file is still there
    assert "Showing mine.csv" in said(page)


def test_files_of_several_visitors_are_described_one_at_a_time(monkeypatch):
    events = []

    def run(command, **_):
        events.append("started")
        time.sleep(0.05)  # in which another visitor's could start
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
    assert events == ["started", "ended"] * 3


def test_markup_in_the_name_of_a_refused_file_is_escaped(page):
    analyse(page, "![x](evil.png).csv", b"a,b\n1,2\n")
    [error] = page.error
    assert error.value.startswith(r"\!\[x\]\(evil\.png\)\.csv")


@pytest.mark.parametrize(
    "name", ["x" * 300 + ".csv", "ü" * 250, "n\0ul.csv", "\0", "..", "output", "word_counts.parquet"]
)
def test_a_file_with_any_name_is_described(page, tmp_path, name):
    analyse(page, name, reviews(tmp_path).read_bytes())
    assert not page.exception
    assert not page.error
    assert "Showing " in said(page)


@pytest.mark.parametrize("name", ["ü" * 300 + ".parquet", "a\0b\n.csv", "../../x", "..", "", " . ", "x." + "y" * 250])
def test_a_file_is_stored_under_a_name_that_is_valid_on_any_disk(name):
    short = own_data._safe_name(name)
    assert 0 < len(short.encode()) <= 255
    assert short not in {".", ".."}
    assert not set(short) & {"/", "\\", "\0", "\n"}


@pytest.mark.parametrize("broken", ["TemporaryDirectory", "write_bytes"])
@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_cannot_be_written_is_reported_in_a_sentence(page, tmp_path, monkeypatch, broken, reason):
    def fail(*_, **__):
        raise OSError(reason, os.strerror(reason))

    content = reviews(tmp_path).read_bytes()
    monkeypatch.setattr(own_data.tempfile if broken == "TemporaryDirectory" else Path, broken, fail)
    analyse(page, "mine.csv", content)
    assert not page.exception
    [error] = page.error
    assert "the server cannot store it" in error.value
    assert os.strerror(reason) in error.value.replace("\\", "")
    assert not own_data._LOCK.locked()


def test_a_description_that_cannot_be_written_is_reported_in_one_line(tmp_path):
    command = [sys.executable, "-m", "sentiment.dataset.describe", str(reviews(tmp_path)), str(tmp_path / "nowhere")]
    done = describe_here(command)
    assert done.returncode == 2
    assert done.stderr.startswith("mine.csv cannot be described")
    assert done.stderr.count("\n") == 1


@pytest.mark.process
def test_a_data_set_that_needs_too_much_memory_is_refused_in_one_line(tmp_path):
    texts = [f"number {i} was {'splendid' if i % 2 else 'dreadful'} {'word ' * 2_000}" for i in range(20_000)]
    path = tmp_path / "large.csv"
    pd.DataFrame({"review": texts, "sentiment": [i % 2 for i in range(20_000)]}).to_csv(path, index=False)
    command = [sys.executable, "-m", "sentiment.dataset.describe", str(path), str(tmp_path), "--memory", "0.3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "large.csv needs more memory than the server allows; use a part of it.\n",
    )


def test_the_counts_of_rows_are_shown_and_nothing_on_the_official_release(page, tmp_path):
    texts = [f"the kettle number{i % 60} is {'splendid' if i % 2 else 'dreadful'}" for i in range(120)]
    table = pd.DataFrame({"review": texts, "sentiment": [i % 2 for i in range(120)]})
    analyse(page, "kettles.csv", table.to_csv(index=False).encode())
    shown = said(page)
    assert not page.exception
    [sentence] = [each.value for each in page.markdown if each.value.startswith("Of 120 rows")]
    assert "60 repeats of other rows" in sentence
    used, *splits = [int(number) for number in re.findall(r"\d+", sentence)][-4:]
    assert used == sum(splits) == 60
    turn_to(page, "Quality")
    shown += said(page) + "".join(str(table.value) for table in page.table)
    assert "Duplicates" in shown
    assert "official" not in shown
    assert "excluded" not in shown
    assert "official" not in "".join(str(frame.value) for frame in page.dataframe)


def test_a_count_of_one_is_in_the_singular():
    counts = pd.Series({"positive": 1, "negative": 1_000, "log_odds": -1.0, "z": -2.0})
    expected = "1 time in positive, 1,000 in negative training reviews (log-odds −1.00, z = −2.0)"
    assert dataset_page._describe_counts(counts).startswith(expected)
    labels = [{"split": split, "positive": 1, "negative": 1} for split in ("train", "validation", "test")]
    facts = {"labels": labels, "cleaning": {"empty": 1, "repeats": 0}}
    assert "1 row without text" in dataset_page._removed_rows(facts)


def test_the_axis_of_lengths_follows_the_data(page, tmp_path):
    analyse(page, "mine.csv", reviews(tmp_path).read_bytes())
    turn_to(page, "Overview")
    [spec] = [chart.proto.spec for chart in page.get("vega_lite_chart") if "Length (tokens)" in chart.proto.spec]
    assert '"place"' not in spec  # a rule at 50 tokens, the model's limit, would stretch the axis
    facts, _ = describe(dataset.load(tmp_path / "mine.csv"), 1_000)
    assert facts["lengths"]["edges"][-1] <= max(row["longest"] for row in facts["lengths"]["by_split"]) <= 10


def test_the_columns_and_the_meanings_of_labels_are_shown_and_can_be_changed(page, tmp_path):
    rows = [(f"the kettle number{i} is {'splendid' if i % 3 else 'dreadful'}", 2 * (i % 3) + 1, "x") for i in range(90)]
    table = pd.DataFrame(rows, columns=["_Said_", "Stars", "Other"]).to_csv(index=False).encode("cp1252")
    analyse(page, "kettles.csv", table)
    shown = said(page)
    assert r"Text column: “\_Said\_”. Label column: “Stars”." in shown
    assert meanings(page) == [["1", "negative", 30], ["3", "neither, left out", 30], ["5", "positive", 30]]
    assert "30 rows neither positive nor negative" in shown
    analyse(page, "kettles.csv", table, meaning="1=negative,3=positive")
    assert meanings(page) == [["1", "negative", 30], ["3", "positive", 30], ["5", "unknown, left out", 30]]
    assert "30 rows with a label of unknown meaning" in said(page)
    assert not page.exception


def meanings(page: AppTest) -> list[list[object]]:
    """Returns the rows of the table of labels: label, meaning and number of rows."""
    [frame] = [each.value for each in page.dataframe if list(each.value.columns) == ["Label", "Meaning", "Rows"]]
    return frame.to_numpy(dtype=object).tolist()


def test_the_form_asks_for_the_meaning_of_unclear_labels(page):
    content = "".join(f"the kettle number {i},{('fine', 'torn')[i % 2]}\n" for i in range(60))
    analyse(page, "kettles.csv", f"text,label\n{content}".encode())
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

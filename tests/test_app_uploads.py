"""Files that a visitor opens on the pages: accepted, released from memory, and never read as Markdown."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.explain.json_file import to_json
from sentiment.model.classifier import Classifier
from tests import uploads
from tests.app_pages import open_page, said
from tests.event_files import event
from tests.review_page import card, delete_all, tick

IMAGE = "![x](https://evil.example/p.png)"  # which Markdown would have the browser fetch


@pytest.fixture(autouse=True)
def environment(runs, monkeypatch):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))


@pytest.fixture
def uploaded(monkeypatch):
    return uploads.watch(monkeypatch)


def upload(app: AppTest, place: int, name: str, content: bytes | str) -> None:
    app.file_uploader[place].upload(name, content if isinstance(content, bytes) else content.encode()).run()
    assert not app.exception


def open_saved(app: AppTest, content: str) -> None:
    """Opens a saved analysis from the history."""
    tick(app)
    upload(app, 0, "saved.json", content)


def markdown_of(app: AppTest) -> str:
    """All texts of a page that are read as Markdown."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "info", "warning", "error")
    return "\n".join([*(each.value for kind in kinds for each in app.get(kind)), *(each.label for each in app.button)])


def test_delete_all_removes_a_saved_explanation_that_was_opened(runs, uploaded):
    app = open_page("review")
    open_saved(app, to_json(Classifier.load(runs / "other").explain("the film is a hush-hush one")))
    assert app.session_state["review_text"] == "the film is a hush-hush one"
    assert uploaded.names == ["saved.json"]
    assert uploaded.held == []
    delete_all(app)
    assert uploaded.held == []
    assert "hush" not in said(app)
    assert "hush" not in str(app.session_state._state.filtered_state)


def test_a_file_that_is_not_an_explanation_is_released_and_another_can_follow(runs, uploaded):
    app = open_page("review")
    open_saved(app, "{}")
    assert "not an explanation" in said(app)
    assert uploaded.held == []
    open_saved(app, to_json(Classifier.load(runs / "other").explain("the film is good")))
    assert app.session_state["review_text"] == "the film is good"


@pytest.mark.parametrize(("content", "valid"), [("epoch,loss\n0,0.5\n1,0.4\n", True), ("no history", False)])
def test_a_history_is_released_whether_it_is_valid_or_not(uploaded, content, valid):
    app = open_page("training")
    upload(app, 0, "theirs.csv", content)
    assert ("Remove theirs" in markdown_of(app)) is valid
    assert uploaded.names == ["theirs.csv"]
    assert uploaded.held == []


def test_event_files_that_cannot_be_read_are_released(uploaded):
    app = open_page("training")
    upload(app, 1, "logs/train/events.out.tfevents.1", b"no events")
    assert app.error
    assert uploaded.names == ["logs/train/events.out.tfevents.1"]
    assert uploaded.held == []


def test_the_page_says_how_a_history_was_read_until_it_is_removed():
    app = open_page("training")
    upload(app, 0, "*their*.csv", "epoch,loss,acc\n0,nan,0.5\n1,nan,0.6\n0,nan,0.7\n")
    assert not app.exception
    assert "the second replaces epochs 1–2 of the first" in said(app)
    assert "Every value of loss is NaN" in said(app)
    assert "\\*their" in app.info[0].value
    upload(app, 0, "*their*.csv", "epoch,loss,acc\n0,0.4,0.5\n")
    assert "the second replaces" not in said(app)
    upload(app, 0, "other.csv", "epoch,loss\n0,0.4\n0,0.3\n")
    assert "several values for epoch 1" in said(app)
    next(button for button in app.button if button.label.startswith("Remove")).click().run()
    assert "several values" not in said(app)


@pytest.mark.parametrize("against", ["steps", "minutes"])
def test_a_history_by_steps_is_charted(against):
    app = open_page("training")
    measured = [(step, tag, 1 / step) for step in (1, 2, 3) for tag in ("Loss/train", "Loss/validation")]
    content = b"".join(event(step, tag, value, 60.0 * step) for step, tag, value in measured)
    upload(app, 1, "logs/events.out.tfevents.1", content)
    app.get_by_key("against").set_value(against).run()
    assert not app.exception
    [chart] = app.get("echarts_chart")
    assert "in validation 0.333" in chart.proto.alt


def test_the_format_named_in_a_file_fetches_no_image(runs):
    app = open_page("review")
    saved = json.loads(to_json(Classifier.load(runs / "other").explain("the film is good")))
    open_saved(app, json.dumps({**saved, "format": IMAGE}))
    assert "evil" in app.error[0].value
    assert IMAGE not in markdown_of(app)


def test_the_model_named_in_a_file_fetches_no_image(runs):
    app = open_page("review")
    open_saved(app, to_json(replace(Classifier.load(runs / "other").explain("a good film"), run=IMAGE)))
    tick(app, 1, 2)
    assert markdown_of(app).count("evil") >= 2
    assert IMAGE not in markdown_of(app)
    assert IMAGE in card(app)["line"]  # a component, which shows it as text


def test_the_name_of_a_history_fetches_no_image():
    app = open_page("training")
    upload(app, 0, f"{IMAGE}.csv", "no history")
    assert "evil" in app.error[0].value
    assert IMAGE not in markdown_of(app)
    upload(app, 0, f"{IMAGE}.csv", "epoch,loss\n0,0.5\n1,0.4\n")
    app.get_by_key("against").set_value("minutes").run()
    assert not app.exception
    assert markdown_of(app).count("evil") == 2
    assert IMAGE not in markdown_of(app)

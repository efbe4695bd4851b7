"""The page Analyse a review: the text, its verdict, and what is marked after a change."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.app import server
from sentiment.app.shared.examples import EXAMPLES
from sentiment.artifacts import write_json, write_manifest
from sentiment.model.classifier import Classifier
from tests.app_pages import TIMEOUT, open_page, press, said
from tests.app_runs import full_run
from tests.review_page import analyse, card, delete_all, editor


@pytest.fixture
def app(serve_runs):
    """The page with its first example."""
    return open_page("review")


@pytest.mark.usefixtures("serve_runs")
def test_the_first_page_is_the_review_page_with_an_analysed_example():
    app = AppTest.from_file(str(server.PAGES), default_timeout=TIMEOUT).run()
    assert not app.exception
    assert app.session_state["review_text"] == EXAMPLES["Glowing"]
    assert "Not enough known words" in said(app)
    assert editor(app)["spans"]
    assert "How the score adds up" in [expander.label for expander in app.expander]


@pytest.mark.parametrize("along", ["true", "false"])
def test_an_address_sets_the_level_and_the_curve_of_the_first_view(app, along):
    by_sentence = editor(open_page("review", level="Sentences", along=along))
    assert len(by_sentence["spans"]) < len(editor(app)["spans"])
    assert (by_sentence["curve"] is not None) is (along == "true")


# The text


def test_a_pasted_review_is_analysed_and_is_not_in_the_address(app):
    analyse(app, "The film is not good!")
    assert app.session_state["analyses"][-1].text == "The film is not good!"
    assert app.session_state["example"] is None
    assert "good" not in str(app.query_params)


@pytest.mark.parametrize(
    "text", ["", "   \n", "🎬", "<script>alert(1)</script>", "word " * 20_000, "‮gnorw", "$x$ :red[a]"]
)
def test_any_pasted_text_gets_an_answer(app, runs, text):
    analyse(app, text)
    if Classifier.load(runs / "tiny").predict([text])[0].label:
        assert app.session_state["analyses"][-1].text == text
    else:
        assert "No text to analyse" in said(app)


@pytest.mark.parametrize("text", ["", "\n \t"])
def test_a_text_without_a_word_is_answered_but_not_kept(app, text):
    before = list(app.session_state["analyses"])
    analyse(app, text)
    assert "No text to analyse" in said(app)
    assert app.session_state["analyses"] == before
    delete_all(app)
    analyse(app, text)
    assert "No text to analyse" in said(app)


def test_without_its_only_word_a_text_has_no_verdict(app):
    analyse(app, "good")
    app.session_state["reasons_view"] = "What if?"
    app.run()
    press(app, "Apply")
    assert card(app)["headline"] == "No text to analyse"
    assert card(app)["before"]["text"].startswith("Before:")
    assert card(app)["probability"] is None


def test_the_verdict_on_a_text_that_was_changed_is_marked_and_its_example_deselected(app):
    analyse(app, "another text", "store")
    assert card(app)["changed"]
    assert editor(app)["text"] == "another text"
    assert editor(app)["analysed"] == EXAMPLES["Glowing"]
    assert app.session_state["example"] is None
    analyse(app, "another text")
    assert not card(app)["changed"]


def test_the_mark_disappears_when_the_text_is_changed_back(app):
    analyse(app, "another text", "store")
    analyse(app, EXAMPLES["Glowing"], "store")
    assert not card(app)["changed"]
    assert app.session_state["example"] == "Glowing"


def test_other_line_ends_do_not_change_the_text(app):
    analyse(app, "the film\r\nis good\r")
    analyse(app, "the film\nis good\n", "store")
    assert not card(app)["changed"]
    assert editor(app)["analysed"] == card(app)["text"] == "the film\nis good\n"


# The verdict


def test_a_text_of_unknown_words_has_no_probability(app):
    for text, shown in (("zyx xyz yzx", False), ("the film is good", True)):
        analyse(app, text)
        assert (card(app)["probability"] is not None) == shown


def test_the_most_confident_verdict_is_not_shown_as_certain(tmp_path, monkeypatch):
    run = full_run(tmp_path / "tiny")
    write_json(run / "config.json", {"preset": "tiny", "max_length": 50, "temperature": 0.01})
    write_manifest(run)
    (tmp_path / "default").write_text("tiny")
    monkeypatch.setenv("SENTIMENT_RUNS", str(tmp_path))
    app = open_page("review")
    analyse(app, "bad")
    assert card(app)["percent"].startswith("over 99.9")
    assert card(app)["meter"].startswith(("Probability of positive: over 99.9", "Probability of positive: under 0.1"))

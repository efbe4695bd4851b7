"""Texts, replacements and saved explanations that are too long for the review page are refused in a sentence."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from dev.serving import serve
from dev.visitor import VisitError, Visitor
from sentiment import budget
from sentiment.app.review import history, what_if
from sentiment.app.shared import analyses, review_texts
from sentiment.app.shared.examples import EXAMPLES
from sentiment.explain.json_file import to_json
from tests.app_pages import open_page
from tests.review_page import analyse

LONG = "good " * (budget.TEXT_CHARACTERS // 5) + "!"  # one character more than allowed


@pytest.mark.usefixtures("serve_runs")
def test_a_text_longer_than_allowed_is_refused_in_a_sentence_and_not_kept():
    app = open_page("review")
    analyse(app, LONG)
    assert [error.value for error in app.error] == [analyses.TOO_LONG]
    assert "Score a file" in analyses.TOO_LONG
    assert app.session_state["review_text"] == EXAMPLES["Glowing"]
    assert all(each.text != LONG for each in app.session_state["analyses"])
    assert LONG not in str(app.session_state._state.filtered_state)
    analyse(app, LONG, "store")
    assert [error.value for error in app.error] == [analyses.TOO_LONG]
    analyse(app, LONG[: budget.TEXT_CHARACTERS])
    assert not app.error
    assert app.session_state["analyses"][-1].text == LONG[: budget.TEXT_CHARACTERS]


@pytest.mark.process
def test_twenty_megabytes_of_text_are_refused_within_seconds(runs, tmp_path):
    with serve(runs, tmp_path / "log") as address, Visitor(address) as visitor:
        visitor.analyse("<" * 20_000_000)
        with pytest.raises(VisitError, match="200,000 characters at most"):
            visitor.wait(seconds=20)
        assert "<<<" not in (tmp_path / "log").read_text(encoding="utf-8")


def test_another_page_does_not_offer_to_open_a_text_longer_than_allowed(monkeypatch):
    state, captions = {}, []
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(st, "caption", captions.append)
    monkeypatch.setattr(st, "button", lambda *_, **__: pytest.fail("it is offered"))
    review_texts.show_open_button(LONG, "table")
    assert "200,000 characters" in captions[0]
    analyses.show(LONG)
    assert state == {}


def test_a_changed_version_longer_than_allowed_is_not_used(monkeypatch):
    state = {}
    monkeypatch.setattr(st, "session_state", state)
    what_if._use(LONG)
    assert state == {"what_if_note": analyses.TOO_LONG}


def test_a_long_replacement_is_refused_in_a_sentence(monkeypatch):
    state = {}
    monkeypatch.setattr(st, "session_state", state)
    what_if._change(SimpleNamespace(number=1), {0: "x" * 201})
    assert "200 characters" in state["what_if_note"]
    assert "what_if" not in state


def uploaded(content: str) -> UploadedFile:
    """Returns a file as Streamlit hands it to a page."""
    return UploadedFile(UploadedFileRec("id", "saved.json", "application/json", content.encode()), FileURLs())


def test_a_saved_explanation_that_the_page_cannot_show_is_refused_in_a_sentence(classifier):
    explanation = classifier.explain("the film is good")
    assert history._read_file(uploaded(to_json(explanation))).text == explanation.text
    long = replace(explanation, text=explanation.text + " " * budget.TEXT_CHARACTERS)
    for content, sentence in (
        (to_json(long), "characters at most"),
        (to_json(replace(explanation, run="r" * 300)), "name of its model"),
        (to_json(explanation) + " " * 4_000_000, "4 MB at most"),
        (to_json(replace(explanation, text=explanation.text + "\ud800")), "not valid Unicode"),
        (to_json(replace(explanation, run="\ud800")), "not valid Unicode"),
    ):
        with pytest.raises(ValueError, match=sentence):
            history._read_file(uploaded(content))

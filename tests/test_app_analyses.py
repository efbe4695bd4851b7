"""The list of analyses on the review page: they are compared, reopened, loaded from a file, and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.model.classifier import Classifier
from tests.app_pages import TIMEOUT, open_page, press, said
from tests.review_page import analyse, delete_all, tick


@pytest.fixture
def app(serve_runs):
    """The page with its first example."""
    return open_page("review")


def test_two_analyses_are_compared_by_text_score_and_contributions(app):
    for text in ("the film is good", "the film is bad"):
        analyse(app, text)
    tick(app, 2, 3)
    assert [name for name in ("#2", "#3", "#1") if f"**\\{name}**" in said(app)] == ["#2", "#3"]
    assert said(app).count("Score ") == 2
    assert "P(positive) differs by" in said(app)
    compared = app.dataframe[-1].value.set_index("word")
    assert compared["first"].isna()["bad"]
    assert compared["second"].isna()["good"]
    assert compared.loc["bad", "change"] == compared.loc["bad", "second"]


def test_reopening_shows_the_analysis_as_it_was_and_leaves_the_chosen_model(app):
    analyse(app, "the film is good")
    app.selectbox(key="run").select("other").run()
    tick(app, 2)
    press(app, "Open #2")
    assert app.session_state["run"] == "other"
    assert "read · tiny" in said(app)
    assert "Made with tiny" in said(app)
    assert "What if?" in [tab.label for tab in app.tabs]
    press(app, "Analyse with other")
    assert "Made with" not in said(app)
    assert app.session_state["analyses"][-1].run == "other"


@pytest.mark.parametrize(("run", "varied"), [("other", True), ("gone", False)])
@pytest.mark.usefixtures("serve_runs")
def test_an_explanation_by_another_model_is_marked_and_can_be_varied_if_that_model_is_here(runs, run, varied):
    saved = replace(Classifier.load(runs / "other").explain("the film is good"), run=run)

    def script():
        import streamlit as st

        from sentiment.app.review import page
        from sentiment.app.shared import analyses, current_run

        current_run.choose_run()
        if "saved" in st.session_state:
            analyses.reopen(analyses.add(st.session_state.pop("saved")))
        page.page()

    app = AppTest.from_function(script, default_timeout=TIMEOUT)
    app.session_state["saved"] = saved
    app.run()
    assert not app.exception
    assert f"Made with {run}" in said(app)
    assert ("isn't available here" in said(app)) is not varied
    assert ("What if?" in [tab.label for tab in app.tabs]) is varied
    assert app.session_state["run"] == "tiny"


def test_an_error_in_a_saved_file_is_shown_inside_the_popover(app):
    tick(app)
    app.file_uploader[0].upload("saved.json", b'{"a": 1}').run()
    assert [each.type for each in inside(app.main, "popover") if each.type == "error"] == ["error"]
    assert len(app.error) == 1


def inside(block: Any, kind: str, within: bool = False) -> Iterator[Any]:
    """Yields all elements inside blocks of a kind."""
    for child in getattr(block, "children", {}).values():
        if within:
            yield child
        yield from inside(child, kind, within or child.type == kind)


def test_deletion_asks_once_and_names_the_number_of_analyses(app):
    analyse(app, "the film is good")
    tick(app)
    assert [each.label for each in app.button if "elete" in each.label] == ["Delete now"]
    assert "all 2 analyses" in said(app)


def test_deletion_removes_the_text_the_analyses_and_the_changes_tried_on_them(app):
    app.session_state["what_if"] = {1: [{0: "secret"}]}
    delete_all(app)
    assert app.session_state["analyses"] == []
    assert not app.session_state["review_text"]
    assert app.session_state["what_if"] == {}

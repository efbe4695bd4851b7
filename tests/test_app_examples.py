"""The examples of the review page: one is analysed at a click, and is selected while its text is shown."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.app.shared.examples import EXAMPLES
from tests.app_pages import TIMEOUT, open_page, press
from tests.review_page import analyse, tick

pytestmark = pytest.mark.usefixtures("serve_runs")


def test_an_example_is_analysed_at_a_click():
    app = open_page("review")
    app.get_by_key("example").set_value("Scathing").run()
    assert app.session_state["review_text"] == EXAMPLES["Scathing"]
    assert app.session_state["analyses"][-1].text == EXAMPLES["Scathing"]


def test_a_link_opens_its_example_and_its_run():
    app = open_page("review", example="Negated", run="other")
    assert app.session_state["review_text"] == EXAMPLES["Negated"]
    assert app.session_state["analyses"][-1].run == "other"


def test_the_selected_example_is_the_one_whose_text_is_shown():
    app = open_page("review")
    analyse(app, "the film is good")
    app.get_by_key("example").set_value("Scathing").run()
    for number, example in ((2, None), (1, "Glowing")):
        tick(app, number)
        press(app, f"Open #{number}")
        assert app.session_state["review_text"] == EXAMPLES.get(example, "the film is good")
        assert app.session_state["example"] == example


@pytest.mark.parametrize("example", [None, "Glowing", "Mixed"])
def test_a_text_opened_from_another_page_selects_its_example(example):
    def script():
        import streamlit as st

        from sentiment.app.review import page
        from sentiment.app.shared import analyses, current_run

        current_run.choose_run()
        if "elsewhere" not in st.session_state:
            page.page()
        elif st.button("Open"):
            analyses.show(st.session_state.pop("elsewhere"))
            st.rerun()

    app = AppTest.from_function(script, default_timeout=TIMEOUT).run()
    app.get_by_key("example").set_value("Scathing").run()
    app.session_state["elsewhere"] = EXAMPLES.get(example, "a text")
    app.run()
    press(app, "Open")
    assert app.session_state["review_text"] == EXAMPLES.get(example, "a text")
    assert app.session_state["example"] == example


def test_a_changed_example_is_no_longer_that_example():
    app = open_page("review")
    app.session_state["reasons_view"] = "What if?"
    app.run()
    press(app, "Apply")
    app.button(key="what_if_use").click().run()
    assert app.session_state["review_text"] not in EXAMPLES.values()
    assert app.session_state["example"] is None

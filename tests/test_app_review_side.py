"""The parts of the page next to the verdict: arithmetic, comparisons, sharing, feedback, history."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from sentiment import budget
from sentiment.app.review import arithmetic, feedback, side_by_side
from sentiment.app.shared.examples import EXAMPLES
from tests.app_pages import open_page, press, said
from tests.app_runs import all_runs
from tests.review_page import analyse, tick


@pytest.fixture
def app(runs, monkeypatch):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    return open_page("review")


def open_part(app: AppTest, key: str) -> str:
    """Opens an expander or a popover; returns all words of the page."""
    app.session_state[key] = True
    app.run()
    assert not app.exception
    return said(app)


# How the score adds up


def shown_numbers(app: AppTest, column: str) -> list[str]:
    """Returns the cells of a column as the page shows them."""
    [proto] = [table.proto for table in app.dataframe if column in table.value]
    shown = convert_arrow_bytes_to_pandas_df(proto.arrow_data.styler.display_values)
    return shown.iloc[:, list(shown.columns).index(column)].tolist()


def test_the_arithmetic_states_its_reliability_and_lists_the_words(app):
    analyse(app, "not a good film . a bad bad film !")
    before = said(app)
    shown = open_part(app, "arithmetic")
    assert "Reliability" not in before
    assert "**Reliability of this explanation:**" in shown
    assert "Agreement with a 16-step attribution: r = " in shown
    [words] = [table.value for table in app.dataframe if "contribution" in table.value]
    assert list(words) == ["word", "contribution", "strength", "towards"]
    assert words["strength"].max() == 100
    assert "-" not in "".join(shown_numbers(app, "contribution"))


def test_the_list_of_words_has_a_column_for_unknown_ones_only_where_there_are_some(app):
    analyse(app, "a good zebra")
    open_part(app, "arithmetic")
    [words] = [table.value for table in app.dataframe if "contribution" in table.value]
    assert words.set_index("word")["vocabulary"].to_dict() == {"a": "", "good": "", "zebra": "unknown"}


def test_the_reliability_of_a_long_text_is_checked_only_on_request(app, monkeypatch):
    monkeypatch.setattr(arithmetic, "_AUTO_CHECK_TOKENS", 3)
    analyse(app, "the film is good")
    assert "Agreement with" not in open_part(app, "arithmetic")
    press(app, "Check reliability")
    assert "Agreement with" in said(app)


def test_one_word_is_too_few_to_check(app):
    analyse(app, "good")
    assert "too few words to check" in open_part(app, "arithmetic")


# Two models, two methods


def test_two_models_are_compared_and_their_difference_is_stated(app):
    analyse(app, "the film is good")
    shown = open_part(app, "side_by_side")
    assert "**tiny**" in shown
    assert "**other**" in shown
    assert "P(positive) differs by" in shown
    assert app.session_state["run"] == "tiny"
    assert [each.run for each in app.session_state["analyses"]] == ["tiny", "tiny"]


def test_a_damaged_model_is_named_and_the_rest_of_the_page_is_shown(tmp_path, monkeypatch):
    runs = all_runs(tmp_path / "runs")
    (runs / "other" / "model.onnx").write_bytes(b"no model")
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    app = open_page("review")
    open_part(app, "side_by_side")
    [error] = app.error
    assert "other" in error.value
    assert any(expander.label.startswith("History") for expander in app.expander)


@pytest.mark.parametrize("second", ["Integrated gradients", "Leave-one-out"])
def test_two_methods_are_compared_on_the_same_words(app, second):
    analyse(app, "not a good film . a bad bad film !")
    app.session_state["side_by_side_kind"] = "Methods"
    open_part(app, "side_by_side")
    app.selectbox(key="side_by_side_Method_1").select(second).run()
    assert f"**{second}**" in said(app)
    assert "strongest words are the same" in said(app)
    assert not app.exception


def test_leave_one_out_is_not_offered_for_a_long_text(app, monkeypatch):
    monkeypatch.setattr(side_by_side, "_MAX_LEAVE_ONE_OUT", 3)
    app.session_state["side_by_side_kind"] = "Methods"
    assert "limited to 3 tokens" in open_part(app, "side_by_side")
    assert "Leave-one-out" not in app.selectbox(key="side_by_side_Method_1").options


# Sharing


def shared_link(app: AppTest) -> str:
    open_part(app, "share")
    return app.code[0].value


def test_the_link_names_example_model_and_settings_and_never_a_text(runs, monkeypatch):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    app = open_page("review", level="Phrases", text="private")
    assert shared_link(app).endswith("/?example=Glowing&run=tiny&level=Phrases")
    analyse(app, "my own words about the film")
    link = shared_link(app)
    assert link.partition("&")[0].endswith("/?run=tiny")
    assert "my" not in link
    app = open_page("review", example="Mixed", run="other")
    assert app.session_state["review_text"] == EXAMPLES["Mixed"]
    assert shared_link(app).endswith("/?example=Mixed&run=other")


def test_a_text_without_a_word_cannot_be_shared(app):
    assert shared_link(app)
    analyse(app, "  ")
    open_part(app, "share")
    assert not app.code


def test_the_downloads_are_offered_next_to_the_link(app):
    open_part(app, "share")
    labels = {each.label for each in app.get("download_button")}
    assert {"Report (HTML)", "Analysis (JSON)", "Review (text)"} <= labels


# Feedback


def give_feedback(app: AppTest, choice: str) -> None:
    app.get_by_key("feedback_choice").set_value(choice).run()
    assert not app.exception


def test_feedback_becomes_the_label_of_the_text_and_can_be_undone(app):
    analyse(app, "the film is good")
    predicted = app.session_state["analyses"][-1].prediction.label
    other = "negative" if predicted == "positive" else "positive"
    give_feedback(app, feedback._INCORRECT)
    assert app.session_state["feedback"] == {"the film is good": other}
    assert f"Labelled {other}." in said(app)
    give_feedback(app, feedback._CORRECT)
    assert app.session_state["feedback"] == {"the film is good": predicted}
    press(app, "Undo")
    assert app.session_state["feedback"] == {}
    assert "Labelled" not in said(app)
    assert app.get_by_key("feedback_choice").value is None


def test_feedback_belongs_to_its_text_and_returns_with_it(app):
    analyse(app, "the film is good")
    give_feedback(app, feedback._CORRECT)
    analyse(app, "the film is bad")
    assert app.get_by_key("feedback_choice").value is None
    assert "1 label (CSV)" in [each.label for each in app.get("download_button")]
    analyse(app, "the film is good")
    assert app.get_by_key("feedback_choice").value == feedback._CORRECT


def test_clearing_the_history_deletes_the_labels_too_and_says_so(app):
    give_feedback(app, feedback._CORRECT)
    tick(app)
    assert "this analysis and 1 label?" in said(app)
    press(app, "Delete now")
    assert "feedback" not in app.session_state


# History


def test_a_ticked_analysis_is_opened_only_by_its_button(app):
    analyse(app, "the film is good")
    tick(app, 1)
    assert app.session_state["review_text"] == "the film is good"
    press(app, "Open #1")
    assert app.session_state["review_text"] == EXAMPLES["Glowing"]
    assert "Tick one to open it" in said(app)


def test_three_ticked_analyses_are_not_compared(app):
    analyse(app, "the film is good")
    analyse(app, "the film is bad")
    tick(app, 1, 2, 3)
    assert "Tick no more than two" in said(app)
    assert "differs by" not in said(app)


def test_a_tick_stays_with_its_analysis_when_another_is_added(app):
    analyse(app, "the film is good")
    tick(app, 1)
    assert "Open #1" in [each.label for each in app.button]
    analyse(app, "the film is bad")
    open_part(app, "history")
    assert "Open #1" in [each.label for each in app.button]


def test_two_ticked_analyses_are_compared_each_with_its_own_model(app):
    analyse(app, "the film is good")
    app.selectbox(key="run").select("other").run()
    tick(app, 2, 3)
    compared = app.dataframe[-1].value
    assert list(compared) == ["word", "first", "second", "change"]
    assert compared[["first", "second"]].notna().all().all()
    assert np.abs(compared["change"]).max() > 0


def test_no_probability_in_the_history_is_shown_as_certain(app):
    app.session_state["analyses"] = [
        replace(each, prediction=replace(each.prediction, probability=1.0)) for each in app.session_state["analyses"]
    ]
    tick(app)
    [listed] = [table.value for table in app.dataframe if "prediction" in table.value]
    assert listed["positive"].max() < 99.95


def test_the_history_counts_its_analyses_and_says_how_many_it_keeps(app):
    assert "History (1)" in [each.label for each in app.expander]
    tick(app)
    assert f"Keeps the last {budget.SESSION_ANALYSES} analyses" in said(app)

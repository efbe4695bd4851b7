"""The editor of the page "Analyse a review": typing, and changing words in the text itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from sentiment.app.review.editor import browser_offsets
from sentiment.app.shared import analyses
from sentiment.app.shared.examples import EXAMPLES, EXPECTED
from sentiment.app.shared.highlight import legend_text
from sentiment.explain.replacements import suggest_replacements
from tests.app_pages import components, open_page, press
from tests.review_page import analyse, card, editor, send


@pytest.fixture
def app(serve_runs):
    """The page with its first example."""
    return open_page("review")


def texts(app: AppTest) -> list[str]:
    """Returns the texts in the list of analyses."""
    return [each.text for each in app.session_state["analyses"]]


# Typing


def test_a_text_is_analysed_while_it_is_typed_and_keeps_one_entry_in_the_list(app):
    for text in ("the film", "the film is", "the film is good", "the old film is good"):
        analyse(app, text, "live")
        assert card(app)["text"] == editor(app)["analysed"] == text
    assert texts(app) == [EXAMPLES["Glowing"], "the old film is good"]
    assert app.session_state["example"] is None


def test_a_text_pasted_over_a_typed_one_is_a_new_entry(app):
    analyse(app, "the film is good", "live")
    analyse(app, "a dull bad zebra", "live")
    assert texts(app)[1:] == ["the film is good", "a dull bad zebra"]


@pytest.mark.parametrize("how", ["submit", "live"])
def test_a_finished_version_is_kept_and_an_unfinished_one_is_replaced(app, how):
    analyse(app, "the film is good", how)
    analyse(app, "the film is not good", "live")
    assert ("the film is good" in texts(app)) == (how == "submit")


def test_the_same_text_by_another_model_is_a_new_entry(app):
    analyse(app, "the film is good", "live")
    app.selectbox(key="run").select("other").run()
    assert [each.run for each in app.session_state["analyses"]] == ["tiny", "tiny", "other"]


def test_typing_does_not_send_the_text_back_and_an_example_replaces_it(app):
    before = editor(app)["revision"]
    analyse(app, "the film is good", "live")
    assert editor(app)["revision"] == before
    app.get_by_key("example").set_value("Mixed").run()
    assert editor(app)["revision"] > before
    assert editor(app)["text"] == EXAMPLES["Mixed"]


@pytest.mark.parametrize("value", [None, {}, {"text": None, "how": "live"}, {"text": 1}, [], "text"])
def test_a_forged_event_changes_nothing(app, value):
    send(app, "typed", value)
    assert texts(app) == [EXAMPLES["Glowing"]]


@pytest.mark.parametrize("text", ["good \ud800 film", "\U0001f3ac good", "a\r\nb \u2028good", "\0good"])
def test_every_word_of_any_text_has_its_offsets_in_the_browser(app, text):
    analyse(app, text, "live")
    shown = editor(app)
    units = shown["analysed"].encode("utf-16-le")
    assert shown["analysed"] == analyses.normalise_line_ends(text).replace("\ud800", "\ufffd")
    assert shown["spans"]
    for start, end, *_ in shown["spans"]:
        assert units[2 * start : 2 * end].decode("utf-16-le").strip()


@given(st.text(st.characters(), max_size=60))
def test_offsets_are_those_of_javascript(text):
    offsets = browser_offsets(text)
    for place in range(len(text) + 1):
        split = place and text[place - 1 : place + 1] == "\r\n"
        shown = analyses.normalise_line_ends(text[:place])
        assert offsets[place] == len(shown.encode("utf-16-le", "surrogatepass")) // 2 - bool(split)


@pytest.mark.usefixtures("serve_runs")
def test_a_plain_text_box_replaces_an_editor_that_does_not_load():
    app = open_page("review", editor="plain")
    assert not components(app, "editor")
    app.text_area(key="review_text").set_value("the film is good").run()
    assert card(app)["changed"]
    app.button(key="analyse").click().run()
    assert not app.exception
    assert card(app)["text"] == "the film is good"
    assert not card(app)["changed"]


def test_the_expected_verdict_is_noted_for_an_example_but_not_after_an_edit(app):
    assert EXPECTED.keys() == EXAMPLES.keys()
    app.get_by_key("example").set_value("Sarcastic").run()
    assert any("known weakness" in note for note in card(app)["notes"])
    analyse(app, EXAMPLES["Sarcastic"] + " Bad.", "live")
    assert not any("Expected" in note for note in card(app)["notes"])


def test_the_card_marks_the_threshold_and_the_unsure_zone_of_the_model(app, classifier):
    analyse(app, "the film is good")
    rule = classifier.rule
    assert card(app)["threshold"] == rule.threshold
    assert card(app)["zone"] == list(rule.unsure_zone)


# Words changed in the text


@pytest.fixture
def changing(app):
    """The page with a text of four words and the tab on which words are changed."""
    analyse(app, "the film is good")
    app.session_state["reasons_view"] = "What if?"
    return app.run()


def test_a_picked_word_is_struck_out_and_the_card_shows_the_verdict_before(changing):
    was = card(changing)["percent"]
    send(changing, "picked", 3)
    assert editor(changing)["marks"] == {"3": ""}
    assert editor(changing)["text"] == "the film is good"
    assert was in card(changing)["before"]["text"]
    send(changing, "picked", 3)
    assert editor(changing)["marks"] == {}
    assert card(changing)["before"] is None


def test_picking_a_sentence_restores_its_words_and_undo_reverts_one_step_at_a_time(changing):
    send(changing, "picked", 0)
    changing.session_state["level"] = "sentence"
    send(changing.run(), "picked", 0)
    assert editor(changing)["marks"] == {}
    press(changing, "Undo")
    changing.session_state["level"] = "word"
    changing.run()
    assert editor(changing)["marks"] == {"0": ""}
    press(changing, "Undo")
    assert card(changing)["before"] is None


@pytest.mark.parametrize("index", [-1, 4, 10**9])
def test_an_index_without_a_word_picks_nothing(changing, index):
    send(changing, "picked", index)
    assert card(changing)["before"] is None


def test_a_suggested_word_replaces_the_picked_one(changing):
    send(changing, "picked", 3)
    suggestion = next(each for each in changing.button if (each.key or "").startswith("suggested_"))
    word = suggestion.key.removeprefix("suggested_")
    suggestion.click().run()
    assert editor(changing)["marks"] == {"3": word}
    changing.button(key="what_if_use").click().run()
    assert not changing.exception
    assert changing.session_state["review_text"] == f"the film is {word}"


def test_all_versions_tried_stay_listed_after_undo(changing):
    for index in (3, 0):
        send(changing, "picked", index)
    press(changing, "Undo")
    tried = changing.dataframe[0].value
    assert list(tried["version"]) == ["− the, − good", "− good", "original text"]


def test_the_version_used_is_in_the_editor_the_verdict_and_the_list(changing):
    send(changing, "picked", 3)
    after = card(changing)["percent"]
    changing.button(key="what_if_use").click().run()
    assert not changing.exception
    assert changing.session_state["review_text"] == editor(changing)["text"] == card(changing)["text"] == "the film is "
    assert card(changing)["percent"] == after
    assert texts(changing)[-1] == "the film is "
    assert not editor(changing)["pick"]


def test_typing_discards_the_changes_tried_on_the_text(app):
    analyse(app, "the film is good", "live")
    app.session_state["reasons_view"] = "What if?"
    send(app.run(), "picked", 3)
    analyse(app, "the film is good !", "live")
    assert card(app)["before"] is None


def test_suggestions_move_the_score_against_the_contribution(classifier):
    explanation = classifier.explain("the film is good not bad great dull")
    found = 0
    for place, contribution in enumerate(explanation.contributions.tolist()):
        side = 1 if contribution > 0 else -1
        for each in suggest_replacements(classifier, explanation, place):
            changed = explanation.text.split()
            changed[place] = each.word
            [expected] = classifier.predict([" ".join(changed)])
            assert each.prediction.logit == pytest.approx(expected.logit, abs=1e-4)
            assert side * each.prediction.logit < side * explanation.logit
            found += 1
    assert found


def test_no_replacement_is_suggested_for_an_unknown_word(classifier):
    assert suggest_replacements(classifier, classifier.explain("good zebra"), 1) == []


def test_the_data_of_the_components_can_be_parsed_by_a_browser(app):
    def refuse(constant):
        pytest.fail(f"JSON.parse refuses {constant}")

    contents = [each.proto.json for each in app.get("bidi_component")]
    assert len(contents) >= 2  # the editor and the verdict card
    for content in contents:
        json.loads(content, parse_constant=refuse)


def test_the_legend_explains_grey_only_where_a_word_is_unknown():
    assert legend_text([(0, 4, 1.0, False)]) == "Blue = positive, orange = negative"
    assert legend_text([(0, 4, 1.0, False), (5, 8, 0.0, True)]).endswith("grey = unknown word")

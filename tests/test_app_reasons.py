"""The reasons on the review page: which words are listed, and how words and verdicts are written."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from sentiment.app.shared import wording
from sentiment.explain.grouping import group
from sentiment.explain.html_file import to_fragment, to_html
from sentiment.explain.prediction_text import headline, probability_sentence
from sentiment.explain.reasons import reasons
from sentiment.model.decision import DecisionRule
from tests.app_pages import open_page, said
from tests.review_page import analyse, ranking


@pytest.fixture
def app(serve_runs):
    """The page with its first example."""
    return open_page("review")


def test_top_words_are_listed_by_side_with_the_strongest_first(app):
    analyse(app, "not a good film . a bad bad film !")
    [shown] = ranking(app)
    for side, sign in zip(shown["sides"], "+−", strict=True):
        sizes = [size for _, size, _ in side["rows"]]
        assert sizes == sorted(sizes, reverse=True)
        assert 0 < max(sizes) <= shown["scale"]
        assert all(value.startswith(sign) for _, _, value in side["rows"])
    listed = [text for side in shown["sides"] for text, _, _ in side["rows"]]
    assert {"good", "bad"} <= {*listed}


def test_a_text_that_moves_nothing_is_shown_without_empty_tables(app):
    analyse(app, "とても面白い映画でした。")
    assert "Nothing in this text moves the score." in said(app)
    assert not ranking(app)


def test_negations_that_are_not_listed_are_mentioned(app):
    app.session_state["reasons_view"] = "Negation"
    for text, sentence in (
        ("the film is not a zebra", "No negation here applies"),
        ("not a zebra , not a yak", "No negation here applies"),
        ("not zebra", "No negation here applies"),
        ("the film is good", "no negated words"),
    ):
        analyse(app, text)
        assert sentence in said(app), text


def test_reasons_write_words_as_the_text_does(classifier):
    for text in ("GOOD film", "Not Great", "The film is Dull"):
        explanation = classifier.explain(text)
        named = re.findall("“(.+?)”", reasons(explanation))
        written = {text[each.start : each.end] for each in group(explanation, "word")}
        assert named
        assert set(named) <= written


def test_a_saved_file_and_a_notebook_word_the_verdict_as_the_page_does(classifier):
    explanation = classifier.explain("the film is good")
    for logit, status in ((4.0, "ok"), (1.5, "ok"), (0.1, "ok"), (-3.0, "truncated"), (4.0, "mostly_unknown")):
        other = replace(explanation, prediction=DecisionRule().predict(logit, status, 4, 4, 0.0))
        for document in (to_html(other), to_fragment(other)):
            assert f"<h2>{headline(other.prediction)}</h2>" in document
            assert probability_sentence(other.prediction) in document


def test_the_share_of_unknown_words_is_named_below_the_headline():
    [sentence] = wording.caveats(DecisionRule().predict(1.0, "mostly_unknown", 8, 8, 0.5))
    assert sentence == "50% of the words are not in the model's vocabulary."


def test_a_single_item_is_in_the_singular(app):
    analyse(app, "good")
    assert "1 token read" in said(app)
    assert wording.tokens(1_200) == "1,200 tokens"
    assert wording.unlisted_negations(1, more=False) == "No negation here applies to a strong opinion word."
    assert wording.unlisted_negations(3, more=True) == "3 more negations do not apply to a strong opinion word."
    assert "1 tokens" not in said(app)

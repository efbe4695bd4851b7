"""Changes of writing alter the characters of a text, not what is read; their effect on verdicts is counted."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable, Sequence

import pytest

from sentiment.behaviour import robustness
from sentiment.behaviour.robustness import draw, measure
from sentiment.behaviour.writing import CHANGES
from sentiment.model.decision import DecisionRule
from sentiment.types import Prediction

REVIEW = "We didn't like <b>it</b> at all, said the critics' café.<br /><br />It wasn't “dull”, though & we'd go again."
SEEN_BY = {"’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'", "＇": "'", "Õ": "'", "â€™": "'"}


def seen(text: str) -> str:
    """A text as a reader sees it on a page, without emojis and line breaks."""
    text = unicodedata.normalize("NFC", html.unescape(html.unescape(text)))
    for mark, apostrophe in SEEN_BY.items():
        text = text.replace(mark, apostrophe)
    for nothing in ("\u200b", "\u00ad", "\ufeff", " 🎬", "<br>", "<br />"):
        text = text.replace(nothing, "")
    return text.replace("\u00a0", " ").replace("n't", "nt")


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_alters_the_text_and_not_what_is_read(name):
    changed = CHANGES[name](REVIEW)
    assert changed != REVIEW
    assert seen(changed) == seen(REVIEW)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("text", ["", " ", "7", "😀", "no apostrophe", "'", "a'b"])
def test_any_text_can_be_changed(name, text):
    assert isinstance(CHANGES[name](text), str)


@pytest.mark.parametrize("name", [name for name in CHANGES if name.startswith("apostrophe")])
def test_quotation_marks_are_not_apostrophes(name):
    assert CHANGES[name]("the 'best' films' end") == "the 'best' films' end"


def test_one_sentence_is_drawn_of_each_review_and_the_same_on_every_call(monkeypatch):
    monkeypatch.setattr(robustness, "SENTENCES", 20)
    monkeypatch.setattr(robustness, "REVIEWS", 10)
    review = "We saw film {0}. It didn't hold us for long! We won't see part {0} again.<br />Not at all."
    reviews = [review.format(i) for i in range(50)]
    reviews += ["It isn't.", f"Don't{' ever' * 60} go.", "No negation like the one above is in here."]
    sentences, whole = draw(reviews)
    assert (sentences, whole) == draw(reviews)
    assert (len(sentences), len(set(whole))) == (20, 10)
    assert {sentence.split()[1] for sentence in sentences} == {"didn't", "won't"}


def predictor(logit: Callable[[str], float]) -> Callable[[Sequence[str]], list[Prediction]]:
    """A model that predicts by a function of the text."""
    return lambda texts: [DecisionRule().predict(logit(text), "ok", 5, 5, 0.0) for text in texts]


REVIEWS = [f"Part {i} of the film didn't hold our attention. We'd leave." for i in range(8)]


def test_flips_and_lost_confidence_are_counted_of_the_confident_texts():
    def logit(text: str) -> float:
        if "Part 7" in text:
            return 0.1  # never confident
        return {"!": -5.0, "?": 0.2}.get(text[-1], 5.0)

    changes = {
        "flips": lambda text: f"{text}!",
        "loses confidence": lambda text: f"{text}?" if "Part 1" in text or "Part 2" in text else text,
        "nothing": lambda text: text,
    }
    found = measure(predictor(logit), REVIEWS, changes)
    assert found["sentences"] == found["reviews"] == {"n": 8, "confident": 7}
    flips, loses, nothing = (row["sentences"] for row in found["changes"])
    assert (flips["changed"], flips["flips"]["n"], flips["lost"]["n"]) == (8, 7, 0)
    assert (loses["changed"], loses["flips"]["n"], loses["lost"]["n"]) == (2, 0, 2)
    assert (loses["lost"]["share"], nothing["changed"]) == (pytest.approx(2 / 7), 0)
    low, high = loses["lost"]["interval"]
    assert low < 2 / 7 < high


def test_the_report_holds_no_text():
    found = measure(predictor(len), REVIEWS)
    assert len(found["changes"]) == len(CHANGES)
    assert "Part" not in repr(found)
    assert "leave" not in repr(found)


def test_without_a_confident_text_no_share_is_given():
    row = measure(predictor(lambda text: 0.0), REVIEWS, {"none": str.title})["changes"][0]["reviews"]
    assert row["lost"] == {"n": 0, "share": None, "interval": [0.0, 1.0]}


def test_without_a_negation_there_are_no_sentences():
    found = measure(predictor(lambda text: 3.0), ["A film."], {"any": str.title})
    assert found["sentences"] == {"n": 0, "confident": 0}
    assert found["changes"][0]["sentences"]["flips"]["share"] is None

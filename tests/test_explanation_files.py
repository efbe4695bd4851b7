"""Explanations as HTML and JSON: no character of the text is lost or run, and JSON can be read back."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment import Classifier
from sentiment.explain.html_file import to_html
from sentiment.explain.json_file import from_json, to_json
from tests.tiny import tiny_run

HOSTILE = [
    "<script>alert(1)</script> good film",
    "<!-- good --> film & bad < great > \"quoted\" 'film'",
    "</div></body><img src=x onerror=alert(1)> good",
    "good ‮film‬ is bad, ‏not good",
    "good\r\nfilm\n\n\nis   bad\t!",
    "&lt;b&gt; good &amp; bad",
    "good \ud800 film",
]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory) -> Classifier:
    return Classifier.load(tiny_run(tmp_path_factory.mktemp("runs") / "tiny", max_length=20))


class ParsedPage(HTMLParser):
    """Collects elements, the text inside the element of class ``text``, and the attributes' names."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self._depth = 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if self._depth or dict(attrs).get("class") == "text":
            self._depth += 1

    def handle_endtag(self, tag):
        self._depth = max(0, self._depth - 1)

    def handle_data(self, data):
        if self._depth:
            self.text += data


@pytest.mark.parametrize("text", HOSTILE)
def test_the_page_shows_every_character_of_a_hostile_text_as_text(classifier, text):
    page = ParsedPage(to_html(classifier.explain(text)))

    assert page.text == text.replace("\ud800", "�")
    assert not {"script", "img", "iframe", "link", "object", "a"} & set(page.elements)
    assert not {name for name in page.attributes if name.startswith("on") or name in {"src", "href"}}


@given(text=st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_text_is_kept_in_html_and_json(classifier, text):
    explanation = classifier.explain(text)
    assert ParsedPage(to_html(explanation)).text == text.replace("\0", "�")
    assert from_json(to_json(explanation)).text == text


def test_the_page_loads_nothing_and_can_be_written_as_utf8(classifier):
    page = to_html(classifier.explain(HOSTILE[-1]))
    page.encode("utf-8")
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_page_marks_unread_and_unknown_tokens(classifier):
    page = to_html(classifier.explain("good film zyx " * 10))
    assert "the first 20 of 30 words and punctuation marks" in page
    assert 'class="unread"' in page
    assert "unknown to the model" in page
    assert "unread" not in to_html(classifier.explain("good film")).split("</style>")[-1]


def test_the_page_shows_no_probability_for_a_text_of_unknown_words(classifier):
    page = to_html(classifier.explain("zyx xyz yzx"))
    assert "<h2>Not enough known words</h2>" in page
    assert not re.search(r"\d%", page.split("</style>")[-1])
    assert re.search(r"\d%", to_html(classifier.explain("good film")).split("</style>")[-1])


def test_an_explanation_is_read_back_from_json_unchanged(classifier):
    explanation = classifier.explain("The film is n't good, zyx: it was GREAT!")

    again = from_json(to_json(explanation).encode())

    for name in ("text", "tokens", "baseline_logit", "logit", "residual", "prediction", "run"):
        assert getattr(again, name) == getattr(explanation, name)
    np.testing.assert_array_equal(again.contributions, explanation.contributions)
    np.testing.assert_array_equal(again.unknown, explanation.unknown)
    assert again.contributions.dtype == np.float32
    assert again.run == "tiny"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"program": "other"}, "another program"),
        ({"format": 99}, "format 99"),
        ({"text": "something else"}, "match its place"),
        ({"logit": 5.0}, "add up"),
        ({"baseline_logit": float("nan")}, "numbers"),
        ({"logit": float("nan")}, "numbers"),
        (
            {"contributions": [{"token": "a", "start": float("inf"), "end": 1, "value": 0, "unknown": False}]},
            "not an explanation",
        ),
        ({"contributions": []}, "add up"),
        ({"contributions": "all"}, "not an explanation"),
        ({"prediction": {}}, "not an explanation"),
        ({"text": None}, "match its place"),
    ],
)
def test_a_changed_file_is_refused_in_one_sentence(classifier, change, complaint):
    content = json.dumps({**json.loads(to_json(classifier.explain("a good film"))), **change})
    with pytest.raises(ValueError, match=complaint) as caught:
        from_json(content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["label", "confidence", "status"])
def test_an_unknown_label_confidence_or_status_is_refused(classifier, name):
    content = json.loads(to_json(classifier.explain("a good film")))
    content["prediction"][name] = "superb"
    with pytest.raises(ValueError, match=f"its {name} is not a valid one"):
        from_json(json.dumps(content))


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "7", b"\xff\xfe\x00", "[" * 100_000, '{"program": "sentiment"}']
)
def test_a_file_that_is_not_an_explanation_is_refused_in_one_sentence(content):
    with pytest.raises(ValueError, match=r"^This file is not an explanation that was saved by this program\.$"):
        from_json(content)


@pytest.mark.parametrize("text", ["<b>good</b> film", *HOSTILE, ""])
def test_a_notebook_shows_every_character_of_an_explained_text_as_text(classifier, text):
    page = ParsedPage(classifier.explain(text)._repr_html_())
    assert set(page.elements) <= {"p", "b", "div", "span"}
    assert page.text == text.replace("\ud800", "\ufffd")


def test_an_empty_text_has_a_page_and_a_file_too(classifier):
    explanation = classifier.explain("")
    assert "No text to analyse" in to_html(explanation)
    assert from_json(to_json(explanation)).prediction == explanation.prediction

"""Texts on the page "Analyse a review" in a real Chromium: shown as they are, private, and answered soon."""

from __future__ import annotations

import json
import re

import pytest

from sentiment.app.shared.examples import EXAMPLES
from tests.browser_page import (
    analyse,
    editor,
    exceptions,
    expand,
    foreign_requests,
    open_at,
    submit,
    wait_for_text,
    wait_for_typed,
)

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\n"
    "\u202egnorw\u202c ![i](http://example.org/i.png) :red[a] $x$ good"
)
STRANGE = {
    "one word": "good",
    "emoji": "good \U0001f44d\U0001f3fd\u200d \U0001f468\u200d\U0001f469\u200d\U0001f467 film",
    "Japanese": "\u7d20\u6674\u3089\u3057\u3044\u6620\u753b\u3067\u3057\u305f\u3002",
    "marks of direction": "the \u202efilm\u202c is \u2067good\u2069",
    "a formula and a template": "=1+1 {{7*7}} ${7*7} %s </textarea></div> good",
}
# Counts how far the heading, the editor, the card and the tabs are moved from now on
COUNT_MOVES = """() => {
  window.moved = 0;
  new PerformanceObserver(list => {
    for (const shift of list.getEntries())
      if (shift.sources.some(each => each.node?.closest?.('[data-testid^=stBidiComponent], h1')))
        window.moved += shift.value;
  }).observe({type: 'layout-shift', buffered: false});
}"""
BLOCKED = "() => { const t = performance.now(); return new Promise(r => setTimeout(() => r(performance.now() - t))) }"


def test_a_hostile_text_is_shown_as_text(address, new_page):
    page = open_at(new_page(), address)
    analyse(page, HOSTILE)
    assert page.locator(":is(.review, .card) :is(script, img)").count() == 0
    assert page.evaluate("window.hacked") is None
    assert foreign_requests(page, address) == []


def test_strange_texts_are_shown_as_they_are(address, new_page):
    page = open_at(new_page(), address)
    for text in STRANGE.values():
        analyse(page, text)
    submit(page, "   ")
    page.get_by_text("Enter a review first.").wait_for()
    assert exceptions(page) == 0
    assert page.failed == []


def test_nothing_of_the_users_text_is_in_the_address_a_request_or_the_log(address, new_page, log):
    page = open_at(new_page(), address)
    analyse(page, "xylophonic film, not good")
    assert "xylophonic" not in page.url
    assert all("xylophonic" not in url for url in page.requested)
    assert "xylophonic" not in log.read_text(encoding="utf-8")


def test_twenty_thousand_words_do_not_freeze_the_page(address, new_page):
    page = open_at(new_page(), address)
    submit(page, "a good film " * 7_000)
    page.get_by_text("tokens not used, beyond the limit").wait_for(timeout=15_000)
    assert page.evaluate(BLOCKED) < 500  # milliseconds


def test_a_paste_that_is_too_long_is_answered_in_a_sentence(address, new_page):
    page = open_at(new_page(), f"{address}/?example=Mixed")
    submit(page, "<" * 300_000)
    page.get_by_text("200,000 characters at most").wait_for()
    wait_for_typed(page, EXAMPLES["Mixed"])


def test_arrow_keys_announce_the_contribution_of_a_word(address, new_page):
    page = open_at(new_page(), address)
    analyse(page, "The film is good")
    text = page.locator(".sheet .text")
    text.focus()
    text.press("ArrowRight")
    text.press("End")
    page.locator(".review .tip").first.filter(has_text=re.compile(r"^good: [+−]\d")).wait_for()


def test_a_new_verdict_does_not_move_the_page(address, new_page):
    page = open_at(new_page(), address)
    analyse(page, "the film is good")  # as many lines as the next text, since the box fits its height to the text
    parts = (page.locator("h1"), editor(page), page.locator(".card"), page.get_by_role("tab").first)
    before = [part.bounding_box() for part in parts]
    page.evaluate(COUNT_MOVES)
    analyse(page, "the film is bad")
    assert [part.bounding_box() for part in parts] == before
    assert page.evaluate("window.moved") == 0


def test_an_explanation_is_saved_and_opened_again(address, new_page, tmp_path):
    page = open_at(new_page(), address)
    analyse(page, "The film is not good!")
    page.get_by_role("button", name="Share").click()
    page.get_by_role("tab", name="Downloads").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Analysis (JSON)").click()
    assert re.fullmatch(r"sentiment-\d+-(positive|negative)\.json", download.value.suggested_filename)
    saved = tmp_path / "explanation.json"
    download.value.save_as(saved)
    assert json.loads(saved.read_text(encoding="utf-8"))["text"] == "The film is not good!"
    open_at(page, f"{address}/?example=Mixed")
    expand(page, "History")
    page.get_by_role("button", name="Open saved analysis").click()
    page.locator("input[type=file]").set_input_files(saved)
    page.get_by_text("loaded from file").wait_for()
    wait_for_text(page, "The film is not good!")

"""The page "Analyse a review" in a real Chromium: its first screen, typing, and words changed in the text."""

from __future__ import annotations

import re

import pytest

from dev.browser import settle
from dev.serving import serve
from sentiment.app.shared.examples import EXAMPLES
from tests.browser_page import (
    analyse,
    axe_findings,
    choose,
    committed_runs,
    editor,
    follow,
    open_at,
    page_width,
    wait_for_text,
    wait_for_typed,
)

pytestmark = pytest.mark.browser

# The shadow root of the editor
EDITOR = "[...document.querySelectorAll('*')].map(e => e.shadowRoot).find(r => r?.querySelector('textarea'))"
# How far the layer with the colours differs in size from the text area
DIFFERENCE = f"""() => {{
  const root = {EDITOR}, area = root.querySelector('textarea'), text = root.querySelector('.text');
  for (const each of [area, text]) each.style.cssText = 'height: 1px; overflow: hidden';
  const heights = [area.scrollHeight, text.scrollHeight];
  for (const each of [area, text]) each.style.cssText = '';
  return Math.abs(heights[0] - heights[1]) + Math.abs(area.clientWidth - text.clientWidth);
}}"""


@pytest.fixture(scope="module")
def address(browser, tmp_path_factory):
    """The app over two committed runs."""
    runs = committed_runs(tmp_path_factory.mktemp("runs"))
    with serve(runs, tmp_path_factory.mktemp("log") / "server.log") as address:
        yield address


@pytest.mark.parametrize(("width", "height", "text_begins"), [(1400, 900, 500), (390, 844, 700)])
def test_the_first_screen_shows_the_verdict_and_then_the_coloured_text(address, new_page, width, height, text_begins):
    page = new_page(width)
    page.set_viewport_size({"width": width, "height": height})
    open_at(page, address)
    page.locator(".sheet .part.positive").first.wait_for()
    page.locator(".card h2", has_text="99").wait_for()
    verdict, text = page.locator(".card h2"), page.locator(".sheet .text")
    assert re.match(r"Positive\s+99", verdict.inner_text())
    assert verdict.bounding_box()["y"] < text_begins
    assert text.bounding_box()["y"] < text_begins
    assert page.get_by_text("accurate").bounding_box()["y"] < 250
    assert page.locator(".card .meter").bounding_box()["y"] < text_begins
    assert page_width(page) <= width
    if width < 500:
        assert page.get_by_text(re.compile("Ctrl|⌘")).count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_every_state_of_the_page_is_accessible(address, new_page, scheme, width):
    page = open_at(new_page(width, scheme), address)
    states = {
        "opened": lambda: None,
        "typed in": lambda: analyse(page, "A wonderful xyzzy."),
        "what if": lambda: page.get_by_role("tab", name="What if?").click(),
        "a word removed": lambda: page.locator(".sheet .part", has_text="wonderful").click(),
    }
    for state, reach in states.items():
        reach()
        settle(page)
        assert axe_findings(page) == [], state
    assert page.failed == []


def test_verdict_and_colours_follow_what_is_typed(address, new_page):
    page = open_at(new_page(), address)
    editor(page).press("Control+End")
    page.keyboard.type(" No. It is a terrible, boring mess.", delay=10)
    wait_for_text(page, EXAMPLES["Glowing"] + " No. It is a terrible, boring mess.")
    assert page.locator(".sheet .part.negative", has_text="terrible").count() == 1
    assert page.get_by_role("radio", checked=True, name="Glowing").count() == 0
    editor(page).fill("The worst film ever made.")
    page.locator(".card.negative:not(.old)").wait_for()
    wait_for_text(page, "The worst film ever made.")


def test_the_box_keeps_the_focus_during_the_first_words(address, new_page):
    page = open_at(new_page(), address)
    editor(page).fill("")
    page.locator(".card", has_text="No text").wait_for()
    for word in ("A", " wonderful", " film."):
        page.keyboard.type(word)
        page.wait_for_timeout(600)  # in which it is analysed
    wait_for_text(page, "A wonderful film.")


def test_a_verdict_is_marked_as_old_from_the_first_key_to_the_next_verdict(address, new_page):
    page = open_at(new_page(), address)
    wait_for_text(page, EXAMPLES["Glowing"])
    page.locator(".card h2", has_text="99").wait_for()  # only then does it listen to the box
    marked = page.evaluate(
        f"""() => {{
          const area = {EDITOR}.querySelector('textarea');
          area.value += '!';
          area.dispatchEvent(new InputEvent('input'));
          const card = [...document.querySelectorAll('*')].map(e => e.shadowRoot?.querySelector('.card')).find(c => c);
          return [card.classList.contains('old'), card.querySelector('.stale').textContent];
        }}"""
    )
    assert marked[0]
    assert "for the previous text" in marked[1]
    wait_for_text(page, EXAMPLES["Glowing"] + "!")
    page.get_by_text("for the previous text").wait_for(state="hidden")


def test_an_answer_to_an_older_text_neither_replaces_what_is_typed_nor_colours_it(address, new_page):
    page = open_at(new_page(), address)
    editor(page).fill("")
    typed = "A wonderful film, and I can say so since I have seen it twice. "
    for start in range(0, len(typed), 7):  # with pauses in which the text so far is sent
        page.keyboard.type(typed[start : start + 7])
        page.wait_for_timeout(230)
    wait_for_typed(page, typed)
    wait_for_text(page, typed)


def test_a_word_is_sent_only_when_its_composition_is_finished(address, new_page):
    page = open_at(new_page(), address)
    editor(page).fill("good ")
    wait_for_text(page, "good ")
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "えい", "selectionStart": 2, "selectionEnd": 2})
    page.wait_for_timeout(1_000)  # longer than the pause after which a text is sent
    assert editor(page).input_value() == "good えい"
    page.get_by_text("for the previous text").wait_for()
    session.send("Input.insertText", {"text": "映画"})
    wait_for_text(page, "good 映画")


def test_a_paste_is_plain_text_and_undo_takes_it_back(address, new_page):
    page = open_at(new_page(), address)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    editor(page).fill("A film.")
    wait_for_text(page, "A film.")
    page.evaluate(
        """() => navigator.clipboard.write([new ClipboardItem({
          'text/html': new Blob(['<b onclick=1>bold</b><img src=x onerror="window.hacked=1">'], {type: 'text/html'}),
          'text/plain': new Blob(['<i>good</i>\\nbad'], {type: 'text/plain'})})])"""
    )
    editor(page).press("Control+End")
    page.keyboard.press("Control+v")
    wait_for_text(page, "A film.<i>good</i>\nbad")
    assert page.locator(".sheet :is(b, i, img)").count() == 0
    assert page.evaluate("window.hacked") is None
    editor(page).press("Control+z")
    wait_for_text(page, "A film.")
    assert {each.split()[0] for each in page.refused} <= {"script-src-attr"}  # by the browser, which copies the HTML
    page.refused.clear()


@pytest.mark.parametrize("width", [1400, 390])
def test_both_layers_of_the_editor_have_the_same_line_breaks(address, new_page, width):
    page = open_at(new_page(width), address)
    for text in (
        EXAMPLES["Mixed"],
        "AV To WA fi ffl office. " * 40,
        "x" * 500 + "\n\n\n",
        "שלום עולם this is good שלום. " * 8,
        "\U0001f3ac \U0001f468\u200d\U0001f469\u200d\U0001f467 映画は素晴らしい。" * 12,
        "tab\tand   spaces   " * 12,
        "",
    ):
        editor(page).fill(text)
        page.wait_for_timeout(400)  # until the box fits its height to the text
        assert page.evaluate(DIFFERENCE) <= 1, text[:30]


def test_the_keyboard_reads_the_words_and_leaves_the_editor(address, new_page):
    page = open_at(new_page(), address)
    analyse(page, "A wonderful film")
    editor(page).press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.locator(".tip").filter(has_text=re.compile(r"^wonderful: \+\d")).first.wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate(f"{EDITOR}.activeElement") is None
    page.locator(".tip").filter(has_text="wonderful").first.wait_for(state="hidden")


def test_ten_tab_stops_at_most_lead_to_the_first_tab(address, new_page):
    page = open_at(new_page(1400), address)
    page.locator("h1").click()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "tab":
            break
    assert page.evaluate("document.activeElement.textContent") == "Top words"


def test_words_are_changed_in_the_text_and_the_new_text_is_used(address, new_page):
    page = open_at(new_page(1400), address)
    analyse(page, "A terrible film with a wonderful cast.")
    page.get_by_role("tab", name="What if?").click()
    page.get_by_text("Click a word to remove it").wait_for()
    page.locator(".sheet .part", has_text="wonderful").click()
    page.locator(".part.removed", has_text="wonderful").wait_for()
    page.get_by_text(re.compile("^Before: ")).wait_for()
    text = page.locator(".sheet .text")
    text.focus()
    for key in ("Home", "ArrowRight", "Enter"):  # "terrible", by keyboard
        text.press(key)
    page.locator(".part.removed", has_text="terrible").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.locator(".part.removed", has_text="terrible").wait_for(state="detached")
    page.locator(".sheet .part", has_text="terrible").click()
    page.locator(".part.removed", has_text="terrible").wait_for()
    page.get_by_text("Suggested:").wait_for()
    suggested = page.get_by_text("Suggested:").locator(
        "xpath=ancestor::*[@data-testid='stHorizontalBlock' or @data-testid='stLayoutWrapper'][1]"
    )
    suggested.get_by_role("button").first.click()
    new = page.locator(".part.added").first
    new.wait_for()
    changed = f"A {new.inner_text()} film with a cast."
    after = page.locator(".card h2").inner_text()
    page.get_by_role("button", name="Use this text").click()
    wait_for_typed(page, changed)
    wait_for_text(page, changed)
    assert page.locator(".card h2").inner_text() == after
    assert page.get_by_text("Before:").count() == 0
    assert page.get_by_role("heading", name="Analyse a review").bounding_box()["y"] > 0


def test_edit_text_leads_from_changing_words_back_to_typing(address, new_page):
    page = open_at(new_page(), address)
    page.get_by_role("tab", name="What if?").click()
    page.get_by_role("button", name="Edit text").click()
    page.get_by_role("button", name="Edit text").wait_for(state="hidden")
    editor(page).press("Control+End")
    page.keyboard.type(" Bad.")
    wait_for_text(page, EXAMPLES["Glowing"] + " Bad.")


def test_a_reload_shows_the_example_in_the_address_and_not_the_users_text(address, new_page):
    page = open_at(new_page(), address)
    choose(page, "Scathing")
    wait_for_text(page, EXAMPLES["Scathing"])
    page.reload()
    settle(page)
    wait_for_text(page, EXAMPLES["Scathing"])
    analyse(page, "Something private")
    page.reload()
    settle(page)
    assert editor(page).input_value() in EXAMPLES.values()


def test_a_plain_box_replaces_an_editor_that_does_not_load(address, new_page):
    page = open_at(new_page(), f"{address}/?editor=plain")
    editor(page).fill("The worst film ever made.")
    page.get_by_role("button", name=re.compile("^Analyse( |$)")).click()
    page.locator(".card.negative").wait_for()
    assert page.locator(".sheet").count() == 0


def test_a_long_text_is_kept_and_is_analysed_only_on_request(address, new_page):
    page = open_at(new_page(), f"{address}/?example=Glowing")
    long = "a good film " * 700
    editor(page).fill(long)
    page.get_by_text("This text is long").wait_for()
    page.wait_for_timeout(1_000)  # longer than the pause after which a short text is sent
    page.get_by_text("for the previous text").wait_for()
    follow(page, "Training")
    follow(page, "Analyse a review")
    page.get_by_text("for the previous text").wait_for()
    wait_for_typed(page, long)
    page.get_by_role("button", name="Analyse", exact=True).click()
    page.get_by_text("Long review: only the first").wait_for()
    page.get_by_text("for the previous text").wait_for(state="hidden")

"""The served app in a real Chromium: what only a browser can tell."""

from __future__ import annotations

import json
import re

import pytest

from scripts.screenshots import settle
from sentiment.app.examples import EXAMPLES

pytestmark = pytest.mark.browser

PAGES = ("", "bulk", "training", "evaluation", "dataset", "model-card")
HOSTILE = (
    "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\n"
    "\u202egnorw\u202c ![i](http://example.org/i.png) :red[a] $x$ good"
)


def submit(page, text: str) -> None:
    page.get_by_role("textbox", name="Review").fill(text)
    page.get_by_role("textbox", name="Review").press("Control+Enter")


def analyse(page, text: str) -> None:
    """Has a text judged, and waits until all of it is shown: what is above it on the page comes before it."""
    submit(page, text)
    wait_for_text(page, text)
    settle(page)


def wait_for_text(page, text: str) -> None:
    """Waits until the heatmap shows exactly this text."""
    from playwright.sync_api import expect

    expect(page.locator(".review .text").first).to_have_text(re.compile(f"^{re.escape(text)}$"), timeout=20_000)


def wait_for_typed(page, text: str) -> None:
    """Waits until exactly this text stands in the box."""
    from playwright.sync_api import expect

    expect(page.get_by_role("textbox", name="Review")).to_have_value(text, timeout=20_000)


def open_at(page, address: str):
    page.goto(address)
    settle(page)
    return page


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_whole_accessible_and_asks_no_other_origin(address, new_page, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = new_page(width, scheme)
    for name in PAGES:
        page.goto(f"{address}/{name}")
        settle(page)
        assert page.locator("[data-testid=stException]").count() == 0
        found = [
            f"{name or 'review'}: {violation['id']} at {violation['nodes'][0]['target']}"
            for violation in Axe().run(page).response["violations"]
            if violation["impact"] in ("moderate", "serious", "critical")
        ]
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in page.requested if not url.startswith((address, "data:", "blob:"))] == []
    assert page.failed == []


def test_ctrl_enter_analyses_and_the_whole_text_is_shown_as_text(address, new_page):
    page = new_page()
    page.goto(address)
    settle(page)
    analyse(page, HOSTILE)
    assert page.locator(".review script, .review img").count() == 0
    assert page.evaluate("window.hacked") is None
    assert [url for url in page.requested if not url.startswith((address, "data:", "blob:"))] == []


def test_nothing_of_the_users_text_is_in_address_or_log(address, new_page, log):
    page = new_page()
    page.goto(address)
    settle(page)
    analyse(page, "xylophonic film, not good")
    assert "xylophonic" not in page.url
    assert all("xylophonic" not in url for url in page.requested)
    assert "xylophonic" not in log.read_text(encoding="utf-8")


def test_twenty_thousand_words_do_not_freeze_the_page(address, new_page):
    page = new_page()
    page.goto(address)
    settle(page)
    submit(page, "a good film " * 7_000)
    page.locator(".review .rest").first.wait_for(timeout=15_000)
    blocked = page.evaluate(
        "() => { const t = performance.now(); return new Promise(r => setTimeout(() => r(performance.now() - t))) }"
    )
    assert blocked < 500


def test_arrow_keys_tell_the_number_of_a_word(address, new_page):
    page = new_page()
    page.goto(address)
    settle(page)
    analyse(page, "The film is good")
    text = page.locator(".review .text").first
    text.focus()
    text.press("ArrowRight")
    text.press("End")
    page.locator(".review .tip").first.filter(has_text=re.compile("^good.*towards", re.DOTALL)).wait_for()


def test_a_click_on_a_word_drops_it_and_undo_brings_it_back(address, new_page):
    page = new_page()
    page.goto(address)
    settle(page)
    analyse(page, "The film is good")
    page.get_by_role("tab", name="What if").click()
    settle(page)
    page.locator(".review .part", has_text="good").first.click()
    page.get_by_text("The film is", exact=True).wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("The film is", exact=True).wait_for(state="detached")


def test_an_explanation_is_saved_and_opened_again(address, new_page, tmp_path):
    page = new_page()
    page.goto(address)
    settle(page)
    analyse(page, "The film is not good!")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as JSON").click()
    saved = tmp_path / "explanation.json"
    download.value.save_as(saved)
    assert json.loads(saved.read_text(encoding="utf-8"))["text"] == "The film is not good!"
    page.goto(f"{address}/?example=Mixed")
    settle(page)
    page.get_by_role("button", name="Open a saved one").click()
    page.locator("input[type=file]").set_input_files(saved)
    page.get_by_text("from a file").wait_for()
    wait_for_text(page, "The film is not good!")


def test_what_was_typed_survives_a_visit_to_another_page(address, new_page):
    page = new_page()
    page.goto(address)
    settle(page)
    analyse(page, "a dull film")
    page.get_by_role("link", name="Training").click()
    page.get_by_role("heading", name="How the model was trained").wait_for()
    page.get_by_role("link", name="Review", exact=True).click()
    page.get_by_role("heading", name="What did the reviewer feel?").wait_for()
    settle(page)
    wait_for_typed(page, "a dull film")
    wait_for_text(page, "a dull film")


def test_what_was_typed_but_not_analysed_survives_it_too(address, new_page):
    page = new_page()
    page.goto(f"{address}/?example=Glowing")
    settle(page)
    page.get_by_role("textbox", name="Review").fill("half a thou")
    page.get_by_role("link", name="Training").click(delay=100)  # as long as a finger takes
    page.get_by_role("heading", name="How the model was trained").wait_for()
    page.get_by_role("link", name="Review", exact=True).click()
    page.get_by_role("heading", name="What did the reviewer feel?").wait_for()
    settle(page)
    wait_for_typed(page, "half a thou")
    page.locator(".review .text").filter(has_text=EXAMPLES["Glowing"].splitlines()[0]).wait_for()


def test_a_click_on_a_confusion_cell_filters_the_list(address, new_page):
    page = new_page()
    page.goto(f"{address}/evaluation")
    settle(page)
    chart = page.locator("[data-testid=stVegaLiteChart]").first
    for _ in range(6):  # a click that comes before the chart listens is lost
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.3)
        page.wait_for_timeout(5_000)
        if "verdicts=false+negatives" in page.url:
            break
    assert "verdicts=false+negatives" in page.url
    settle(page)
    missed = chart.get_attribute("aria-label").rsplit(" ", 3)[1]
    page.get_by_text(f"{missed} reviews, the most confident mistakes first").wait_for()


def test_one_rule_stands_in_every_panel_and_tells_every_run(address, new_page):
    page = new_page()
    page.goto(f"{address}/training?runs=tiny&runs=other&grain=step&smoothing=0.5")
    settle(page)
    drawn = page.locator("[data-testid=stVegaLiteChart] svg.marks").first
    drawn.wait_for()
    page.wait_for_timeout(2_000)
    box = drawn.bounding_box()
    for shift in (0, 3, 6):
        page.mouse.move(box["x"] + box["width"] / 2 + shift, box["y"] + 150)
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    said = tip.inner_text()
    for line in ("tiny, train", "tiny, validation", "other, train", "other, validation"):
        assert line in said
    assert "smoothed" in said
    assert page.failed == []


def test_a_file_of_ones_own_is_described_and_its_words_are_found(address, new_page, tmp_path):
    mine = tmp_path / "mine.csv"
    rows = [f"film number{i} is {'splendid' if i % 2 else 'dreadful'},{i % 2}" for i in range(60)]
    mine.write_text("\n".join(["review,sentiment", *rows]), encoding="utf-8")
    page = new_page()
    page.goto(f"{address}/dataset?word=splendid")
    settle(page)
    page.get_by_text("Look at data of your own").click()
    page.locator("input[type=file]").set_input_files(mine)
    page.get_by_text("mine.csv").first.wait_for()
    page.get_by_role("button", name="Describe it").click()
    page.get_by_text("This page shows mine.csv.").wait_for()
    page.get_by_text("in positive and 0 times in negative reviews").wait_for()


def test_a_link_keeps_the_pages_settings(address, new_page):
    page = new_page()
    page.goto(f"{address}/evaluation?threshold=0.8&verdicts=everything&run=other")
    settle(page)
    page.get_by_text("judged by other").wait_for()
    page.get_by_text("400 reviews, the most confident").wait_for()


def test_a_run_that_is_still_trained_is_followed(address, new_page, served_runs):
    page = new_page()
    page.goto(f"{address}/training?runs=young&grain=step")
    settle(page)
    page.get_by_text("young is being trained").wait_for()
    chart = page.locator("[data-testid=stVegaLiteChart][aria-label*='at the end']").first
    before = chart.get_attribute("aria-label")
    with (served_runs / "young" / "steps.csv").open("a", encoding="utf-8") as file:
        file.write("23,0.9,0.001,160.0\n52,3,0.9,0.9,0.001,170.0\n")
    page.wait_for_function("before => !document.body.innerHTML.includes(before)", arg=before, timeout=20_000)


STRANGE = {
    "one word": "good",
    "emoji": "good \U0001f44d\U0001f3fd\u200d \U0001f468\u200d\U0001f469\u200d\U0001f467 film",
    "Japanese": "\u7d20\u6674\u3089\u3057\u3044\u6620\u753b\u3067\u3057\u305f\u3002",
    "marks of direction": "the \u202efilm\u202c is \u2067good\u2069",
    "a formula and a template": "=1+1 {{7*7}} ${7*7} %s </textarea></div> good",
}


def test_strange_texts_are_shown_as_they_are(address, new_page):
    page = open_at(new_page(), address)
    for text in STRANGE.values():
        analyse(page, text)
    submit(page, "   ")
    page.get_by_text("There is not a word in it.").wait_for()
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.failed == []


def test_back_and_forward_go_from_page_to_page_and_keep_the_example(address, new_page):
    page = open_at(new_page(), address)
    page.get_by_role("radio", name="Scathing").or_(page.get_by_role("button", name="Scathing")).first.click()
    page.wait_for_url("**/*example=Scathing*")
    settle(page)
    scathing = EXAMPLES["Scathing"]
    wait_for_typed(page, scathing)
    page.get_by_role("link", name="Training").click(delay=100)
    page.get_by_role("heading", name="How the model was trained").wait_for()
    page.go_back()
    page.get_by_role("heading", name="What did the reviewer feel?").wait_for()
    settle(page)
    wait_for_typed(page, scathing)
    page.go_forward()
    page.get_by_role("heading", name="How the model was trained").wait_for()


def test_back_keeps_a_text_of_ones_own(address, new_page):
    page = open_at(new_page(), address)
    analyse(page, "the film is bad")
    page.get_by_role("link", name="Training").click()
    page.get_by_role("heading", name="How the model was trained").wait_for()
    page.go_back()
    page.get_by_role("heading", name="What did the reviewer feel?").wait_for()
    settle(page)
    wait_for_typed(page, "the film is bad")


def test_a_new_verdict_does_not_move_the_page(address, new_page):
    page = open_at(new_page(), address)
    page.locator(".review .text").first.wait_for()  # all of the page stands
    page.wait_for_timeout(500)
    box = page.get_by_role("textbox", name="Review")
    before = box.bounding_box()
    page.evaluate(
        "() => { window.moved = 0; new PerformanceObserver(list => { for (const one of list.getEntries())"
        " if (one.sources.some(s => s.node?.closest?.('form, [data-testid=stForm], h1'))) window.moved += one.value })"
        ".observe({type: 'layout-shift', buffered: false}) }"
    )
    analyse(page, "the film is bad")
    assert box.bounding_box() == before
    assert page.evaluate("window.moved") == 0


def upload(page, rows: int) -> None:
    content = "review\n" + "the film is good\n" * rows
    page.locator("input[type=file]").set_input_files(
        {"name": "reviews.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    page.get_by_role("button", name=f"Score {rows:,} rows").wait_for()
    settle(page)


def test_an_upload_comes_back_scored_and_outlives_a_refresh_and_a_visit_elsewhere(address, new_page, tmp_path):
    page = open_at(new_page(), f"{address}/bulk")
    upload(page, 3)
    page.get_by_role("link", name="Dataset").click()
    page.wait_for_url("**/dataset*")
    settle(page)
    page.go_back()
    page.get_by_role("button", name="Score 3 rows").click()
    page.get_by_role("button", name="Download").first.wait_for()
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").first.click()
    download.value.save_as(tmp_path / "scored.csv")
    assert len((tmp_path / "scored.csv").read_text(encoding="utf-8").splitlines()) == 4
    page.get_by_role("button", name="Delete now").click()
    page.locator("input[type=file]").wait_for(state="attached")


def test_a_job_is_found_again_after_a_refresh_and_can_be_stopped(address, new_page):
    page = open_at(new_page(), f"{address}/bulk")
    upload(page, 200_000)
    page.get_by_role("button", name="Score 200,000 rows").click()
    page.get_by_role("button", name="Stop, and keep what is done").wait_for()
    page.reload()
    page.get_by_role("button", name="Stop, and keep what is done").click()
    page.get_by_role("button", name="Go on").wait_for()
    page.get_by_role("button", name="Delete now").click()
    page.locator("input[type=file]").wait_for(state="attached")

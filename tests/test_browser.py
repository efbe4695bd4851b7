"""The served app in a real Chromium: what only a browser can show."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

from dev.browser import settle, wait_until
from dev.serving import serve
from sentiment.app.shared import navigation
from sentiment.app.shared.examples import EXAMPLES
from sentiment.artifacts import write_manifest
from sentiment.dataset import fingerprint
from tests.app_runs import predictions
from tests.tiny import tiny_run

pytestmark = pytest.mark.browser

PAGES = ("", "bulk", "training", "evaluation", "dataset", "model-card")
HOSTILE = (
    "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\n"
    "\u202egnorw\u202c ![i](http://example.org/i.png) :red[a] $x$ good"
)


def editor(page):
    """The box in which a review is typed."""
    return page.get_by_role("textbox", name="Your review")


def submit(page, text: str) -> None:
    editor(page).fill(text)
    editor(page).press("Control+Enter")


def analyse(page, text: str) -> None:
    """Analyses a text, and waits until all results are shown; those above on the page come first."""
    submit(page, text)
    wait_for_text(page, text)
    settle(page)


def wait_for_text(page, text: str) -> None:
    """Waits until the coloured layer shows exactly this text, and the verdict is that of this text."""
    from playwright.sync_api import expect

    expect(page.locator(".sheet .text:not(.old)")).to_have_text(
        re.compile(f"^{re.escape(text)}\u200b?$"), timeout=20_000
    )
    page.locator(".card:not(.old)").wait_for()


def wait_for_typed(page, text: str) -> None:
    """Waits until the box has exactly this text."""
    from playwright.sync_api import expect

    expect(editor(page)).to_have_value(text, timeout=20_000)


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
    assert page.locator(":is(.review, .card) :is(script, img)").count() == 0
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
    page.get_by_text("words not used, beyond the limit").wait_for(timeout=15_000)
    blocked = page.evaluate(
        "() => { const t = performance.now(); return new Promise(r => setTimeout(() => r(performance.now() - t))) }"
    )
    assert blocked < 500


def test_arrow_keys_announce_the_number_of_a_word(address, new_page):
    page = new_page()
    page.goto(address)
    settle(page)
    analyse(page, "The film is good")
    text = page.locator(".sheet .text")
    text.focus()
    text.press("ArrowRight")
    text.press("End")
    page.locator(".review .tip").first.filter(has_text=re.compile(r"^good: [+−]\d")).wait_for()


def test_an_explanation_is_saved_and_opened_again(address, new_page, tmp_path):
    page = new_page()
    page.goto(address)
    settle(page)
    analyse(page, "The film is not good!")
    page.get_by_role("button", name="Share").click()
    page.get_by_role("tab", name="Downloads").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Analysis (JSON)").click()
    assert re.fullmatch(r"sentiment-\d+-(positive|negative)\.json", download.value.suggested_filename)
    saved = tmp_path / "explanation.json"
    download.value.save_as(saved)
    assert json.loads(saved.read_text(encoding="utf-8"))["text"] == "The film is not good!"
    page.goto(f"{address}/?example=Mixed")
    settle(page)
    expand(page, "History")
    page.get_by_role("button", name="Open saved analysis").click()
    page.locator("input[type=file]").set_input_files(saved)
    page.get_by_text("loaded from file").wait_for()
    wait_for_text(page, "The film is not good!")


def expand(page, label: str) -> None:
    """Opens an expander."""
    page.locator("[data-testid=stExpander] summary").filter(has_text=label).click()
    settle(page)


def mark_row(page, alt: str, row: int = 0) -> None:
    """Selects a row of a table, whose cells are drawn and not elements."""
    table = page.locator("[data-testid=stDataFrame]").filter(has=page.locator(f"[aria-label='{alt}']")).first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 35 + 17 + 35 * row)


def open_row_on_review_page(page, alt: str) -> None:
    mark_row(page, alt)
    page.get_by_role("button", name="Open on the Analyse page").click()
    page.get_by_role("heading", name="Analyse a review").wait_for()
    settle(page)
    assert page.locator("[data-testid=stException]").count() == 0


def test_a_row_of_a_file_is_opened_on_the_review_page_with_the_model_chosen(address, new_page):
    page = open_at(new_page(), f"{address}/bulk?run=other")
    upload(page, 3)
    page.get_by_role("button", name="Score 3 rows").click()
    page.get_by_role("button", name="Download").first.wait_for()
    settle(page)
    open_row_on_review_page(page, "The scored rows")
    wait_for_typed(page, "the film is good")
    page.get_by_text("read · other").wait_for()
    assert "run=other" in page.url
    page.get_by_role("link", name="Score a file").click()
    page.get_by_role("heading", name="Score a file").wait_for()
    settle(page)
    assert "run=other" in page.url


def test_a_review_that_a_filter_lists_is_opened_on_the_review_page(browser, new_page, tmp_path, monkeypatch):
    reviews = [f"review number {i}, a {'good' if i % 2 else 'bad'} film" for i in range(120)]
    data = pd.DataFrame({"review": reviews, "sentiment": ["positive", "negative"] * 60})
    data.to_csv(tmp_path / "reviews.csv", index=False)
    run = tiny_run(tmp_path / "runs" / "tiny")
    tested = predictions(("test",), n=120).assign(fingerprint=[fingerprint(text) for text in reviews])
    tested.to_parquet(run / "test_predictions.parquet")
    write_manifest(run)
    (tmp_path / "runs" / "default").write_text("tiny", encoding="utf-8")
    monkeypatch.setenv("SENTIMENT_DATA", str(tmp_path / "reviews.csv"))
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    with serve(tmp_path / "runs", tmp_path / "log") as address:
        page = open_at(new_page(), f"{address}/evaluation?verdicts=false+positives&threshold=0.4")
        page.get_by_text("reviews, most confident errors first").wait_for()
        settle(page)
        open_row_on_review_page(page, "Reviews: most confident errors first")
        text = editor(page).input_value()
        assert text in reviews
        wait_for_text(page, text)


def test_back_leads_through_the_examples_chosen(address, new_page):
    page = open_at(new_page(), address)
    for name in ("Scathing", "Mixed"):
        page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name)).first.click()
        page.wait_for_url(f"**/*example={name}*")
        settle(page)
    page.go_back()
    wait_for_typed(page, EXAMPLES["Scathing"])
    wait_for_text(page, EXAMPLES["Scathing"])
    page.go_back()
    wait_for_typed(page, EXAMPLES["Glowing"])
    page.go_forward()
    wait_for_typed(page, EXAMPLES["Scathing"])
    page.get_by_role("radio", name="Scathing").or_(page.get_by_role("button", name="Scathing")).first.click()
    settle(page)
    assert "example=Scathing" in page.url
    wait_for_typed(page, EXAMPLES["Scathing"])


@pytest.mark.parametrize(
    ("path", "leads_to", "title"),
    [
        ("Review?run=other", "/?run=other", "Analyse a review – Sentiment"),
        ("model_card", "/model-card", "Model card – Sentiment"),
        ("batch", "/bulk", "Score a file – Sentiment"),
    ],
)
def test_an_address_in_another_spelling_leads_to_the_page(address, new_page, path, leads_to, title):
    page = new_page()
    page.goto(f"{address}/{path}")
    page.wait_for_url(f"{address}{leads_to}")
    settle(page)
    wait_until(page, "title => document.title === title", arg=title)
    assert page.get_by_text("Page not found").count() == 0


def test_every_page_has_its_own_title(address, new_page):
    page = new_page()
    for entry in navigation.ENTRIES:
        page.goto(f"{address}/{navigation._url_path(entry)}")
        settle(page)
        wait_until(page, "title => document.title === title", arg=f"{entry.title} – Sentiment")


def test_a_paste_that_is_too_long_is_answered_in_a_sentence(address, new_page):
    page = open_at(new_page(), f"{address}/?example=Mixed")
    submit(page, "<" * 300_000)
    page.get_by_text("200,000 characters at most").wait_for()
    wait_for_typed(page, EXAMPLES["Mixed"])


def test_an_error_shows_no_link_to_another_site(browser, new_page, tmp_path):
    script = tmp_path / "fails.py"
    script.write_text("import streamlit as st\nst.title('It fails')\nraise ValueError('secret')\n", encoding="utf-8")
    with serve(tmp_path, tmp_path / "log", script=script) as address:
        page = open_at(new_page(), address)
        page.locator("[data-testid=stException]").wait_for()
        assert "encountered an error" in page.inner_text("[data-testid=stException]")
        assert page.get_by_text(re.compile("Ask (Google|ChatGPT)")).count() == 0
        assert "secret" not in page.content()


def test_a_name_that_is_an_address_becomes_no_link(address, new_page):
    page = open_at(new_page(), f"{address}/bulk")
    for name in ("www.evil.example.csv", "user@evil.example.csv"):
        page.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "text/csv", "buffer": b"review\nthe film is good\n"}
        )
        page.get_by_role("heading", name=re.compile("evil")).wait_for()
        settle(page)
        assert page.locator("[data-testid=stMain] a[href*=evil]:not([href^='#'])").count() == 0
        page.get_by_role("button", name="New file").click()
        page.locator("input[type=file]").wait_for(state="attached")


def test_what_was_typed_survives_a_visit_to_another_page(address, new_page):
    page = new_page()
    page.goto(address)
    settle(page)
    analyse(page, "a dull film")
    page.get_by_role("link", name="Training").click()
    page.get_by_role("heading", name="Training").wait_for()
    page.get_by_role("link", name="Analyse a review", exact=True).click()
    page.get_by_role("heading", name="Analyse a review").wait_for()
    settle(page)
    wait_for_typed(page, "a dull film")
    wait_for_text(page, "a dull film")


def test_what_was_typed_last_survives_it_too(address, new_page):
    page = new_page()
    page.goto(f"{address}/?example=Glowing")
    settle(page)
    editor(page).fill("half a thou")
    page.get_by_role("link", name="Training").click(delay=100)  # as long as a finger takes
    page.get_by_role("heading", name="Training").wait_for()
    page.get_by_role("link", name="Analyse a review", exact=True).click()
    page.get_by_role("heading", name="Analyse a review").wait_for()
    settle(page)
    wait_for_typed(page, "half a thou")
    wait_for_text(page, "half a thou")


def test_one_rule_is_in_every_panel_and_shows_every_run(address, new_page):
    page = open_at(new_page(), f"{address}/training?runs=tiny&runs=other&grain=step&smoothing=0.5")
    chart = page.get_by_test_id("stEChartsChart")
    chart.locator("canvas").first.wait_for()
    chart.scroll_into_view_if_needed()
    page.wait_for_timeout(2_000)
    box = chart.bounding_box()
    for shift in (0, 3, 6):
        page.mouse.move(box["x"] + box["width"] / 4 + shift, box["y"] + box["height"] / 2)
    tip = chart.locator("div").filter(has_text=re.compile("at epoch")).last
    tip.wait_for()
    said = chart.inner_text()
    for line in ("tiny, train", "tiny, validation", "other, train", "other, validation"):
        assert f"{line}, smoothed" in said
    for panel in ("Loss", "Accuracy", "Learning rate"):
        assert re.search(f"{panel}.* at epoch", said)
    assert page.failed == []


def test_a_user_s_file_is_described_and_its_words_are_found(address, new_page, tmp_path):
    mine = tmp_path / "mine.csv"
    rows = [f"film number{i} is {'splendid' if i % 2 else 'dreadful'},{i % 2}" for i in range(60)]
    mine.write_text("\n".join(["review,sentiment", *rows]), encoding="utf-8")
    page = new_page()
    page.goto(f"{address}/dataset?tab=Your+data&word=splendid")
    settle(page)
    page.locator("input[type=file]").set_input_files(mine)
    page.get_by_text("mine.csv").first.wait_for()
    page.get_by_role("button", name="Analyse").click()
    page.get_by_text("Showing mine.csv").wait_for()
    page.get_by_role("tab", name="Words").click()
    page.get_by_text("times in positive, 0 in negative training reviews").wait_for()


def test_a_link_keeps_the_pages_settings(address, new_page):
    page = new_page()
    page.goto(f"{address}/evaluation?threshold=0.8&verdicts=everything&run=other")
    settle(page)
    page.get_by_text("model: other").wait_for()
    page.get_by_text("400 reviews, most confident errors first").wait_for()


def test_a_run_that_is_still_trained_is_followed(address, new_page, served_runs):
    (served_runs / "young" / "steps.csv").touch()  # it counts as trained only while it changes
    page = new_page()
    page.goto(f"{address}/training?runs=young&grain=step")
    settle(page)
    page.get_by_text("young is training").wait_for()
    chart = page.locator("[data-testid=stEChartsChart][aria-label*='last values']").first
    before = chart.get_attribute("aria-label")
    with (served_runs / "young" / "steps.csv").open("a", encoding="utf-8") as file:
        file.write("23,0.9,0.001,160.0\n52,3,0.9,0.9,0.001,170.0\n")
    wait_until(page, "before => !document.body.innerHTML.includes(before)", arg=before, seconds=20)


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
    page.get_by_text("Enter a review first.").wait_for()
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
    page.get_by_role("heading", name="Training").wait_for()
    page.go_back()
    page.get_by_role("heading", name="Analyse a review").wait_for()
    settle(page)
    wait_for_typed(page, scathing)
    page.go_forward()
    page.get_by_role("heading", name="Training").wait_for()


def test_back_leads_to_the_tab_that_was_open_and_no_tab_goes_to_another_page(address, new_page):
    def follow(name: str) -> None:
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_url(re.compile(f"/{name.lower().replace(' ', '-')}$"))  # the address names no tab

    def expect_tab(name: str) -> None:
        page.get_by_role("tab", name=name, exact=True, selected=True).wait_for()

    page = open_at(new_page(), f"{address}/evaluation?tab=Words")
    expect_tab("Words")
    follow("Model card")
    expect_tab("Summary")
    follow("Dataset")
    expect_tab("Overview")
    page.get_by_role("tab", name="Quality").click()
    page.wait_for_url("**/dataset?tab=Quality")
    page.go_back()
    expect_tab("Overview")
    page.go_back()
    expect_tab("Summary")
    page.go_back()
    page.wait_for_url("**/evaluation?tab=Words")
    expect_tab("Words")
    page.go_forward()
    expect_tab("Summary")
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.failed == []


def test_the_wordmark_leads_home(address, new_page):
    page = open_at(new_page(), f"{address}/evaluation?run=other")
    page.get_by_test_id("stSidebarHeader").get_by_test_id("stLogoLink").click()
    page.get_by_role("heading", name="Analyse a review").wait_for()
    settle(page)
    assert page.locator("[data-testid=stException]").count() == 0
    assert "run=other" in page.url


def test_back_keeps_the_user_s_text(address, new_page):
    page = open_at(new_page(), address)
    analyse(page, "the film is bad")
    page.get_by_role("link", name="Training").click()
    page.get_by_role("heading", name="Training").wait_for()
    page.go_back()
    page.get_by_role("heading", name="Analyse a review").wait_for()
    settle(page)
    wait_for_typed(page, "the film is bad")


def test_a_new_verdict_does_not_move_the_page(address, new_page):
    page = open_at(new_page(), address)
    analyse(page, "the film is good")  # as many lines as the next text, to which the box fits its height
    parts = (page.locator("h1"), editor(page), page.locator(".card"), page.get_by_role("tab").first)
    before = [part.bounding_box() for part in parts]
    page.evaluate(
        "() => { window.moved = 0; new PerformanceObserver(list => { for (const one of list.getEntries())"
        " if (one.sources.some(s => s.node?.closest?.('[data-testid^=stBidiComponent], h1')))"
        " window.moved += one.value })"
        ".observe({type: 'layout-shift', buffered: false}) }"
    )
    analyse(page, "the film is bad")
    assert [part.bounding_box() for part in parts] == before
    assert page.evaluate("window.moved") == 0


def upload(page, rows: int) -> None:
    content = "review\n" + "the film is good\n" * rows
    page.locator("input[type=file]").set_input_files(
        {"name": "reviews.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    page.get_by_role("button", name=f"Score {rows:,} rows").wait_for()
    settle(page)


def delete(page) -> None:
    """Deletes the job; one click alone deletes nothing."""
    address = page.url
    page.get_by_role("button", name="Delete", exact=False).click()
    page.get_by_text("This cannot be undone").wait_for()
    assert page.url == address
    page.get_by_role("button", name="Delete now").click()


def test_a_phone_shows_the_verdict_before_the_text(address, new_page, tmp_path):
    page = open_at(new_page(390), f"{address}/bulk")
    upload(page, 3)
    page.get_by_role("button", name="Score 3 rows").click()
    page.get_by_role("tab", name="Rows").wait_for()
    settle(page)
    table = page.get_by_test_id("stDataFrame").last
    table.scroll_into_view_if_needed()
    headers = table.locator("[role=columnheader]")  # of the columns in view
    headers.first.wait_for(state="attached")
    shown = [name for name in headers.all_text_contents() if name.strip()]
    assert shown[:4] == ["row", "sentiment", "P(positive)", "review"]
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    delete(page)


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
    delete(page)
    page.locator("input[type=file]").wait_for(state="attached")


def test_a_job_is_found_again_after_a_refresh_and_can_be_stopped(address, new_page):
    page = open_at(new_page(), f"{address}/bulk")
    upload(page, 200_000)
    page.get_by_role("button", name="Score 200,000 rows").click()
    page.get_by_role("button", name="Stop (keep finished rows)").wait_for()
    page.reload()
    page.get_by_role("button", name="Stop (keep finished rows)").click()
    page.get_by_role("button", name="Resume").wait_for()
    delete(page)
    page.locator("input[type=file]").wait_for(state="attached")

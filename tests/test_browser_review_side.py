"""The parts next to the verdict in a real Chromium, with a model that is not the default one."""

from __future__ import annotations

import pandas as pd
import pytest

from dev.browser import settle, wait_until
from tests.test_browser import analyse, expand, mark_row, open_at, wait_for_text, wait_for_typed

pytestmark = pytest.mark.browser

ANALYSES = "Analyses of this session, newest first"


def exceptions(page) -> int:
    return page.locator("[data-testid=stException]").count()


def test_one_tick_and_a_press_open_an_analysis_at_the_top_with_its_own_model(address, new_page):
    page = open_at(new_page(), f"{address}/?run=other")
    analyse(page, "The film is good")
    analyse(page, "The film is bad")
    expand(page, "History (3)")
    mark_row(page, ANALYSES, 1)
    page.get_by_role("button", name="Open #2").click()
    settle(page)
    wait_until(page, "document.querySelector('[data-testid=stMain]').scrollTop === 0")
    wait_for_typed(page, "The film is good")
    wait_for_text(page, "The film is good")
    page.goto(f"{address}/?run=other")
    assert "run=other" in page.url


def test_two_ticks_compare_verdicts_and_words(address, new_page):
    page = open_at(new_page(390), address)
    analyse(page, "The film is good")
    expand(page, "History (2)")
    mark_row(page, ANALYSES, 0)
    page.get_by_text("Tick another one to compare.").wait_for()
    settle(page)
    mark_row(page, ANALYSES, 1)
    page.get_by_text("percentage points").wait_for()
    page.locator("[aria-label^='Words whose contributions differ most']").first.wait_for(state="attached")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert exceptions(page) == 0


def test_models_and_methods_are_side_by_side_and_the_page_keeps_its_choice(address, new_page):
    page = open_at(new_page(scheme="dark"), f"{address}/?run=other")
    analyse(page, "The film is not good, a bad bad film!")
    expand(page, "Compare models or methods")
    page.get_by_text("percentage points").wait_for()
    page.get_by_role("radio", name="Methods").or_(page.get_by_role("button", name="Methods")).first.click()
    page.get_by_text("strongest words are the same").wait_for()
    assert "run=other" in page.url
    assert exceptions(page) == 0


def test_the_arithmetic_fits_on_the_screen_and_marks_its_reliability(address, new_page):
    page = open_at(new_page(1400), address)
    analyse(page, "The film is not good, a bad bad film!")
    expand(page, "How the score adds up")
    page.get_by_text("Reliability of this explanation").wait_for()
    page.wait_for_timeout(1_000)
    part = page.locator("[data-testid=stExpander]").filter(has_text="How the score adds up").first
    assert part.bounding_box()["height"] <= 1_000


def test_an_answer_is_saved_as_a_labelled_file_and_undone(address, new_page, tmp_path):
    page = open_at(new_page(), f"{address}/?run=other")
    analyse(page, "The film is good")
    page.get_by_role("button", name="Incorrect").or_(page.get_by_role("radio", name="Incorrect")).first.click()
    page.get_by_text("Labelled").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="1 label (CSV)").click()
    assert download.value.suggested_filename == "sentiment-labels.csv"
    download.value.save_as(tmp_path / "labels.csv")
    saved = pd.read_csv(tmp_path / "labels.csv")
    assert saved["review"].tolist() == ["The film is good"]
    assert saved["sentiment"].isin(["positive", "negative"]).all()
    page.get_by_role("button", name="Undo").first.click()
    page.get_by_text("Labelled").wait_for(state="detached")


def test_a_shared_link_opens_the_same_example_model_and_settings(address, new_page):
    page = open_at(new_page(), f"{address}/?example=Mixed&run=other")
    page.get_by_text("Running probability").click()
    page.wait_for_url("**/*along=true*")
    page.get_by_role("button", name="Share").click()
    link = page.locator("[data-testid=stPopoverBody] code").first.inner_text().strip()
    assert link == f"{address}/?example=Mixed&run=other&along=true"
    page = open_at(new_page(), link)
    page.get_by_text("read · other").wait_for()
    assert "along=true" in page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_part_is_accessible_when_it_is_open(address, new_page, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = open_at(new_page(1400, scheme), address)
    analyse(page, "The film is not good, a bad bad film!")
    page.get_by_role("button", name="Correct", exact=True).or_(page.get_by_role("radio", name="Correct")).first.click()
    page.get_by_text("Labelled").wait_for()
    for label in ("How the score adds up", "Compare models or methods", "History (2)"):
        expand(page, label)
    page.wait_for_timeout(1_000)
    page.get_by_role("button", name="Share").click()
    page.wait_for_timeout(500)
    found = [
        f"{violation['id']} at {violation['nodes'][0]['target']}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert found == []

"""The parts next to the verdict in a real Chromium, with a model that is not the default one."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from dev.browser import settle, wait_until
from tests.browser_page import (
    MAX_TAB_HEIGHT,
    analyse,
    axe_findings,
    choose,
    exceptions,
    expand,
    open_at,
    page_width,
    select_row,
    wait_for_text,
    wait_for_typed,
)

pytestmark = pytest.mark.browser

ANALYSES = "Analyses of this session, newest first"


def test_an_analysis_of_the_history_is_opened_with_its_own_model_at_the_top(address, new_page):
    page = open_at(new_page(), f"{address}/?run=other")
    analyse(page, "The film is good")
    analyse(page, "The film is bad")
    expand(page, "History (3)")
    select_row(page, ANALYSES, 2)
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
    select_row(page, ANALYSES, 1)
    page.get_by_text("Tick another one to compare.").wait_for()
    settle(page)
    select_row(page, ANALYSES, 2)
    page.get_by_text("percentage points").wait_for()
    page.locator("[aria-label^='Words whose contributions differ most']").first.wait_for(state="attached")
    assert page_width(page) <= 390
    assert exceptions(page) == 0


def test_models_and_methods_are_compared_and_the_page_keeps_its_model(address, new_page):
    page = open_at(new_page(scheme="dark"), f"{address}/?run=other")
    analyse(page, "The film is not good, a bad bad film!")
    expand(page, "Compare models or methods")
    page.get_by_text("percentage points").wait_for()
    choose(page, "Methods")
    page.get_by_text("strongest words are the same").wait_for()
    assert "run=other" in page.url
    assert exceptions(page) == 0


def test_the_arithmetic_is_short_and_states_its_reliability(address, new_page):
    page = open_at(new_page(1400), address)
    analyse(page, "The film is not good, a bad bad film!")
    expand(page, "How the score adds up")
    page.get_by_text("Reliability of this explanation").wait_for()
    page.wait_for_timeout(1_000)  # until its chart is drawn
    part = page.locator("[data-testid=stExpander]").filter(has_text="How the score adds up").first
    assert part.bounding_box()["height"] <= MAX_TAB_HEIGHT


def test_feedback_is_downloaded_as_a_labelled_file_and_undone(address, new_page, tmp_path):
    page = open_at(new_page(), f"{address}/?run=other")
    analyse(page, "The film is good")
    choose(page, re.compile(r"\bNo$"))
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
def test_every_part_is_accessible_when_open(address, new_page, scheme):
    page = open_at(new_page(1400, scheme), address)
    analyse(page, "The film is not good, a bad bad film!")
    choose(page, "Yes")
    page.get_by_text("Labelled").wait_for()
    for label in ("How the score adds up", "Compare models or methods", "History (2)"):
        expand(page, label)
    page.wait_for_timeout(1_000)  # until the charts are drawn
    page.get_by_role("button", name="Share").click()
    page.wait_for_timeout(500)  # until the popover is opaque, for its contrast
    assert axe_findings(page) == []

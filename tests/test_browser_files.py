"""The pages Score a file and Training in a real Chromium, with committed models: every step and every tab."""

from __future__ import annotations

import csv
import re

import pytest

from dev.browser import settle
from dev.serving import serve
from tests.app_runs import unfinished_run
from tests.browser_page import (
    MAX_TAB_HEIGHT,
    axe_findings,
    click_until,
    committed_runs,
    exceptions,
    open_at,
    page_width,
    select_row,
    tab_height,
    upload,
)

pytestmark = pytest.mark.browser

TABS = ("Rows", "Summary", "Words", "Groups and time", "Evaluation", "Label", "Adapt")
RUNS = "The runs with their results; the selected ones are charted"


@pytest.fixture(scope="module")
def address(browser, tmp_path_factory):
    """The app over two committed runs and one in progress."""
    runs = committed_runs(tmp_path_factory.mktemp("runs"))
    unfinished_run(runs / "young")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SENTIMENT_JOBS", str(tmp_path_factory.mktemp("jobs")))
        with serve(runs, tmp_path_factory.mktemp("log") / "server.log") as address:
            yield address


def score_sample(page, address: str):
    open_at(page, f"{address}/bulk")
    page.get_by_role("button", name="Try a sample file").click()
    page.get_by_role("button", name="Score 50 rows").click()
    page.get_by_role("tab", name="Rows").wait_for()
    settle(page)
    return page


def chart_of(page, run: str):
    """The learning curves, with the metrics of a run in the training set among their last values."""
    return page.locator(f"[data-testid=stEChartsChart][aria-label*='{run} in train']")


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_the_sample_is_scored_and_every_tab_is_short_and_accessible(address, new_page, width, scheme):
    page = score_sample(new_page(width, scheme), address)
    for tab in TABS:
        page.get_by_role("tab", name=tab, exact=True).click()
        settle(page)
        page.wait_for_timeout(1_000)  # until its charts are drawn
        assert axe_findings(page) == [], tab
        assert page_width(page) <= width, tab
        assert width < 1400 or tab_height(page) <= MAX_TAB_HEIGHT, tab
        assert ("tab=" in page.url) is (tab != "Rows")
    page.reload()
    page.get_by_role("tab", name=TABS[-1], selected=True).wait_for()
    assert exceptions(page) == 0
    assert page.failed == []


def test_a_selected_row_is_explained_on_the_first_screen_and_all_rows_are_downloaded(address, new_page, tmp_path):
    page = score_sample(new_page(1400), address)
    select_row(page, "The scored rows", 2)
    title = page.get_by_text("Row 2", exact=True)
    title.wait_for()
    assert title.bounding_box()["y"] < 900
    page.locator(".review .text").filter(has_text="Painfully slow").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    download.value.save_as(tmp_path / "scored.csv")
    with (tmp_path / "scored.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 50
    assert {row["sentiment"] for row in rows} == {"positive", "negative", ""}
    assert download.value.suggested_filename == "sample-reviews-scored.csv"


def test_a_click_on_the_confusion_matrix_lists_its_rows(address, new_page):
    page = score_sample(new_page(1400), address)
    page.get_by_role("tab", name="Evaluation").click()
    settle(page)
    listed = page.get_by_text(re.compile(r"of 50 rows\. Select"))
    click_until(page, (0.55, 0.55), listed)
    assert page.get_by_role("tab", name="Rows", selected=True).count() == 1
    assert not listed.inner_text().startswith("50 of")
    page.get_by_role("tab", name="Evaluation").click()
    page.get_by_role("heading", name="Confusion matrix").wait_for()
    page.wait_for_timeout(2_000)  # in which the click might lead to the rows again
    assert page.get_by_role("tab", name="Evaluation", selected=True).count() == 1


def test_the_model_that_scored_a_file_is_named_and_stays_chosen(address, new_page):
    page = open_at(new_page(1400), f"{address}/bulk?run=lstm")
    upload(page, "own.csv", b"review\na wonderful film\na dreadful film\n")
    page.get_by_role("button", name="Score 2 rows").click()
    page.get_by_role("tab", name="Rows").wait_for()
    page.get_by_text("Model: lstm").wait_for()
    assert "run=lstm" in page.url
    select_row(page, "The scored rows", 1)
    page.get_by_role("button", name=re.compile("^Open in")).click()
    page.wait_for_url(re.compile(r"/\?.*run=lstm"))
    page.get_by_role("link", name="Score a file").click()
    page.get_by_role("button", name=re.compile("own.csv · lstm")).click()  # among the recent files
    page.get_by_role("tab", name="Rows").wait_for()
    settle(page)
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name=re.compile("^distilled")).click()
    page.get_by_text("Scored with lstm; the model in the sidebar is distilled.").wait_for()


def test_pasted_lines_are_scored(address, new_page):
    page = open_at(new_page(390), f"{address}/bulk")
    page.get_by_role("textbox", name="Or paste reviews").fill("A wonderful, wonderful film.\nA dreadful film; avoid.")
    page.wait_for_timeout(300)  # until the button is enabled for what was typed
    page.get_by_role("button", name="Use these reviews").click()
    page.get_by_role("button", name="Score 2 rows").wait_for()
    assert "wonderful" not in page.url


def test_runs_are_compared_by_selecting_rows_of_their_table(address, new_page):
    page = open_at(new_page(1400), f"{address}/training")
    chart_of(page, "distilled").wait_for()
    select_row(page, RUNS, 2)
    chart_of(page, "lstm").wait_for()
    assert re.search(r"runs=distilled&runs=lstm|runs=lstm&runs=distilled", page.url)
    page.get_by_role("switch", name="Show differences only").or_(
        page.get_by_text("Show differences only")
    ).first.wait_for()
    select_row(page, RUNS, 3)  # in progress
    chart_of(page, "young").wait_for()
    select_row(page, RUNS, 3)
    chart_of(page, "young").wait_for(state="detached")
    page.reload()
    chart_of(page, "lstm").wait_for()
    assert exceptions(page) == 0
    assert page.failed == []


def test_the_curves_are_those_of_the_model_in_the_sidebar(address, new_page):
    page = open_at(new_page(1400), f"{address}/training")
    chart_of(page, "distilled").wait_for()
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name=re.compile("^lstm")).click()
    chart_of(page, "lstm").wait_for()
    assert chart_of(page, "distilled").count() == 0

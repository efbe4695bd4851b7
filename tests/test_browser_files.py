"""The pages Score a file and Training in a real Chromium, with committed models: whole journeys, every tab."""

from __future__ import annotations

import csv
import re
import shutil

import pytest

from dev.browser import settle
from dev.serving import serve
from sentiment.artifacts import ROOT
from tests.app_runs import unfinished_run
from tests.test_browser_pages import WIDER

pytestmark = pytest.mark.browser

TABS = ("Rows", "Summary", "Words", "Groups and time", "Evaluation", "Label", "Adapt")
HIGHEST = 1_000  # pixels of a tab at a width of 1400
TAB_HEIGHT = "document.querySelector('[data-testid=stTabs] [role=tabpanel]:not([hidden])').scrollHeight"


@pytest.fixture(scope="module")
def address(browser, tmp_path_factory):
    """The app over two committed runs and one in progress."""
    runs = tmp_path_factory.mktemp("files") / "runs"
    for name in ("distilled", "lstm"):
        shutil.copytree(ROOT / name, runs / name)
    unfinished_run(runs / "young")
    (runs / "default").write_text("distilled")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SENTIMENT_JOBS", str(tmp_path_factory.mktemp("jobs")))
        with serve(runs, tmp_path_factory.mktemp("log") / "server.log") as address:
            yield address


def opened(page, address: str):
    page.goto(address)
    settle(page)
    return page


def score_sample(page, address: str):
    opened(page, f"{address}/bulk")
    page.get_by_role("button", name="Try a sample file").click()
    page.get_by_role("button", name="Score 50 rows").click()
    page.get_by_role("tab", name="Rows").wait_for()
    settle(page)
    return page


def select_row(page, alt: str, row: int) -> None:
    """Clicks the box before a row of a table, whose cells are drawn and not elements."""
    table = page.get_by_test_id("stDataFrame").filter(has=page.locator(f"[aria-label='{alt}']")).first
    table.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = table.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 35 * row + 17)


def grave_findings(page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [each["id"] for each in found if each["impact"] in ("moderate", "serious", "critical")]


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_the_sample_goes_through_the_steps_and_every_tab_is_low_and_accessible(address, new_page, width, scheme):
    page = score_sample(new_page(width, scheme), address)
    for tab in TABS:
        page.get_by_role("tab", name=tab, exact=True).click()
        settle(page)
        page.wait_for_timeout(1_000)
        assert grave_findings(page) == []
        assert page.evaluate(WIDER) <= width
        assert width < 1400 or page.evaluate(TAB_HEIGHT) <= HIGHEST
        assert ("tab=" in page.url) is (tab != "Rows")
    page.reload()
    page.get_by_role("tab", name=TABS[-1], selected=True).wait_for()
    assert page.locator("[data-testid=stException]").count() == 0
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
    chart = page.locator("[data-testid=stVegaLiteChart]").first
    listed = page.get_by_text(re.compile(r"of 50 rows\. Select"))
    for _ in range(6):  # a click that comes before the chart listens is lost
        box = chart.bounding_box()
        page.mouse.click(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.55)
        page.wait_for_timeout(3_000)
        if listed.count():
            break
    assert page.get_by_role("tab", name="Rows", selected=True).count() == 1
    assert not listed.inner_text().startswith("50 of")
    page.get_by_role("tab", name="Evaluation").click()
    page.get_by_role("heading", name="Confusion matrix").wait_for()  # and it can be opened again
    page.wait_for_timeout(2_000)
    assert page.get_by_role("tab", name="Evaluation", selected=True).count() == 1


def test_a_file_scored_by_another_model_than_the_default_names_it_and_the_chosen_one(address, new_page):
    page = opened(new_page(1400), f"{address}/bulk?run=lstm")
    content = b"review\na wonderful film\na dreadful film\n"
    page.locator("input[type=file]").set_input_files({"name": "own.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Score 2 rows").click()
    page.get_by_role("tab", name="Rows").wait_for()
    page.get_by_text("Model: lstm").wait_for()
    assert "run=lstm" in page.url
    select_row(page, "The scored rows", 1)
    page.get_by_role("button", name=re.compile("^Open on")).click()
    page.wait_for_url(re.compile(r"/\?.*run=lstm"))
    page.get_by_role("link", name="Score a file").click()
    page.get_by_role("button", name=re.compile("own.csv · lstm")).click()  # among the recent files
    page.get_by_role("tab", name="Rows").wait_for()
    settle(page)
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name=re.compile("^distilled")).click()
    page.get_by_text("Scored with lstm; the model in the sidebar is distilled.").wait_for()


def test_pasted_lines_are_scored(address, new_page):
    page = opened(new_page(390), f"{address}/bulk")
    page.get_by_role("textbox", name="Or paste reviews").fill("A wonderful, wonderful film.\nA dreadful film; avoid.")
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Use these reviews").click()
    page.get_by_role("button", name="Score 2 rows").wait_for()
    assert "wonderful" not in page.url


def test_runs_are_compared_by_selecting_rows_of_their_table(address, new_page):
    page = opened(new_page(1400), f"{address}/training")
    chart = page.locator("[data-testid=stEChartsChart][aria-label*='last values']")
    chart.wait_for()
    assert "distilled in train" in chart.get_attribute("aria-label")
    select_row(page, "The runs with their results; the selected ones are charted", 2)
    page.locator("[data-testid=stEChartsChart][aria-label*='lstm in train']").wait_for()
    assert re.search(r"runs=distilled&runs=lstm|runs=lstm&runs=distilled", page.url)
    page.get_by_role("switch", name="Show differences only").or_(
        page.get_by_text("Show differences only")
    ).first.wait_for()
    select_row(page, "The runs with their results; the selected ones are charted", 3)  # in progress
    page.get_by_text(re.compile("young")).first.wait_for()
    page.locator("[data-testid=stEChartsChart][aria-label*='young in train']").wait_for()
    select_row(page, "The runs with their results; the selected ones are charted", 3)
    page.locator("[data-testid=stEChartsChart][aria-label*='young in train']").wait_for(state="detached")
    page.reload()
    page.locator("[data-testid=stEChartsChart][aria-label*='lstm in train']").wait_for()
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.failed == []


def test_the_model_of_the_sidebar_is_the_one_whose_curves_are_charted(address, new_page):
    page = opened(new_page(1400), f"{address}/training")
    page.locator("[data-testid=stEChartsChart][aria-label*='distilled in train']").wait_for()
    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name=re.compile("^lstm")).click()
    page.locator("[data-testid=stEChartsChart][aria-label*='lstm in train']").wait_for()
    assert page.locator("[data-testid=stEChartsChart][aria-label*='distilled in']").count() == 0

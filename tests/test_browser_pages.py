"""The pages about a model in a real Chromium: nothing is too wide, cut off, covered, inaccessible or foreign."""

from __future__ import annotations

import json
import zipfile

import pytest

from dev.browser import settle, wait_until
from dev.serving import serve
from sentiment.app.evaluation import page as evaluation
from sentiment.artifacts import ROOT, open_run, write_json, write_manifest
from tests.app_runs import full_run
from tests.browser_page import (
    PAGE_WIDTH,
    axe_findings,
    click_until,
    committed_runs,
    foreign_requests,
    open_at,
    page_width,
)
from tests.test_model_card import METADATA

pytestmark = pytest.mark.browser

PAGES = ("model-card", "evaluation", "dataset", "training")
TABS = {
    "model-card": ("Summary", "Metrics", "Training", "Data and licence", "Files"),
    "dataset": ("Overview", "Words", "Quality", "Your data"),
}
HOSTILE = "![a](https://example.org/a.png) <img src=https://example.org/b.png> <script>window.hacked = 1</script>"
HEIGHT = "() => document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight"
EVALUATION_TABS = tuple(evaluation._TABS)
# The tables of which a part is hidden to the right
CUT_OFF = """() => [...document.querySelectorAll('.dvn-scroller, [data-testid=stTable]')]
  .filter(each => each.scrollWidth > each.clientWidth + 1)
  .map(each => each.closest('[aria-label]')?.ariaLabel || each.innerText.slice(0, 40))"""
# The headings behind the toolbar of a chart or table
COVERED = """() => {
  const texts = [...document.querySelectorAll('[data-testid=stHeading] :is(h1, h2, h3)')].map(heading => {
    const range = document.createRange();
    range.selectNodeContents(heading.querySelector('div, span') || heading);
    return [heading.innerText, range.getBoundingClientRect()];
  });
  const tools = [...document.querySelectorAll('[data-testid=stElementToolbar]')].map(each =>
    each.getBoundingClientRect());
  return texts.filter(([_, a]) => tools.some(b =>
    b.width && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)).map(([name]) => name);
}"""


@pytest.fixture(scope="module")
def address(browser, tmp_path_factory):
    """The app over two committed runs, and one with hostile metadata."""
    runs = committed_runs(tmp_path_factory.mktemp("runs"))
    run = full_run(runs / "hostile")
    data = {**METADATA["data"], "form": HOSTILE, "split": HOSTILE}
    write_json(run / "metadata.json", {**METADATA, "summary": HOSTILE, "commit": HOSTILE, "data": data})
    write_manifest(run)
    with serve(runs, tmp_path_factory.mktemp("log") / "server.log") as address:
        yield address


def open_drawn(page, address: str):
    """Opens an address; returns the page when its charts and tables are drawn."""
    open_at(page, address)
    wait_until(page, "!document.querySelector('[data-testid=stSkeleton]')")
    page.wait_for_timeout(1_500)  # no event says when charts are drawn
    return page


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_the_screen_and_is_accessible(address, new_page, name, width):
    page = open_drawn(new_page(width), f"{address}/{name}")
    assert page_width(page) <= width
    assert axe_findings(page, "empty-table-header") == []
    assert page.failed == []


@pytest.mark.parametrize("name", PAGES)
def test_on_a_wide_screen_no_table_is_cut_off_and_no_heading_is_covered(address, new_page, name):
    page = open_drawn(new_page(1400), f"{address}/{name}")
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(COVERED) == []


def test_hostile_metadata_of_a_run_loads_nothing(address, new_page):
    for tab in ("Training", "Data+and+licence"):
        page = open_drawn(new_page(), f"{address}/model-card?run=hostile&tab={tab}")
        page.get_by_text("window.hacked").first.wait_for()
        assert page.locator("[data-testid=stMain] :is(img, iframe, script)").count() == 0
        assert page.evaluate("window.hacked") is None
        assert foreign_requests(page, address) == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])
@pytest.mark.parametrize("name", TABS)
def test_every_tab_fits_the_screen_is_accessible_and_is_in_the_address(address, new_page, name, width, scheme):
    page = open_drawn(new_page(width, scheme), f"{address}/{name}?run=lstm")
    for tab in TABS[name][1:]:
        page.get_by_role("tab", name=tab).click()
        page.wait_for_url(f"**tab={tab.replace(' ', '+')}*")
        settle(page)
        assert page_width(page) <= width
        assert axe_findings(page) == [], tab
        if width == 1400:
            assert page.evaluate(HEIGHT) <= 1_400, tab
    assert "run=lstm" in page.url
    page.reload()
    page.get_by_role("tab", name=TABS[name][-1], selected=True).wait_for()


def test_the_summary_of_the_card_fits_the_first_screen_and_leads_to_the_data(address, new_page, tmp_path):
    page = open_drawn(new_page(1400), f"{address}/model-card")
    page.set_viewport_size({"width": 1400, "height": 900})
    assert page.get_by_role("button", name="Download model").bounding_box()["y"] < 860
    with page.expect_download() as download:
        page.get_by_role("button", name="Download model").click()
    download.value.save_as(tmp_path / "model.zip")
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        archive.extractall(tmp_path)
    assert open_run(tmp_path / "distilled").has("model.keras")
    page.get_by_role("tab", name="Data and licence").click()
    page.get_by_role("link", name="Class balance, lengths and words").click()
    page.wait_for_url("**/dataset*")
    page.get_by_role("tab", name="Overview", selected=True).wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tab", EVALUATION_TABS)
def test_every_tab_of_the_evaluation_is_short_narrow_and_accessible(address, new_page, tab, scheme):
    page = open_drawn(new_page(1400, scheme), f"{address}/evaluation?tab={tab}&compare=lstm")
    assert page.get_by_role("tab", selected=True).first.inner_text() == tab
    panel = page.locator("[data-testid=stTabs] [role=tabpanel]:not([hidden])").first
    assert panel.bounding_box()["height"] < 1_100
    assert page_width(page) <= 1_400
    assert page.evaluate(COVERED) == []
    assert axe_findings(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until(page, f"({PAGE_WIDTH})() <= 390")
    assert page.failed == []


def test_an_error_is_found_by_its_confusion_cell_and_explained_on_the_page(address, new_page):
    page = open_drawn(new_page(1400), f"{address}/evaluation")
    missed = json.loads((ROOT / "distilled" / "test.json").read_text(encoding="utf-8"))["test"]["confusion"]["fn"]
    listed = page.get_by_text(f"{missed:,} reviews, most confident errors first")
    click_until(page, (0.8, 0.3), listed)
    assert listed.bounding_box()["y"] < 900
    assert "verdicts=False+negatives" in page.url
    page.get_by_text("Example sentences", exact=True).click()
    page.get_by_text("Select one to explain it.").wait_for()
    settle(page)
    box = page.locator("[data-testid=stDataFrame]").first.bounding_box()
    for _ in range(6):  # on the first row's box; a click before the table listens is lost
        page.mouse.click(box["x"] + 17, box["y"] + 53)
        page.wait_for_timeout(2_000)
        if page.locator(".review .text").count():
            break
    text = page.locator(".review .text").first.inner_text()
    assert "Selected" in page.get_by_text("· true label").first.inner_text()
    page.get_by_role("button", name="Open in “Analyse a review”").click()
    page.wait_for_url(lambda url: "/evaluation" not in url)
    page.locator("[data-testid=stMain]").filter(has_text=text).first.wait_for()


def test_a_click_on_a_slice_lists_its_errors_and_keeps_them_listed(address, new_page):
    page = open_drawn(new_page(1400), f"{address}/evaluation?tab=Slices")
    listed = page.get_by_text("most confident errors first")
    click_until(page, (0.48, 0.05), listed)
    settle(page)
    assert "slice=" in page.url
    shown = listed.inner_text()
    page.get_by_role("tab", name="Overview").click()
    settle(page)
    page.get_by_role("tab", name="Errors").click()
    page.get_by_text(shown, exact=True).wait_for()


def test_two_models_are_compared_on_the_first_screen(address, new_page):
    page = open_drawn(new_page(1400), f"{address}/evaluation?compare=lstm")
    assert page.get_by_text("points more accurate than lstm").bounding_box()["y"] < 900

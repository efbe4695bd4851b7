"""The pages about a model in a real Chromium: what is too wide, cut off, covered, or loaded from elsewhere."""

from __future__ import annotations

import json
import shutil
import zipfile

import pytest

from dev.browser import settle, wait_until
from dev.serving import serve
from sentiment.app.evaluation import page as evaluation
from sentiment.artifacts import ROOT, open_run, write_json, write_manifest
from tests.app_runs import full_run
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
WIDER = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  return Math.max(main.scrollWidth, document.documentElement.scrollWidth);
}"""
CUT = """() => [...document.querySelectorAll('.dvn-scroller, [data-testid=stTable]')]
  .filter(each => each.scrollWidth > each.clientWidth + 1)
  .map(each => each.closest('[aria-label]')?.ariaLabel || each.innerText.slice(0, 40))"""
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
    """The app over two committed runs, and one whose record is anybody's."""
    runs = tmp_path_factory.mktemp("pages") / "runs"
    shutil.copytree(ROOT / "distilled", runs / "distilled")
    shutil.copytree(ROOT / "lstm", runs / "lstm")
    run = full_run(runs / "anybody")
    data = {**METADATA["data"], "form": HOSTILE, "split": HOSTILE}
    write_json(run / "metadata.json", {**METADATA, "summary": HOSTILE, "commit": HOSTILE, "data": data})
    write_manifest(run)
    (runs / "default").write_text("distilled")
    with serve(runs, tmp_path_factory.mktemp("log") / "server.log") as address:
        yield address


def opened(page, address: str):
    page.goto(address)
    settle(page)
    wait_until(page, "!document.querySelector('[data-testid=stSkeleton]')")
    page.wait_for_timeout(1_500)
    return page


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways_or_has_a_finding_of_axe(address, new_page, name, width):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(new_page(width), f"{address}/{name}")
    assert page.evaluate(WIDER) <= width
    grave = ("moderate", "serious", "critical")
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in grave or each["id"] == "empty-table-header"] == []
    assert page.failed == []


@pytest.mark.parametrize("name", PAGES)
def test_on_a_wide_screen_no_table_is_cut_off_and_no_heading_is_covered(address, new_page, name):
    page = opened(new_page(1400), f"{address}/{name}")
    assert page.evaluate(CUT) == []
    assert page.evaluate(COVERED) == []


def test_a_record_from_anywhere_loads_nothing(address, new_page):
    for tab in ("Training", "Data+and+licence"):
        page = opened(new_page(), f"{address}/model-card?run=anybody&tab={tab}")
        page.get_by_text("window.hacked").first.wait_for()
        assert page.locator("[data-testid=stMain] :is(img, iframe, script)").count() == 0
        assert page.evaluate("window.hacked") is None
        assert [url for url in page.requested if not url.startswith((address, "data:", "blob:"))] == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])
@pytest.mark.parametrize("name", TABS)
def test_every_tab_fits_has_no_finding_of_axe_and_is_in_the_address(address, new_page, name, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(new_page(width, scheme), f"{address}/{name}?run=lstm")
    for tab in TABS[name][1:]:
        page.get_by_role("tab", name=tab).click()
        page.wait_for_url(f"**tab={tab.replace(' ', '+')}*")
        settle(page)
        assert page.evaluate(WIDER) <= width
        found = Axe().run(page).response["violations"]
        assert [each["id"] for each in found if each["impact"] in ("moderate", "serious", "critical")] == [], tab
        if width == 1400:
            assert page.evaluate(HEIGHT) <= 1_400, tab
    assert "run=lstm" in page.url
    page.reload()
    page.get_by_role("tab", name=TABS[name][-1], selected=True).wait_for()


@pytest.mark.parametrize(("name", "tab"), [("evaluation", "Words"), ("model-card", "Files")])
def test_on_a_phone_the_tab_that_a_link_opens_is_in_view(address, new_page, name, tab):
    page = opened(new_page(390), f"{address}/{name}?tab={tab}")
    wait_until(
        page,
        "(({ left, right }) => left >= 0 && right <= 390)"
        "(document.querySelector('[data-testid=stMain] [role=tab][aria-selected=true]').getBoundingClientRect())",
    )
    page.get_by_role("tab", name=tab, selected=True).wait_for()


def test_the_summary_of_the_card_is_one_screen_and_leads_on(address, new_page, tmp_path):
    page = opened(new_page(1400), f"{address}/model-card")
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


def click_until(page, at, shown) -> None:
    """Clicks at a place of the first chart until something is shown; a click before the chart listens is lost."""
    chart = page.locator("[data-testid=stVegaLiteChart]").first
    for _ in range(6):
        box = chart.bounding_box() if chart.count() else None
        if shown.count() or box is None:  # another tab is being drawn
            break
        page.mouse.click(box["x"] + box["width"] * at[0], box["y"] + box["height"] * at[1])
        page.wait_for_timeout(3_000)
    shown.first.wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tab", EVALUATION_TABS)
def test_no_tab_of_the_evaluation_is_long_too_wide_or_has_a_finding_of_axe(address, new_page, tab, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(new_page(1400, scheme), f"{address}/evaluation?tab={tab}&compare=lstm")
    assert page.get_by_role("tab", selected=True).first.inner_text() == tab
    panel = page.locator("[data-testid=stTabs] [role=tabpanel]:not([hidden])").first
    assert panel.bounding_box()["height"] < 1_100
    assert page.evaluate(WIDER) <= 1_400
    assert page.evaluate(COVERED) == []
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("moderate", "serious", "critical")] == []
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until(page, f"({WIDER})() <= 390")
    assert page.failed == []


def test_an_error_of_a_cell_is_found_and_explained_on_the_page(address, new_page):
    page = opened(new_page(1400), f"{address}/evaluation")
    missed = json.loads((ROOT / "distilled" / "test.json").read_text(encoding="utf-8"))["test"]["confusion"]["fn"]
    listed = page.get_by_text(f"{missed:,} reviews, most confident errors first")
    click_until(page, (0.8, 0.3), listed)
    listed.wait_for()
    assert listed.bounding_box()["y"] < 900
    assert "verdicts=False+negatives" in page.url
    page.get_by_text("Example sentences", exact=True).click()
    page.get_by_text("Select one to explain it.").wait_for()
    settle(page)
    box = page.locator("[data-testid=stDataFrame]").first.bounding_box()
    for _ in range(6):
        page.mouse.click(box["x"] + 17, box["y"] + 53)
        page.wait_for_timeout(2_000)
        if page.locator(".review .text").count():
            break
    text = page.locator(".review .text").first.inner_text()
    assert "Selected" in page.get_by_text("· true label").first.inner_text()
    page.get_by_role("button", name="Open on the Analyse page").click()
    page.wait_for_url(lambda url: "/evaluation" not in url)
    page.locator("[data-testid=stMain]").filter(has_text=text).first.wait_for()


def test_a_slice_that_is_clicked_lists_its_errors_and_stays_chosen(address, new_page):
    page = opened(new_page(1400), f"{address}/evaluation?tab=Slices")
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
    page = opened(new_page(1400), f"{address}/evaluation?compare=lstm")
    assert page.get_by_text("points more accurate than lstm").bounding_box()["y"] < 900

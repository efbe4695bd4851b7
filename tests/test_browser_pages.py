"""The pages about a model in a real Chromium: what is too wide, cut off, covered, or loaded from elsewhere."""

from __future__ import annotations

import shutil

import pytest

from dev.screenshots import serve, settle
from sentiment.app.evaluation import page as evaluation
from sentiment.artifacts import ROOT, write_manifest
from tests.app_runs import full_run

pytestmark = pytest.mark.browser

PAGES = ("model-card", "evaluation", "dataset", "training")
TABS = tuple(evaluation._TABS)
CARD = """\
# Anybody's card ![a](https://example.org/a.png)

<img src="https://example.org/b.png"> <b>bold</b> <script>window.hacked = 1</script>

[![c](https://example.org/c.png)](https://example.org) ![d][ref] <https://example.org/e.png>

[ref]: https://example.org/d.png

|  | ![f](https://example.org/f.png) |
| --- | --- |
| <img src="https://example.org/g.png"> | ![h](https://example.org/h.png) |

$\\includegraphics{https://example.org/i.png}$ <iframe src="https://example.org"></iframe>
"""
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
    """The app over a committed run, and one whose model card is anybody's."""
    runs = tmp_path_factory.mktemp("pages") / "runs"
    shutil.copytree(ROOT / "distilled", runs / "distilled")
    shutil.copytree(ROOT / "lstm", runs / "lstm")
    run = full_run(runs / "anybody")
    (run / "README.md").write_text(CARD, encoding="utf-8")
    write_manifest(run)
    (runs / "default").write_text("distilled")
    with serve(runs, tmp_path_factory.mktemp("log") / "server.log") as address:
        yield address


def opened(page, address: str):
    page.goto(address)
    settle(page)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
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


def test_a_card_from_anywhere_loads_nothing(address, new_page):
    page = opened(new_page(), f"{address}/model-card?run=anybody")
    page.get_by_role("heading", name="Anybody's card").wait_for()
    assert page.locator("[data-testid=stMain] :is(img, iframe, script)").count() == 0
    assert page.evaluate("window.hacked") is None
    assert [url for url in page.requested if not url.startswith((address, "data:", "blob:"))] == []


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
@pytest.mark.parametrize("tab", TABS)
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
    page.wait_for_function(f"({WIDER})() <= 390")
    assert page.failed == []


def test_an_error_of_a_cell_is_found_and_explained_on_the_page(address, new_page):
    page = opened(new_page(1400), f"{address}/evaluation")
    listed = page.get_by_text("746 reviews, most confident errors first")
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

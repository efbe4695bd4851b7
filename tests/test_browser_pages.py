"""The pages about a model in a real Chromium: what is too wide, cut off, covered, or loaded from elsewhere."""

from __future__ import annotations

import shutil

import pytest

from dev.screenshots import serve, settle
from sentiment.artifacts import ROOT, write_manifest
from tests.app_runs import full_run

pytestmark = pytest.mark.browser

PAGES = ("model-card", "evaluation", "dataset", "training")
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


def test_a_click_on_a_cell_and_a_comparison_show_on_the_first_screen(address, new_page):
    page = opened(new_page(1400), f"{address}/evaluation")
    page.get_by_text("reviews in the list: wrong verdicts").wait_for()
    chart = page.locator("[data-testid=stVegaLiteChart]").first
    for _ in range(6):  # a click that comes before the chart listens is lost
        box = chart.bounding_box()
        page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.3)
        page.wait_for_timeout(3_000)
        if "verdicts=false+negatives" in page.url:
            break
    line = page.get_by_text("reviews in the list: false negatives")
    line.wait_for()
    assert line.bounding_box()["y"] < 900
    page.get_by_role("link", name="Show the list").click()
    page.wait_for_timeout(1_000)
    assert 0 <= page.get_by_role("heading", name="The reviews themselves").bounding_box()["y"] < 450
    opened(page, f"{address}/evaluation?compare=lstm")
    assert page.get_by_text("distilled is right").bounding_box()["y"] < 900

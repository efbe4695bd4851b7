"""Pages of the app in a real Chromium: opens them, uses them as a visitor does, and finds faults in them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from dev.browser import settle
from sentiment.artifacts import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PAGES = ("", "bulk", "training", "evaluation", "dataset", "model-card")
MAX_TAB_HEIGHT = 1_000  # pixels of a tab of results, at a width of 1400
PAGE_WIDTH = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  return Math.max(main.scrollWidth, document.documentElement.scrollWidth);
}"""

_GRAVE = ("moderate", "serious", "critical")
_ROW = 35  # pixels: the height of a table's header and of each row
_TAB_HEIGHT = "document.querySelector('[data-testid=stTabs] [role=tabpanel]:not([hidden])').scrollHeight"


def committed_runs(folder: Path) -> Path:
    """A folder with copies of two committed runs, ``distilled``, the default, and ``lstm``."""
    for name in ("distilled", "lstm"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "default").write_text("distilled")
    return folder


def open_at(page: Page, address: str) -> Page:
    """Opens an address; returns the page when it no longer moves."""
    page.goto(address)
    settle(page)
    return page


def follow(page: Page, link: str) -> None:
    """Goes to another page by its link in the sidebar."""
    page.get_by_role("link", name=link, exact=True).click(delay=100)  # as long as a finger takes
    page.get_by_role("heading", name=link).wait_for()


def choose(page: Page, option: str | re.Pattern[str]) -> None:
    """Chooses an option of a segmented control; it is a radio button, or a button where none must be chosen."""
    page.get_by_role("radio", name=option).or_(page.get_by_role("button", name=option)).first.click()


def expand(page: Page, label: str) -> None:
    """Opens an expander."""
    page.locator("[data-testid=stExpander] summary").filter(has_text=label).click()
    settle(page)


def select_row(page: Page, table: str, row: int) -> None:
    """Clicks the box before a row, counted from 1, of the table with this name; its cells are drawn, not elements."""
    found = page.get_by_test_id("stDataFrame").filter(has=page.locator(f"[aria-label='{table}']")).first
    found.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # until it no longer scrolls
    box = found.bounding_box()
    page.mouse.click(box["x"] + _ROW / 2, box["y"] + _ROW * (row + 0.5))


def click_until(page: Page, at: tuple[float, float], shown: Locator) -> None:
    """Clicks on the first chart until something is shown; a click before the chart listens is lost.

    Args:
        page: the page.
        at: the place in the chart, as shares of its width and its height.
        shown: what the click shows.
    """
    chart = page.locator("[data-testid=stVegaLiteChart]").first
    for _ in range(6):
        box = chart.bounding_box() if chart.count() else None
        if shown.count() or box is None:  # another tab is being drawn
            break
        page.mouse.click(box["x"] + box["width"] * at[0], box["y"] + box["height"] * at[1])
        page.wait_for_timeout(3_000)
    shown.first.wait_for()


# The page Analyse a review


def editor(page: Page) -> Locator:
    """The box in which a review is typed."""
    return page.get_by_role("textbox", name="Your review")


def submit(page: Page, text: str) -> None:
    """Replaces the text in the box, and asks for its analysis."""
    editor(page).fill(text)
    editor(page).press("Control+Enter")


def analyse(page: Page, text: str) -> None:
    """Analyses a text, and waits until all results are shown; the text's own are shown before those below it."""
    submit(page, text)
    wait_for_text(page, text)
    settle(page)


def wait_for_text(page: Page, text: str) -> None:
    """Waits until the coloured layer shows exactly this text, and the verdict is that of this text."""
    from playwright.sync_api import expect

    shown = page.locator(".sheet .text:not(.old)")
    expect(shown).to_have_text(re.compile(f"^{re.escape(text)}\u200b?$"), timeout=20_000)
    page.locator(".card:not(.old)").wait_for()


def wait_for_typed(page: Page, text: str) -> None:
    """Waits until the box has exactly this text."""
    from playwright.sync_api import expect

    expect(editor(page)).to_have_value(text, timeout=20_000)


# The page Score a file


def upload(page: Page, name: str, content: bytes) -> None:
    """Uploads a CSV file."""
    page.locator("input[type=file]").first.set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})


def upload_rows(page: Page, rows: int) -> None:
    """Uploads a file of so many reviews, and waits until it can be scored."""
    upload(page, "reviews.csv", b"review\n" + b"the film is good\n" * rows)
    page.get_by_role("button", name=f"Score {rows:,} rows").wait_for()
    settle(page)


# Faults of a page


def exceptions(page: Page) -> int:
    """The number of errors of the program that the page shows."""
    return page.locator("[data-testid=stException]").count()


def axe_findings(page: Page, *minor_rules: str) -> list[str]:
    """What axe finds inaccessible on the page, with minor findings only for the rules named."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    grave = [each for each in found if each["impact"] in _GRAVE or each["id"] in minor_rules]
    return [f"{each['id']} at {each['nodes'][0]['target']}" for each in grave]


def foreign_requests(page: Page, address: str) -> list[str]:
    """The requests of the page to other servers than the app's."""
    return [url for url in page.requested if not url.startswith((address, "data:", "blob:"))]


def page_width(page: Page) -> int:
    """The width of the page with all that it must be scrolled sideways to see, in pixels."""
    return page.evaluate(PAGE_WIDTH)


def tab_height(page: Page) -> int:
    """The height of the open tab with all that it must be scrolled down to see, in pixels."""
    return page.evaluate(_TAB_HEIGHT)

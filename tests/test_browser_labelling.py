"""A file is labelled by keys in a real Chromium; its owner downloads the labels and an adapted model."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from zipfile import ZipFile

import pytest

from dev.browser import settle
from tests.browser_page import MAX_TAB_HEIGHT, axe_findings, follow, open_at, page_width, tab_height

pytestmark = pytest.mark.browser

GUIDE = Path(__file__).parent.parent / "docs" / "teach.md"
WORDS = ("good", "great", "dull", "bad")
REVIEWS = [f"the film is {WORDS[i % 4]} {WORDS[i // 4 % 4]} , number {i}" for i in range(160)]
POSITIVE = re.compile(r"is (good|great)")


def write_reviews(folder: Path) -> Path:
    """Writes the file to be labelled."""
    file = folder / "comments.csv"
    file.write_text("review\n" + "".join(f'"{review}"\n' for review in REVIEWS))
    return file


def open_label_tab(page, address: str, tmp_path: Path):
    """Uploads and scores the file; returns the page with the tab Label."""
    open_at(page, f"{address}/bulk")
    page.locator("input[type=file]").first.set_input_files(write_reviews(tmp_path))
    page.get_by_role("button", name="Score 160 rows").click()
    page.get_by_role("tab", name="Label", exact=True).click()
    page.locator(".review .text").wait_for()
    settle(page)
    return page


def row_text(page) -> str:
    """The text of the row to be labelled."""
    return page.locator(".review .text").inner_text()


def press(page, key: str) -> None:
    """Presses a key, and waits up to ten seconds for the next row."""
    before = row_text(page)
    page.keyboard.press(key)
    for _ in range(500):
        if row_text(page) != before:
            break
        page.wait_for_timeout(20)
    assert row_text(page) != before
    settle(page)


def label(page, n: int) -> None:
    """Labels rows by keys, each as its first opinion says."""
    for _ in range(n):
        press(page, "ArrowRight" if POSITIVE.search(row_text(page)) else "ArrowLeft")


def test_eighty_labels_by_keys_give_a_model_to_use_and_to_download(address, new_page, tmp_path):
    page = open_label_tab(new_page(1400), address, tmp_path)
    label(page, 3)
    press(page, "Space")
    press(page, "Backspace")
    label(page, 2)
    fifth = row_text(page)
    page.reload()
    page.locator(".review .text").wait_for()
    settle(page)
    assert row_text(page) == fifth
    label(page, 76)
    page.get_by_text("The model is least sure of this row").wait_for()
    assert tab_height(page) <= MAX_TAB_HEIGHT
    assert axe_findings(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Download labels").click()
    download.value.save_as(tmp_path / "labels.csv")
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 81
    assert all((row["label"] == "positive") == bool(POSITIVE.search(row["text"])) for row in rows)
    page.get_by_role("button", name="Adapt").click()
    page.get_by_text("Accuracy after").wait_for()
    settle(page)
    assert tab_height(page) <= MAX_TAB_HEIGHT
    assert axe_findings(page) == []
    page.get_by_role("button", name="Make this model").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download this model").click()
    with ZipFile(download.value.path()) as archive:
        assert {name.split("/")[1] for name in archive.namelist()} >= {"model.onnx", "README.md", "manifest.json"}
    page.get_by_role("button", name="Use it").click()
    page.get_by_role("button", name="Score again with tiny-adapted-81-").wait_for()
    follow(page, "Analyse a review")
    settle(page)
    assert "tiny-adapted-81-" in page.locator("[data-testid=stSidebar] [data-testid=stSelectbox]").inner_html()
    assert "adapted" not in page.url
    assert page.failed == []


def test_the_six_clicks_of_the_docs_lead_to_a_model_in_use(address, new_page, tmp_path):
    names = re.findall(r"^\d\. \*\*(.+?)\*\*", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(names) == 6
    page = open_at(new_page(1400), f"{address}/bulk")
    page.locator("input[type=file]").first.set_input_files(write_reviews(tmp_path))
    for name in names:
        role = "tab" if name in ("Label", "Adapt") else "button"
        page.get_by_role(role, name=name.replace("N rows", "160 rows"), exact=role == "tab").click()
        if name == "Label":
            page.locator(".review .text").wait_for()
            settle(page)
            label(page, 60)
    page.get_by_role("button", name="Score again with tiny-adapted-60-").wait_for()


def test_keys_belong_to_the_part_of_the_page_that_has_the_focus(address, new_page, tmp_path):
    page = open_label_tab(new_page(1400), address, tmp_path)
    first = row_text(page)
    page.get_by_role("tab", name="Adapt", exact=True).focus()
    page.keyboard.press("ArrowLeft")  # to the tab Label, by keyboard
    page.locator(".review .text").wait_for()
    settle(page)
    page.keyboard.press("ArrowLeft")  # to the tab Words
    page.get_by_role("tab", name="Words", exact=True, selected=True).wait_for()
    page.get_by_role("tab", name="Label", exact=True).click()
    page.locator(".review .text").wait_for()
    settle(page)
    assert row_text(page) == first
    page.locator(".review .text").focus()
    page.keyboard.press("ArrowRight")  # to the first word
    page.get_by_text(re.compile("^the: ")).wait_for()
    assert row_text(page) == first
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Negative").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.keyboard.press(" ")  # presses the button instead of skipping the row
    page.get_by_text("Random row 2 of 40").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_a_row_is_labelled_without_scrolling_sideways(address, new_page, tmp_path, scheme):
    page = open_label_tab(new_page(390, scheme), address, tmp_path)
    page.get_by_role("button", name="Positive").click()
    page.get_by_text("Random row 2 of 40").wait_for()
    assert page_width(page) <= 390
    assert axe_findings(page) == []

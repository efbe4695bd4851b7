"""The page Score a file in a real Chromium: a job survives reloads and leads to its rows."""

from __future__ import annotations

import re

import pytest

from dev.browser import settle
from tests.browser_page import (
    exceptions,
    follow,
    open_at,
    page_width,
    select_row,
    upload,
    upload_rows,
    wait_for_typed,
)

pytestmark = pytest.mark.browser


def delete(page) -> None:
    """Deletes the job, which one click alone does not, and waits for the page of uploads."""
    address = page.url
    page.get_by_role("button", name="Delete", exact=False).click()
    page.get_by_text("This cannot be undone").wait_for()
    assert page.url == address
    page.get_by_role("button", name="Delete now").click()
    page.locator("input[type=file]").wait_for(state="attached")


def test_an_upload_comes_back_scored_and_survives_a_reload_and_a_visit_elsewhere(address, new_page, tmp_path):
    page = open_at(new_page(), f"{address}/bulk")
    upload_rows(page, 3)
    page.get_by_role("link", name="Dataset").click()
    page.wait_for_url("**/dataset*")
    settle(page)
    page.go_back()
    page.get_by_role("button", name="Score 3 rows").click()
    page.get_by_role("button", name="Download").first.wait_for()
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").first.click()
    download.value.save_as(tmp_path / "scored.csv")
    assert len((tmp_path / "scored.csv").read_text(encoding="utf-8").splitlines()) == 4
    delete(page)


def test_a_job_is_found_again_after_a_reload_and_can_be_stopped(address, new_page):
    page = open_at(new_page(), f"{address}/bulk")
    upload_rows(page, 200_000)
    page.get_by_role("button", name="Score 200,000 rows").click()
    page.get_by_role("button", name="Stop (keep finished rows)").wait_for()
    page.reload()
    page.get_by_role("button", name="Stop (keep finished rows)").click()
    page.get_by_role("button", name="Resume").wait_for()
    delete(page)


def test_a_phone_shows_the_verdict_before_the_text(address, new_page):
    page = open_at(new_page(390), f"{address}/bulk")
    upload_rows(page, 3)
    page.get_by_role("button", name="Score 3 rows").click()
    page.get_by_role("tab", name="Rows").wait_for()
    settle(page)
    table = page.get_by_test_id("stDataFrame").last
    table.scroll_into_view_if_needed()
    headers = table.locator("[role=columnheader]")  # of the columns in view
    headers.first.wait_for(state="attached")
    shown = [name for name in headers.all_text_contents() if name.strip()]
    assert shown[:4] == ["row", "sentiment", "P(positive)", "review"]
    assert page_width(page) <= 390
    delete(page)


def test_a_row_of_a_file_is_opened_on_the_review_page_with_the_chosen_model(address, new_page):
    page = open_at(new_page(), f"{address}/bulk?run=other")
    upload_rows(page, 3)
    page.get_by_role("button", name="Score 3 rows").click()
    page.get_by_role("button", name="Download").first.wait_for()
    settle(page)
    select_row(page, "The scored rows", 1)
    page.get_by_role("button", name="Open in “Analyse a review”").click()
    page.get_by_role("heading", name="Analyse a review").wait_for()
    settle(page)
    assert exceptions(page) == 0
    wait_for_typed(page, "the film is good")
    page.get_by_text("read · other").wait_for()
    assert "run=other" in page.url
    follow(page, "Score a file")
    settle(page)
    assert "run=other" in page.url


def test_a_file_name_that_is_an_address_becomes_no_link(address, new_page):
    page = open_at(new_page(), f"{address}/bulk")
    for name in ("www.evil.example.csv", "user@evil.example.csv"):
        upload(page, name, b"review\nthe film is good\n")
        page.get_by_role("heading", name=re.compile("evil")).wait_for()
        settle(page)
        assert page.locator("[data-testid=stMain] a[href*=evil]:not([href^='#'])").count() == 0
        page.get_by_role("button", name="New file").click()
        page.locator("input[type=file]").wait_for(state="attached")

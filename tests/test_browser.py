"""Every page of the served app in a real Chromium: without errors, accessible, titled, and asking no other origin."""

from __future__ import annotations

import re

import pytest

from dev.browser import settle, wait_until
from dev.serving import serve
from sentiment.app.shared import navigation
from tests.browser_page import PAGES, axe_findings, exceptions, foreign_requests, open_at, page_width

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_is_accessible_and_asks_no_other_origin(address, new_page, width, scheme):
    page = new_page(width, scheme)
    for name in PAGES:
        open_at(page, f"{address}/{name}")
        assert exceptions(page) == 0, name
        assert axe_findings(page) == [], name
        assert page_width(page) <= width, name
    assert foreign_requests(page, address) == []
    assert page.failed == []


def test_every_page_has_its_own_title(address, new_page):
    page = new_page()
    for entry in navigation.ENTRIES:
        open_at(page, f"{address}/{navigation._url_path(entry)}")
        wait_until(page, "title => document.title === title", arg=f"{entry.title} – Sentiment")


@pytest.mark.parametrize(
    ("path", "leads_to", "title"),
    [
        ("Review?run=other", "/?run=other", "Analyse a review – Sentiment"),
        ("model_card", "/model-card", "Model card – Sentiment"),
        ("batch", "/bulk", "Score a file – Sentiment"),
    ],
)
def test_an_address_in_another_spelling_leads_to_the_page(address, new_page, path, leads_to, title):
    page = new_page()
    page.goto(f"{address}/{path}")
    page.wait_for_url(f"{address}{leads_to}")
    settle(page)
    wait_until(page, "title => document.title === title", arg=title)
    assert page.get_by_text("Page not found").count() == 0


def test_an_error_shows_no_link_to_another_site(browser, new_page, tmp_path):
    script = tmp_path / "fails.py"
    script.write_text("import streamlit as st\nst.title('It fails')\nraise ValueError('secret')\n", encoding="utf-8")
    with serve(tmp_path, tmp_path / "log", script=script) as address:
        page = open_at(new_page(), address)
        page.locator("[data-testid=stException]").wait_for()
        assert "encountered an error" in page.inner_text("[data-testid=stException]")
        assert page.get_by_text(re.compile("Ask (Google|ChatGPT)")).count() == 0
        assert "secret" not in page.content()

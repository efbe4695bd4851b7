"""Ways through the app in a real Chromium: Back and Forward, links and tabs, and what the address and the box keep."""

from __future__ import annotations

import re

import pytest

from dev.browser import settle
from sentiment.app.shared.examples import EXAMPLES
from tests.browser_page import analyse, choose, editor, exceptions, follow, open_at, wait_for_text, wait_for_typed

pytestmark = pytest.mark.browser


# Examples and pages


def test_back_leads_through_the_chosen_examples(address, new_page):
    page = open_at(new_page(), address)
    for name in ("Scathing", "Mixed"):
        choose(page, name)
        page.wait_for_url(f"**/*example={name}*")
        settle(page)
    page.go_back()
    wait_for_typed(page, EXAMPLES["Scathing"])
    wait_for_text(page, EXAMPLES["Scathing"])
    page.go_back()
    wait_for_typed(page, EXAMPLES["Glowing"])
    page.go_forward()
    wait_for_typed(page, EXAMPLES["Scathing"])
    choose(page, "Scathing")
    settle(page)
    assert "example=Scathing" in page.url
    wait_for_typed(page, EXAMPLES["Scathing"])


def test_back_and_forward_go_from_page_to_page_and_keep_the_example(address, new_page):
    page = open_at(new_page(), address)
    choose(page, "Scathing")
    page.wait_for_url("**/*example=Scathing*")
    settle(page)
    wait_for_typed(page, EXAMPLES["Scathing"])
    follow(page, "Training")
    page.go_back()
    page.get_by_role("heading", name="Analyse a review").wait_for()
    settle(page)
    wait_for_typed(page, EXAMPLES["Scathing"])
    page.go_forward()
    page.get_by_role("heading", name="Training").wait_for()


def test_back_leads_to_the_tab_that_was_open(address, new_page):
    def expect_tab(name: str) -> None:
        page.get_by_role("tab", name=name, exact=True, selected=True).wait_for()

    page = open_at(new_page(), f"{address}/evaluation?tab=Words")
    expect_tab("Words")
    for name, first_tab in (("Model card", "Summary"), ("Dataset", "Overview")):
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_url(re.compile(f"/{name.lower().replace(' ', '-')}$"))  # the address names no tab
        expect_tab(first_tab)
    page.get_by_role("tab", name="Quality").click()
    page.wait_for_url("**/dataset?tab=Quality")
    page.go_back()
    expect_tab("Overview")
    page.go_back()
    expect_tab("Summary")
    page.go_back()
    page.wait_for_url("**/evaluation?tab=Words")
    expect_tab("Words")
    page.go_forward()
    expect_tab("Summary")
    assert exceptions(page) == 0
    assert page.failed == []


def test_the_wordmark_leads_home_and_keeps_the_model(address, new_page):
    page = open_at(new_page(), f"{address}/evaluation?run=other")
    page.get_by_test_id("stSidebarHeader").get_by_test_id("stLogoLink").click()
    page.get_by_role("heading", name="Analyse a review").wait_for()
    settle(page)
    assert exceptions(page) == 0
    assert "run=other" in page.url


def test_a_link_keeps_the_settings_of_the_page(address, new_page):
    page = open_at(new_page(), f"{address}/evaluation?threshold=0.8&verdicts=everything&run=other")
    page.get_by_text("model: other").wait_for()
    page.get_by_text("400 reviews, most confident errors first").wait_for()


# The user's text


def test_back_keeps_the_users_text(address, new_page):
    page = open_at(new_page(), address)
    analyse(page, "the film is bad")
    follow(page, "Training")
    page.go_back()
    page.get_by_role("heading", name="Analyse a review").wait_for()
    settle(page)
    wait_for_typed(page, "the film is bad")


def test_an_analysed_text_survives_a_visit_to_another_page(address, new_page):
    page = open_at(new_page(), address)
    analyse(page, "a dull film")
    follow(page, "Training")
    follow(page, "Analyse a review")
    settle(page)
    wait_for_typed(page, "a dull film")
    wait_for_text(page, "a dull film")


def test_a_text_typed_just_before_leaving_survives_a_visit_to_another_page(address, new_page):
    page = open_at(new_page(), f"{address}/?example=Glowing")
    editor(page).fill("half a thou")
    follow(page, "Training")
    follow(page, "Analyse a review")
    settle(page)
    wait_for_typed(page, "half a thou")
    wait_for_text(page, "half a thou")

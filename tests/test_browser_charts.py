"""The pages Training, Evaluation and Dataset in a real Chromium: curves, filtered reviews, and a user's file."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from dev.browser import settle, wait_until
from dev.serving import serve
from sentiment.artifacts import write_manifest
from sentiment.dataset import fingerprint
from tests.app_runs import predictions
from tests.browser_page import editor, exceptions, open_at, select_row, wait_for_text
from tests.tiny import tiny_run

pytestmark = pytest.mark.browser


def test_pointing_at_the_curves_shows_every_run_in_every_panel(address, new_page):
    page = open_at(new_page(), f"{address}/training?runs=tiny&runs=other&grain=step&smoothing=0.5")
    chart = page.get_by_test_id("stEChartsChart")
    chart.locator("canvas").first.wait_for()
    chart.scroll_into_view_if_needed()
    page.wait_for_timeout(2_000)  # until the chart listens to the mouse
    box = chart.bounding_box()
    for shift in (0, 3, 6):
        page.mouse.move(box["x"] + box["width"] / 4 + shift, box["y"] + box["height"] / 2)
    chart.locator("div").filter(has_text=re.compile("at epoch")).last.wait_for()
    shown = chart.inner_text()
    for line in ("tiny, train", "tiny, validation", "other, train", "other, validation"):
        assert f"{line}, smoothed" in shown
    for panel in ("Loss", "Accuracy", "Learning rate"):
        assert re.search(f"{panel}.* at epoch", shown)
    assert page.failed == []


def test_a_training_in_progress_is_followed(address, new_page, served_runs):
    steps = served_runs / "young" / "steps.csv"
    steps.touch()  # a run counts as in progress only while its files change
    page = open_at(new_page(), f"{address}/training?runs=young&grain=step")
    page.get_by_text("young is training").wait_for()
    chart = page.locator("[data-testid=stEChartsChart][aria-label*='last values']").first
    before = chart.get_attribute("aria-label")
    with steps.open("a", encoding="utf-8") as file:
        file.write("23,0.9,0.001,160.0\n52,3,0.9,0.9,0.001,170.0\n")
    wait_until(page, "before => !document.body.innerHTML.includes(before)", arg=before, seconds=20)


def test_a_review_listed_by_a_filter_is_opened_on_the_review_page(browser, new_page, tmp_path, monkeypatch):
    reviews = [f"review number {i}, a {'good' if i % 2 else 'bad'} film" for i in range(120)]
    data = pd.DataFrame({"review": reviews, "sentiment": ["positive", "negative"] * 60})
    data.to_csv(tmp_path / "reviews.csv", index=False)
    run = tiny_run(tmp_path / "runs" / "tiny")
    tested = predictions(("test",), n=120).assign(fingerprint=[fingerprint(text) for text in reviews])
    tested.to_parquet(run / "test_predictions.parquet")
    write_manifest(run)
    (tmp_path / "runs" / "default").write_text("tiny", encoding="utf-8")
    monkeypatch.setenv("SENTIMENT_DATA", str(tmp_path / "reviews.csv"))
    monkeypatch.setenv("SENTIMENT_JOBS", str(tmp_path / "jobs"))
    with serve(tmp_path / "runs", tmp_path / "log") as address:
        page = open_at(new_page(), f"{address}/evaluation?verdicts=false+positives&threshold=0.4")
        page.get_by_text("reviews, most confident errors first").wait_for()
        settle(page)
        select_row(page, "Reviews: most confident errors first", 1)
        page.get_by_role("button", name="Open in “Analyse a review”").click()
        page.get_by_role("heading", name="Analyse a review").wait_for()
        settle(page)
        assert exceptions(page) == 0
        text = editor(page).input_value()
        assert text in reviews
        wait_for_text(page, text)


def test_a_users_file_is_described_and_its_words_are_found(address, new_page, tmp_path):
    mine = tmp_path / "mine.csv"
    rows = [f"film number{i} is {'splendid' if i % 2 else 'dreadful'},{i % 2}" for i in range(60)]
    mine.write_text("\n".join(["review,sentiment", *rows]), encoding="utf-8")
    page = open_at(new_page(), f"{address}/dataset?tab=Your+data&word=splendid")
    page.locator("input[type=file]").set_input_files(mine)
    page.get_by_text("mine.csv").first.wait_for()
    page.get_by_role("button", name="Analyse").click()
    page.get_by_text("Showing mine.csv").wait_for()
    page.get_by_role("tab", name="Words").click()
    page.get_by_text("times in positive, 0 in negative training reviews").wait_for()

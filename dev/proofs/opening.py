"""Measures how soon the app shows a verdict after it is opened, in Chromium.

The page is opened with its example: from starting the server, and on a warm server with an empty and a filled browser
cache. The baseline is a Streamlit page with nothing but a heading.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dev.browser import launch
from dev.serving import APP, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

WARM, COLD = 1.5, 3.0  # the longest median seconds to a verdict: on a warm server, from the start of the server

_VERDICT = ".card h2"  # selector of the verdict, in a component
_HEADING = "h1"
_BLANK = "import streamlit as st\nst.title('A page')\n"


def opening_times(runs: Path, chromium: Path, starts: int, visits: int) -> dict[str, Any]:
    """Measures the app and an empty page.

    Args:
        runs: the folder of runs to serve.
        chromium: the browser.
        starts: number of server starts.
        visits: visitors for each start, two visits each.
    """
    from playwright.sync_api import sync_playwright  # here, because the page does without

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        blank = Path(folder) / "blank.py"
        blank.write_text(_BLANK, encoding="utf-8")
        browser = launch(playwright, chromium)
        browser.new_page().goto("about:blank")  # so that the start of the browser is not measured
        found: dict[str, Any] = {
            name: _measure(browser, script, selector, runs, starts, visits)
            for name, script, selector in (("app", APP, _VERDICT), ("blank", blank, _HEADING))
        }
        browser.close()
    app = {name: statistics.median(seconds) for name, seconds in found["app"].items()}
    return {**found, "holds": max(app["first"], app["again"]) < WARM and app["start"] < COLD}


def _measure(
    browser: Browser, script: Path, selector: str, runs: Path, starts: int, visits: int
) -> dict[str, list[float]]:
    """Measures seconds until ``selector`` is visible: from the start of the server, on a first and a second visit."""
    seconds: dict[str, list[float]] = {"start": [], "first": [], "again": []}
    for _ in range(starts):
        began = time.perf_counter()
        with serve(runs, Path(os.devnull), script=script) as address:
            with _visitor(browser) as context:
                _open(context, address, selector)
                seconds["start"].append(time.perf_counter() - began)
            for _ in range(visits):
                with _visitor(browser) as context:
                    for visit in ("first", "again"):
                        began_visit = time.perf_counter()
                        _open(context, address, selector)
                        seconds[visit].append(time.perf_counter() - began_visit)
    return seconds


@contextmanager
def _visitor(browser: Browser) -> Iterator[BrowserContext]:
    """Provides a visitor with an empty browser cache."""
    context = browser.new_context()
    yield context
    context.close()


def _open(context: BrowserContext, address: str, selector: str) -> None:
    page = context.new_page()
    page.goto(address, wait_until="commit")
    page.locator(selector).first.wait_for()
    page.close()

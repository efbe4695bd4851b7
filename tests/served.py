"""The served app and the browser that tests share; each is started at most once in a session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from dev.browser import CHROMIUM, launch
from dev.serving import serve
from tests.app_runs import all_runs

_REPORT = "addEventListener('securitypolicyviolation', e => refused(`${e.effectiveDirective} ${e.blockedURI}`))"
_TOOLS = ("playwright", "axe_playwright_python")


def need(found: object, what: str) -> None:
    """Skips a test if a tool was not found; fails it if ``SENTIMENT_REQUIRE_TOOLS`` is 1, as in CI."""
    if not found:
        if os.environ.get("SENTIMENT_REQUIRE_TOOLS") == "1":
            pytest.fail(f"{what} is not installed")
        pytest.skip(f"{what} is not installed")


@pytest.fixture(scope="session")
def served_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of the served app."""
    return all_runs(tmp_path_factory.mktemp("served") / "runs")


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with all that the served app writes to its terminal."""
    return tmp_path_factory.mktemp("log") / "server.log"


@pytest.fixture(scope="session")
def address(served_runs: Path, log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the served app."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SENTIMENT_JOBS", str(tmp_path_factory.mktemp("jobs")))
        with serve(served_runs, log) as address:
            yield address


@pytest.fixture(scope="session")
def browser():
    """A Chromium without a window."""
    need(CHROMIUM.is_file(), f"Chromium, at {CHROMIUM},")
    for name in _TOOLS:
        need(find_spec(name), name)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser):
    """Opens pages that record their requests, their errors, and what the Content-Security-Policy blocked.

    The test fails if the policy blocked anything on one of its pages.
    """
    contexts, pages = [], []

    def new(width: int = 1280, scheme: str = "light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.requested, page.failed, page.refused = [], [], []
        page.expose_function("refused", lambda what, page=page: page.refused.append(what))
        page.add_init_script(_REPORT)
        pages.append(page)
        page.on("request", lambda request: page.requested.append(request.url))
        page.on("pageerror", lambda error: page.failed.append(str(error)))
        return page

    yield new
    for context in contexts:
        context.close()
    assert [what for page in pages for what in page.refused] == []

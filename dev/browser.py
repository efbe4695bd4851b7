"""Chromium for proofs, screenshots and tests: starts it, and waits for a page."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

CHROMIUM = Path("/usr/bin/chromium")

_POLL = 100  # milliseconds between two evaluations of an expression


def launch(playwright: Playwright, chromium: Path = CHROMIUM) -> Browser:
    """Starts Chromium without a window."""
    return playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])


def wait_until(page: Page, expression: str, arg: object = None, seconds: float = 60) -> None:
    """Waits until a JavaScript expression, or a function of ``arg``, is true; ``wait_for_function`` needs ``eval``.

    Raises:
        TimeoutError: it did not become true.
    """
    end = time.monotonic() + seconds
    while not page.evaluate(expression, arg):
        if time.monotonic() > end:
            raise TimeoutError(expression)
        page.wait_for_timeout(_POLL)


def settle(page: Page, pause: int = 500) -> None:
    """Waits until the page's script has ended, and then ``pause`` milliseconds for the page to stop moving."""
    page.locator("h1").first.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(pause)

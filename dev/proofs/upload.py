"""Proves that the largest upload does not stay in the server's memory, in Chromium."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dev.browser import launch, settle
from dev.proofs.generated_reviews import reviews
from dev.serving import serve_alone
from dev.system import process_of, resident_megabytes

if TYPE_CHECKING:
    from playwright.sync_api import Page

MAX_SHARE_KEPT = 0.25  # of the upload's bytes, in the server's memory afterwards

_MEGABYTES = 199  # of the upload; server.maxUploadSize in .streamlit/config.toml is 200
_REPEATS = 20  # of each review's text, so that the file is written fast
_PATIENCE = 300  # seconds within which the upload must be complete
_REST = 5  # seconds after the upload, in which the server frees memory
_POLL = 0.05  # seconds between two measurements


def largest_upload(run: Path, folder: Path) -> dict[str, Any]:
    """Measures the server's memory before, during and after an upload; needs Chromium."""
    from playwright.sync_api import sync_playwright  # here, because the other proofs do without

    source = folder / "in.csv"
    _write(source)
    with serve_alone(run, folder) as address, sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page()
        page.set_default_timeout(1_000 * _PATIENCE)
        page.goto(f"{address}/bulk")
        settle(page)
        server = process_of(address)
        before = resident_megabytes(server)
        page.set_input_files("input[type=file]", source)
        during = max(before, _peak_of_upload(page, server))
        time.sleep(_REST)
        after = resident_megabytes(server)
        browser.close()
    return {
        "upload_megabytes": _MEGABYTES,
        "before_megabytes": before,
        "during_megabytes": during,
        "after_megabytes": after,
        "holds": after - before < MAX_SHARE_KEPT * _MEGABYTES,
    }


def _write(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("id,review\n")
        while file.tell() < _MEGABYTES * 1e6:
            file.writelines(f'{number},"{review * _REPEATS}"\n' for number, review in enumerate(reviews(100)))


def _peak_of_upload(page: Page, server: int) -> float:
    """Waits until the uploaded file can be scored; returns the server's peak memory meanwhile, in megabytes."""
    peak, end = 0.0, time.monotonic() + _PATIENCE
    while not page.get_by_role("button", name="Score").count():
        if time.monotonic() > end:
            raise RuntimeError("The upload was not complete within five minutes.")
        peak = max(peak, resident_megabytes(server))
        time.sleep(_POLL)
    return peak

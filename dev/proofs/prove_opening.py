"""Proves how soon the app shows a verdict after it is opened, in Chromium on this machine.

Measures the page with its example: from starting the server, and on a warm server with an empty and a filled browser
cache. The baseline is a Streamlit page with nothing but a heading. Writes the measurements as JSON and as the page
docs/opening-proof.md. Takes one to two minutes on two cores.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dev.proofs.circumstances import circumstances, describe
from dev.screenshots import CHROMIUM, server, wait_until_served
from dev.system import free_port
from sentiment.artifacts import ROOT, default_run, open_run, write_json

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

HOME = Path(__file__).resolve().parents[2]
WARM, COLD = 1.5, 3.0  # the longest median seconds to a verdict: on a warm server, from the start of the server
_VERDICT = ".card h2"  # selector of the verdict, in a component
_HEADING = "h1"
_BLANK = "import streamlit as st\nst.title('A page')\n"


def main() -> int:
    """Runs the proof; returns the exit status, 1 if it fails."""
    options = _options()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        blank = Path(scratch) / "blank.py"
        blank.write_text(_BLANK, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        browser.new_page().goto("about:blank")  # so that the start of the browser is not measured
        found: dict[str, Any] = {
            "app": _measure(browser, HOME / "streamlit_app.py", _VERDICT, options),
            "blank": _measure(browser, blank, _HEADING, options),
        }
        browser.close()
    app = {name: statistics.median(seconds) for name, seconds in found["app"].items()}
    found |= circumstances(open_run(default_run(options.artifacts)))
    found |= {"holds": max(app["first"], app["again"]) < WARM and app["start"] < COLD}
    write_json(options.json, found)
    options.page.write_text(page(found), encoding="utf-8")
    return 0 if found["holds"] else 1


def _measure(browser: Browser, script: Path, selector: str, options: argparse.Namespace) -> dict[str, list[float]]:
    """Measures seconds until ``selector`` is visible: from the start of the server, on a first and a second visit."""
    seconds: dict[str, list[float]] = {"start": [], "first": [], "again": []}
    for _ in range(options.starts):
        began = time.perf_counter()
        with _served(script, options.artifacts) as address:
            with _visitor(browser) as context:
                _open(context, address, selector)
                seconds["start"].append(time.perf_counter() - began)
            for _ in range(options.visits):
                with _visitor(browser) as context:
                    for visit in ("first", "again"):
                        began_visit = time.perf_counter()
                        _open(context, address, selector)
                        seconds[visit].append(time.perf_counter() - began_visit)
    return seconds


@contextmanager
def _served(script: Path, runs: Path) -> Iterator[str]:
    """Serves a script; yields the address once the server answers."""
    port = free_port()
    process = server(script, port, runs, output=subprocess.DEVNULL)
    try:
        wait_until_served(process, f"http://127.0.0.1:{port}/_stcore/health", every=0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


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


def page(found: dict[str, Any]) -> str:
    """Returns the page in Markdown; ``found`` has the results of this script."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield "# Opening time"
    yield ""
    yield (
        f"Written by `make proof` (`dev/proofs/prove_opening.py`), {describe(found)}, "
        "which Chromium shared with the server."
    )
    yield ""
    yield "Seconds until the example's verdict is visible. The column “empty page” has the seconds until the heading of"
    yield "an otherwise empty Streamlit page is visible, which is the time of Streamlit's own frontend."
    yield ""
    yield "| | times | median | fastest | slowest | empty page, median | target |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    rows = (
        ("start", "from starting the process", COLD),
        ("first", "warm server, first visit", WARM),
        ("again", "warm server, files in the browser's cache", WARM),
    )
    for name, description, target in rows:
        app, blank = found["app"][name], found["blank"][name]
        yield (
            f"| {description} | {len(app)} | {statistics.median(app):.2f} s | {min(app):.2f} s | {max(app):.2f} s | "
            f"{statistics.median(blank):.2f} s | {target:g} s |"
        )
    yield ""
    yield f"The targets are for the medians. {'Target reached.' if found['holds'] else 'Target missed.'}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--artifacts", type=Path, default=ROOT, help="folder of runs to serve")
    add("--starts", type=int, default=3, help="number of server starts (default: %(default)s)")
    add("--visits", type=int, default=3, help="visitors for each start, two visits each (default: %(default)s)")
    add("--chromium", type=Path, default=CHROMIUM, help="the browser (default: %(default)s)")
    add("--json", type=Path, default=HOME / "docs/opening-proof.json", help="file for the results")
    add("--page", type=Path, default=HOME / "docs/opening-proof.md", help="the page to write")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None

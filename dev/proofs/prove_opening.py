"""The proof of the first seconds: how long until a verdict stands on the screen, in Chromium on this machine.

Measured is the page with its example on a warm server, by somebody who was never here and by somebody who was, and from
starting the server's process; beside it, a page of Streamlit that shows one heading and nothing else.
Writes what it measured as JSON, and as the page docs/opening-proof.md. Takes a minute or two on two cores.
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

from dev.proofs.circumstances import circumstances, told
from dev.screenshots import CHROMIUM, free_port, server, wait_until_served
from sentiment.artifacts import ROOT, default_run, open_run, write_json

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

HOME = Path(__file__).resolve().parents[2]
WARM, COLD = 1.5, 3.0  # seconds within which half the openings must show a verdict: server warm, process just started
_VERDICT = "h2"  # the first of its level on the page
_HEADING = "h1"
_BLANK = "import streamlit as st\nst.title('A page')\n"


def main() -> int:
    """Runs the proof; gives 1 where it fails."""
    options = _options()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        blank = Path(scratch) / "blank.py"
        blank.write_text(_BLANK, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        browser.new_page().goto("about:blank")  # the browser is open before anybody opens the app
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


def _measure(browser: Browser, script: Path, sight: str, options: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds until ``sight`` stands on the screen: from the process' start, on a first visit, on one more."""
    seconds: dict[str, list[float]] = {"start": [], "first": [], "again": []}
    for _ in range(options.starts):
        began = time.perf_counter()
        with _served(script, options.artifacts) as address:
            with _visitor(browser) as context:
                _open(context, address, sight)
                seconds["start"].append(time.perf_counter() - began)
            for _ in range(options.visits):
                with _visitor(browser) as context:
                    for visit in ("first", "again"):
                        began_visit = time.perf_counter()
                        _open(context, address, sight)
                        seconds[visit].append(time.perf_counter() - began_visit)
    return seconds


@contextmanager
def _served(script: Path, runs: Path) -> Iterator[str]:
    """As people start it; the address, once the port answers."""
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
    """Somebody with an empty cache."""
    context = browser.new_context()
    yield context
    context.close()


def _open(context: BrowserContext, address: str, sight: str) -> None:
    page = context.new_page()
    page.goto(address, wait_until="commit")
    page.locator(sight).first.wait_for()
    page.close()


def page(found: dict[str, Any]) -> str:
    """The page about it, Markdown; ``found`` is what this script keeps."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield "# The first seconds"
    yield ""
    yield (
        f"Written by `make proof` (`dev/proofs/prove_opening.py`), {told(found)}, "
        "which Chromium shared with the server."
    )
    yield ""
    yield "Seconds until the example's verdict stands on the screen; beside it, until the heading of a Streamlit page"
    yield "that holds nothing else, which is what Streamlit's own frontend takes."
    yield ""
    yield "| | times | median | fastest | slowest | empty page, median | asked |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    rows = (
        ("start", "from starting the process", COLD),
        ("first", "warm server, first visit", WARM),
        ("again", "warm server, files in the browser's cache", WARM),
    )
    for name, said, asked in rows:
        app, blank = found["app"][name], found["blank"][name]
        yield (
            f"| {said} | {len(app)} | {statistics.median(app):.2f} s | {min(app):.2f} s | {max(app):.2f} s | "
            f"{statistics.median(blank):.2f} s | {asked:g} s |"
        )
    yield ""
    yield f"Asked of the medians. {'It holds.' if found['holds'] else 'It does not hold.'}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--artifacts", type=Path, default=ROOT, help="the folder of runs to serve")
    add("--starts", type=int, default=3, help="times the server is started; %(default)s")
    add("--visits", type=int, default=3, help="people who then open the page, twice each; %(default)s")
    add("--chromium", type=Path, default=CHROMIUM, help="the browser")
    add("--json", type=Path, default=HOME / "docs/opening-proof.json", help="where the figures go")
    add("--page", type=Path, default=HOME / "docs/opening-proof.md", help="where the page goes")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None

"""Takes the README's pictures of the app. Needs playwright and Chromium."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from dev import command_line
from dev.browser import CHROMIUM, launch, settle, wait_until
from dev.serving import serve
from sentiment.errors import SentimentError
from sentiment.paths import HOME, RUNS

if TYPE_CHECKING:
    import argparse

    from playwright.sync_api import Browser, Page

_PHONE = 500  # pixels; a narrower view is a phone's, with two pixels for one
_CHARTS = 3_000  # milliseconds for charts, which are drawn after the script has ended


class View(NamedTuple):
    """A view of the app.

    Attributes:
        path: the page and its settings.
        scheme: the theme.
        width: in pixels; a narrow view is taken as by a phone's screen.
        height: in pixels at most; a lower page is cut at its end.
        reach: does what the address cannot, such as a click.
    """

    path: str
    scheme: Literal["light", "dark"] = "light"
    width: int = 1400
    height: int = 1300
    reach: Callable[[Page], None] = lambda page: None


def _score_sample(page: Page) -> None:
    page.get_by_role("button", name="Try a sample file").click()
    page.get_by_role("button", name="Score 50 rows").click()
    page.get_by_role("tab", name="Rows").wait_for()


VIEWS = {  # by the name of the image
    "review-light": View("?example=Mixed&along=true"),
    "review-dark": View("?example=Mixed&along=true", "dark"),
    "review-phone": View("?example=Mixed", width=390, height=1500),
    "file-light": View("bulk", reach=_score_sample),
    "training-light": View("training?grain=step&smoothing=0.9"),
    "evaluation-light": View("evaluation"),
    "evaluation-dark": View("evaluation?tab=Calibration", "dark"),
    "dataset-dark": View("dataset", "dark"),
    "model-card-light": View("model-card"),
}


def main() -> int:
    """Takes all pictures; returns the exit status."""
    options = _options()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise SentimentError("playwright is not installed; make test installs it.") from error
    if not options.chromium.is_file():
        raise SentimentError(f"There is no Chromium at {options.chromium}; name it with --chromium.")
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        scratch = Path(folder)
        browser = launch(playwright, options.chromium)
        with serve(options.runs, scratch / "log", jobs=scratch / "jobs") as address:
            for name, view in VIEWS.items():
                _take(browser, address, view, options.output / f"{name}.png")
            _animate(browser, address, options.output, scratch)
        browser.close()
    return 0


def _options() -> argparse.Namespace:
    parser = command_line.parser(__doc__)
    parser.add_argument("--output", type=Path, default=HOME / "docs" / "images", help="folder for the images")
    parser.add_argument("--runs", type=Path, default=RUNS, help="the folder of runs to serve")
    parser.add_argument("--chromium", type=Path, default=CHROMIUM, help="the browser")
    return parser.parse_args()


def _take(browser: Browser, address: str, view: View, path: Path) -> None:
    """Takes the image of a view."""
    from PIL import Image

    page = _open(browser, f"{address}/{view.path}", view)
    view.reach(page)
    settle(page)
    page.mouse.move(view.width - 1, view.height - 1)  # the sidebar and tables show buttons below the pointer
    page.wait_for_timeout(_CHARTS)
    end = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').getBoundingClientRect().bottom")
    shot = page.screenshot(clip={"x": 0, "y": 0, "width": view.width, "height": min(view.height, end)})
    Image.open(BytesIO(shot)).convert("RGB").save(path, optimize=True)
    print(path, file=sys.stderr)
    page.context.close()


def _animate(browser: Browser, address: str, folder: Path, scratch: Path) -> None:
    """Records the animations."""
    from dev import capture_teaching, capture_typing, film

    page = _open(browser, address, View("", width=film.WIDTH, height=film.HEIGHT))
    capture_typing.record(page, folder / "typing.webp")
    page.context.close()
    page = _open(browser, f"{address}/bulk", View("", width=film.WIDTH, height=film.HEIGHT))
    capture_teaching.record(page, scratch / "comments.csv", folder / "teaching.webp")
    page.context.close()


def _open(browser: Browser, address: str, view: View) -> Page:
    context = browser.new_context(
        viewport={"width": view.width, "height": view.height},
        color_scheme=view.scheme,
        device_scale_factor=2 if view.width < _PHONE else 1,
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    settle(page)
    wait_until(page, "!document.querySelector('[data-testid=stSkeleton]')")
    return page


if __name__ == "__main__":
    command_line.run(main)

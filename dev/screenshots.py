"""Takes the README's pictures of the app, and serves the app for other tools. Needs playwright and Chromium."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from dev.system import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

REPOSITORY = Path(__file__).resolve().parent.parent
CHROMIUM = Path("/usr/bin/chromium")


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


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=REPOSITORY / "docs" / "images", help="folder for the images")
    parser.add_argument("--artifacts", type=Path, default=REPOSITORY / "artifacts", help="the folder of runs to serve")
    parser.add_argument("--chromium", type=Path, default=CHROMIUM, help="the browser")
    options = parser.parse_args()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("screenshots.py: playwright is not installed; make test installs it.", file=sys.stderr)
        return 2
    if not options.chromium.is_file():
        print(f"screenshots.py: there is no Chromium at {options.chromium}; name it with --chromium.", file=sys.stderr)
        return 2
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        os.environ["SENTIMENT_JOBS"] = str(Path(scratch) / "jobs")
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        with serve(options.artifacts.resolve(), Path(scratch) / "log") as address:
            for name, view in VIEWS.items():
                _take(browser, address, view, options.output / f"{name}.png")
            _animate(browser, address, options.output, Path(scratch))
        browser.close()
    return 0


@contextmanager
def serve(runs: Path, log: Path, *settings: str, path: str = "", port: int | None = None) -> Iterator[str]:
    """Serves the app with a folder of runs, on a free port by default; yields its address.

    Args:
        runs: the folder of runs.
        log: receives the server's output.
        settings: more options of ``streamlit run``.
        path: the sub-path of the app, such as ``/sentiment``.
        port: the port.

    Raises:
        RuntimeError: the app did not start within a minute; ``log`` has the reason.
    """
    port = port or free_port()
    with log.open("wb") as output:
        process = server(
            Path("streamlit_app.py"), port, runs, "--server.baseUrlPath", path, *settings, output=output.fileno()
        )
        try:
            wait_until_served(process, f"http://127.0.0.1:{port}{path}/_stcore/health")
            yield f"http://127.0.0.1:{port}{path}"
        finally:
            process.terminate()
            process.wait(30)


def server(script: Path, port: int, runs: Path, *settings: str, output: int) -> subprocess.Popen[bytes]:
    """Starts ``streamlit run`` with its output going to the file ``output``; does not wait until it answers."""
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    command += ["--server.headless", "true", "--server.address", "127.0.0.1", *settings]
    environment = {**os.environ, "SENTIMENT_RUNS": str(runs.resolve())}
    return subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=output, stderr=output)


def wait_until_served(process: subprocess.Popen[bytes], address: str, every: float = 0.1) -> None:
    """Polls ``address`` until the server answers.

    Args:
        process: the server.
        address: the address to poll.
        every: seconds between two requests.

    Raises:
        RuntimeError: the server ended, or did not answer within a minute.
    """
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(address).close()  # noqa: S310 - our own server on loopback
            return
        except OSError:
            time.sleep(every)
    raise RuntimeError("The app did not start.")


def wait_until(page: Page, expression: str, arg: object = None, seconds: float = 60) -> None:
    """Waits until a JavaScript expression, or a function of ``arg``, is true; ``wait_for_function`` needs ``eval``.

    Raises:
        TimeoutError: it did not become true.
    """
    end = time.monotonic() + seconds
    while not page.evaluate(expression, arg):
        if time.monotonic() > end:
            raise TimeoutError(expression)
        page.wait_for_timeout(100)


def settle(page: Page) -> None:
    """Waits until the page's script has ended and the page no longer moves."""
    page.locator("h1").first.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(500)


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


def _take(browser: Browser, address: str, view: View, path: Path) -> None:
    """Takes the image of a view."""
    from PIL import Image

    page = _open(browser, f"{address}/{view.path}", view)
    view.reach(page)
    settle(page)
    page.mouse.move(view.width - 1, view.height - 1)  # the sidebar and tables show buttons below the pointer
    page.wait_for_timeout(3_000)  # charts are drawn after the script has ended
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
        device_scale_factor=2 if view.width < 500 else 1,
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    settle(page)
    wait_until(page, "!document.querySelector('[data-testid=stSkeleton]')")
    return page


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None

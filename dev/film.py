"""Makes an animation of the app: pictures of a page, with a drawn pointer, in one WebP file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Locator, Page

WIDTH, HEIGHT = 1100, 720
MAX_BYTES = 2_000_000
PAUSE = 150  # milliseconds for a page to stop moving, so short that no one waits for it

Point = tuple[float, float]
Frame = tuple[Image.Image, int]  # a picture, and the milliseconds for which it is shown

_POINTER = ((0, 0), (0, 19), (4.5, 15), (8, 22), (11, 21), (7.5, 14), (13.5, 14))  # corners of an arrow, in pixels
_STEPS = 6  # pictures of a movement of the pointer
_MOVING, _ARRIVED = 60, 250  # milliseconds for which a picture of a movement, and the last one, is shown


def write(frames: Iterable[Frame], path: Path) -> None:
    """Writes the frames as a WebP file that repeats.

    Raises:
        RuntimeError: the file is larger than ``MAX_BYTES``.
    """
    pictures, times = zip(*frames, strict=True)
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=list(times), loop=0, lossless=True, method=6
    )
    if path.stat().st_size > MAX_BYTES:
        raise RuntimeError(f"{path} is larger than {MAX_BYTES:,} bytes.")


def hide_sidebar(page: Page) -> None:
    """Collapses the sidebar."""
    page.get_by_test_id("stSidebar").hover()
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()


def move(page: Page, start: Point, end: Point) -> Iterator[Frame]:
    """Moves the drawn pointer; it starts and ends slowly."""
    still = picture(page)
    for step in range(1, _STEPS + 1):
        time = step / _STEPS
        part = time**2 * (3 - 2 * time)  # smoothstep: from 0 to 1, with a slope of 0 at both ends
        at = (start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]))
        yield _with_pointer(still, at), _MOVING if step < _STEPS else _ARRIVED


def picture(page: Page, pointer: Point | None = None) -> Image.Image:
    """Returns a screenshot, with the pointer drawn if it is given."""
    shot = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    return shot if pointer is None else _with_pointer(shot, pointer)


def _with_pointer(shot: Image.Image, at: Point) -> Image.Image:
    drawn = shot.copy()
    outline = [(round(at[0] + x), round(at[1] + y)) for x, y in _POINTER]
    ImageDraw.Draw(drawn).polygon(outline, fill="black", outline="white", width=1)
    return drawn


def middle(locator: Locator) -> Point:
    """Returns the middle of an element."""
    box: FloatRect | None = locator.bounding_box()
    if box is None:
        raise RuntimeError(f"{locator} is not on the page.")
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

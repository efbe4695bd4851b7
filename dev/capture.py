"""Records the README's animation: a review is typed, and one of its words is removed under "What if?"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Locator, Page

WIDTH, HEIGHT = 1100, 720
MAX_BYTES = 2_000_000
PHRASES = ("The plot", " is silly", " and the first half", " is slow.", " But the ending", " is superb.")
REMOVED = "superb"

Point = tuple[float, float]
Frame = tuple[Image.Image, int]  # a picture, and the milliseconds for which it is shown

_CHARACTERS = 3  # typed from one picture to the next
_START: Point = (560, 640)  # of the pointer, which screenshots lack
_POINTER = ((0, 0), (0, 19), (4.5, 15), (8, 22), (11, 21), (7.5, 14), (13.5, 14))


def record(page: Page, settle: Callable[[Page], None], path: Path) -> None:
    """Writes the animation as WebP, from a page on which the editor is drawn.

    Args:
        page: the page, ``WIDTH`` by ``HEIGHT``.
        settle: waits until the page no longer moves.
        path: the file.

    Raises:
        RuntimeError: the file is larger than ``MAX_BYTES``.
    """
    page.get_by_test_id("stSidebar").hover()
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    page.get_by_role("textbox", name="Your review").fill("")
    page.locator(".sheet .text:not(.old):not(:has(.part))").wait_for(state="attached")
    settle(page)
    frames = [(_picture(page), 500), *_type(page), *_change(page, settle)]
    pictures, times = zip(*frames, strict=True)
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=list(times), loop=0, lossless=True, method=6
    )
    if path.stat().st_size > MAX_BYTES:
        raise RuntimeError(f"{path} is larger than {MAX_BYTES:,} bytes.")


def _type(page: Page) -> Iterator[Frame]:
    """Types the review with a short rest after each phrase, in which its colours and the verdict follow."""
    typed = ""
    for phrase in PHRASES:
        for start in range(0, len(phrase), _CHARACTERS):
            page.keyboard.type(phrase[start : start + _CHARACTERS])
            yield _picture(page), 70
        typed += phrase
        page.locator(".sheet .text:not(.old)", has_text=typed).wait_for()
        page.locator(".card:not(.old)").wait_for()
        _wait_for_script(page)
        yield _picture(page), 550
    yield _picture(page), 700


def _change(page: Page, settle: Callable[[Page], None]) -> Iterator[Frame]:
    """Opens "What if?" with the pointer and clicks on a word, which removes it."""
    tab, word = page.get_by_role("tab", name="What if?"), page.locator(".sheet .part", has_text=REMOVED)
    yield from _move(page, _START, _middle(tab))
    tab.click()
    settle(page)
    place = _middle(tab)
    yield _picture(page, place), 700
    yield from _move(page, place, _middle(word))
    word.click()
    page.locator(".card .before:visible").wait_for()
    settle(page)
    yield _picture(page, _middle(word)), 2_500


def _move(page: Page, start: Point, end: Point, steps: int = 6) -> Iterator[Frame]:
    """Moves the drawn pointer; it starts and ends slowly."""
    picture = _picture(page)
    for step in range(1, steps + 1):
        part = (step / steps) ** 2 * (3 - 2 * step / steps)
        at = (start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]))
        yield _with_pointer(picture, at), 60 if step < steps else 250


def _picture(page: Page, pointer: Point | None = None) -> Image.Image:
    picture = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    return picture if pointer is None else _with_pointer(picture, pointer)


def _with_pointer(picture: Image.Image, at: Point) -> Image.Image:
    drawn = picture.copy()
    outline = [(round(at[0] + x), round(at[1] + y)) for x, y in _POINTER]
    ImageDraw.Draw(drawn).polygon(outline, fill="black", outline="white", width=1)
    return drawn


def _middle(locator: Locator) -> Point:
    box: FloatRect | None = locator.bounding_box()
    if box is None:
        raise RuntimeError(f"{locator} is not on the page.")
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _wait_for_script(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(150)

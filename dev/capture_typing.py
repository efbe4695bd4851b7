"""Records the README's animation: a review is typed, and one of its words is removed under "What if?"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dev import film
from dev.browser import settle
from dev.film import Frame, Point

if TYPE_CHECKING:
    from playwright.sync_api import Page

_PHRASES = ("The plot", " is silly", " and the first half", " is slow.", " But the ending", " is superb.")
_REMOVED = "superb"

_CHARACTERS = 3  # typed from one picture to the next
_START: Point = (560, 640)  # of the pointer, which screenshots lack


def record(page: Page, path: Path) -> None:
    """Writes the animation as WebP, from a page on which the editor is drawn.

    Args:
        page: the page, ``film.WIDTH`` by ``film.HEIGHT``.
        path: the file.

    Raises:
        RuntimeError: the file is larger than ``film.MAX_BYTES``.
    """
    film.hide_sidebar(page)
    page.get_by_role("textbox", name="Your review").fill("")
    page.locator(".sheet .text:not(.old):not(:has(.part))").wait_for(state="attached")
    settle(page)
    film.write([(film.picture(page), 500), *_type(page), *_change(page)], path)


def _type(page: Page) -> Iterator[Frame]:
    """Types the review with a short rest after each phrase, in which its colours and the verdict follow."""
    typed = ""
    for phrase in _PHRASES:
        for start in range(0, len(phrase), _CHARACTERS):
            page.keyboard.type(phrase[start : start + _CHARACTERS])
            yield film.picture(page), 70
        typed += phrase
        page.locator(".sheet .text:not(.old)", has_text=typed).wait_for()
        page.locator(".card:not(.old)").wait_for()
        settle(page, film.PAUSE)
        yield film.picture(page), 550
    yield film.picture(page), 700


def _change(page: Page) -> Iterator[Frame]:
    """Opens "What if?" with the pointer and clicks on a word, which removes it."""
    tab, word = page.get_by_role("tab", name="What if?"), page.locator(".sheet .part", has_text=_REMOVED)
    yield from film.move(page, _START, film.middle(tab))
    tab.click()
    settle(page)
    place = film.middle(tab)
    yield film.picture(page, place), 700
    yield from film.move(page, place, film.middle(word))
    word.click()
    page.locator(".card .before:visible").wait_for()
    settle(page)
    yield film.picture(page, film.middle(word)), 2_500

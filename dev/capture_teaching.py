"""Records the animation of docs/teach.md and the README: rows of a file are labelled, and the model is adapted."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dev import film
from dev.browser import settle
from dev.film import Frame, Point

if TYPE_CHECKING:
    from playwright.sync_api import Page

_LABELS = 80  # answers that are given
_ROWS = 240  # of the file
_SHOWN = 4  # answers shown one by one; the others follow fast
_EVERY = 6  # of the others, one in so many has a picture
_START: Point = (560, 560)  # of the pointer
_ASIDE: Point = (900, 150)  # a place without a button

# The file: comments on kitchen appliances. A model of film reviews misreads many of them.
_THINGS = ("The kettle", "This toaster", "My blender", "The iron", "The coffee grinder", "This steamer")
_PRAISE = (
    "boils in two minutes and pours without a drip", "has run daily for three years", "cleans up under the tap",
    "is light enough for my mother to lift", "fits the narrow shelf by the sink", "switches itself off when empty",
    "is so quiet that the baby sleeps on", "replaced one that cost twice as much", "came a day early and well packed",
    "still looks as it did in the shop",
)  # fmt: skip
_BLAME = (
    "leaks from the base onto the worktop", "tripped the fuse twice in a week", "smells of hot plastic",
    "takes ages and then stops halfway", "had rust inside after a month", "needs both hands to open the lid",
    "went back to the shop the same day", "snapped at the hinge", "burns one side and leaves the other cold",
    "arrived with a dent and no manual",
)  # fmt: skip
_ENDS = ("", " Bought in May.", " My second one.", " Used every day.")


def _write_comments(path: Path) -> set[str]:
    """Writes the file, a CSV with one column; returns the texts that praise."""
    rows = [
        (f"{thing} {remark}.{end}", remark in _PRAISE)
        for thing in _THINGS for remark in (*_PRAISE, *_BLAME) for end in _ENDS
    ]  # fmt: skip
    chosen = random.Random(1).sample(rows, _ROWS)  # noqa: S311 - not for secrets
    lines = ["comment", *(f'"{text}"' for text, _ in chosen)]  # no text has a quotation mark
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {text for text, praised in chosen if praised}


def record(page: Page, file: Path, path: Path) -> None:
    """Writes the animation as WebP, from the page Score a file.

    Args:
        page: the page, ``film.WIDTH`` by ``film.HEIGHT``.
        file: a path for the file of comments.
        path: the animation.

    Raises:
        RuntimeError: the animation is larger than ``film.MAX_BYTES``.
    """
    praise = _write_comments(file)
    page.locator("input[type=file]").first.set_input_files(file)
    page.get_by_role("button", name=f"Score {_ROWS} rows").click()
    page.get_by_role("tab", name="Label", exact=True).click()
    page.locator(".review .text").wait_for()
    film.hide_sidebar(page)
    settle(page)
    film.write([*_label(page, praise), *_adapt(page)], path)


def _label(page: Page, praise: set[str]) -> Iterator[Frame]:
    """Answers with the arrow keys."""
    page.get_by_role("tab", name="Label", exact=True).evaluate("tab => tab.scrollIntoView({block: 'start'})")
    page.mouse.click(*_ASIDE)  # so that no button has the focus
    yield film.picture(page), 1_500
    for answer in range(_LABELS):
        text = page.locator(".review .text").inner_text()
        page.keyboard.press("ArrowRight" if text.strip() in praise else "ArrowLeft")
        page.locator(".review .text").filter(has_not_text=re.compile(f"^{re.escape(text)}$")).wait_for()
        settle(page, film.PAUSE)
        if answer < _SHOWN:
            settle(page)
            yield film.picture(page), 700
        elif answer % _EVERY == 0:
            yield film.picture(page), 120
    yield film.picture(page), 1_000


def _adapt(page: Page) -> Iterator[Frame]:
    """Opens the tab Adapt with the pointer, and adapts the model."""
    tab = page.get_by_role("tab", name="Adapt", exact=True)
    yield from film.move(page, _START, film.middle(tab))
    place = film.middle(tab)
    tab.click()
    page.get_by_text("Accuracy after").wait_for()
    settle(page)
    yield film.picture(page, place), 3_000
    button = page.get_by_role("button", name="Make this model")
    yield from film.move(page, place, film.middle(button))
    button.click()
    page.get_by_role("button", name="Use it").wait_for()
    settle(page)
    yield film.picture(page, film.middle(page.get_by_role("button", name="Use it"))), 3_000

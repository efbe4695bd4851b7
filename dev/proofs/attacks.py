"""Attacks by a hostile visitor on a served app: each does the worst that the app accepts, until a given time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice

from dev.proofs.worst_files import hostile_files, long_cells
from dev.visitor import VisitError, Visitor
from sentiment.budget import TEXT_CHARACTERS

_AT_ONCE = 16  # files that are uploaded at the same time
_INTERVAL = 0.1  # seconds between two analyses that interrupt each other
_TABS = 3  # pages that the hostile visitor has open for texts
_VERDICT = '"headline":'  # in the data of the verdict card

Reached = Counter[str]  # how often an attack reached each of its aims, and how often it met each error, by message
Attack = Callable[[str, float], Reached]  # with the app's address and the time at which to end


def hostile_texts() -> list[str]:
    """Returns the longest texts that are accepted, and some that are too long."""
    pieces = ["<", "not good bad nice dull ", " ", "e\u0301\u0302\u0303", "The film was not bad, but long. "]
    texts = [(piece * (TEXT_CHARACTERS // len(piece) + 1))[:TEXT_CHARACTERS] for piece in pieces]
    return [*texts, "e" + "\u0301" * (TEXT_CHARACTERS - 1), texts[0] + "<", " " * 20_000_000]


def paste(address: str, until: float) -> Reached:
    """Analyses hostile texts, one directly after another."""
    return _in_tabs(_TABS, partial(_paste, address, until))


def explain(address: str, until: float) -> Reached:
    """Requests the negation view, the smallest flip and the reading curve of hostile texts repeatedly."""
    return _in_tabs(_TABS, partial(_explain, address, until))


def interrupt(address: str, until: float) -> Reached:
    """Asks for an analysis ten times a second without waiting for an answer."""
    reached = _aims("answer begun")
    with _errors_counted(reached), Visitor(address) as visitor:
        for text in cycle(hostile_texts()[:3]):
            if time.monotonic() > until:
                break
            visitor.analyse(text)
            visitor.stay(_INTERVAL)
            reached["answer begun"] += bool(visitor.fresh)
    return reached


def upload(address: str, until: float) -> Reached:
    """Uploads sixteen hostile files at a time, repeatedly."""
    files = list(islice(cycle(hostile_files()), _AT_ONCE))

    def send(number: int) -> Reached:
        reached, (name, content) = _aims("file taken"), files[number]
        while time.monotonic() < until:
            with _errors_counted(reached), Visitor(address, "bulk") as visitor:
                visitor.upload(name, content)
                visitor.wait()
                reached["file taken"] += visitor.shows(name.replace(".", "\\."))  # the heading of its job
                visitor.wait(lambda: time.monotonic() > until or visitor.has_widget("button", "Score"), 30)
                visitor.stay(0.5)
        return reached

    return _in_tabs(_AT_ONCE, send)


def results(address: str, until: float) -> Reached:
    """Scores a file of very long cells, and opens its results repeatedly."""
    reached = _aims("file scored", "results drawn again")
    with _errors_counted(reached), Visitor(address, "bulk") as visitor:
        visitor.upload("long.csv", long_cells())
        visitor.wait(lambda: visitor.has_widget("button", "Score"), until - time.monotonic())
        visitor.wait()
        visitor.press("Score")
        visitor.wait(lambda: visitor.has_widget("download_button", "Download"), until - time.monotonic())
        reached["file scored"] += 1
        visitor.wait()
        while time.monotonic() < until:
            visitor.rerun()
            visitor.wait()
            reached["results drawn again"] += visitor.has_widget("download_button", "Download")
    return reached


def _aims(*names: str) -> Reached:
    return Counter(dict.fromkeys(names, 0))


@contextmanager
def _errors_counted(reached: Reached) -> Iterator[None]:
    """Counts an error by its message; a refused attack is not a fault."""
    try:
        yield
    except VisitError as error:
        reached[str(error)] += 1


def _in_tabs(tabs: int, work: Callable[[int], Reached]) -> Reached:
    together: Reached = Counter()
    with ThreadPoolExecutor(tabs) as pool:
        for reached in pool.map(work, range(tabs)):
            together.update(reached)  # unlike +, it keeps a count of 0
    return together


def _paste(address: str, until: float, tab: int) -> Reached:
    reached, texts = _aims("verdict"), hostile_texts()
    for text in cycle(texts[tab:] + texts[:tab]):
        with _errors_counted(reached), Visitor(address) as visitor:  # a text that is too long is refused by an error
            for version in range(10):
                visitor.analyse(f"{version}{text[1:]}")
                visitor.wait()
                reached["verdict"] += visitor.received(_VERDICT)
                if time.monotonic() > until:
                    break
        if time.monotonic() > until:
            break
    return reached


def _explain(address: str, until: float, tab: int) -> Reached:
    reached = _aims("Negation", "What if?", "How the score adds up", "Compare models or methods")
    texts, flip = [text for text in hostile_texts() if len(text) <= TEXT_CHARACTERS], "Flip the prediction"
    with _errors_counted(reached), Visitor(address) as visitor:
        shows, has = visitor.shows, visitor.has_widget
        for version, text in enumerate(cycle(texts[tab:] + texts[:tab])):
            visitor.analyse(f"{version % 10}{text[1:]}")
            visitor.wait()
            for open_part, part, button, done in (
                (visitor.turn_to, "Negation", "", partial(shows, "egation")),
                (visitor.turn_to, "What if?", flip, partial(has, "button", flip)),
                (visitor.expand, "How the score adds up", "Check reliability", partial(shows, "Reliability of")),
                (visitor.expand, "Compare models or methods", "", partial(has, "button_group", "Compare")),
            ):
                if time.monotonic() > until:
                    return reached
                open_part(part)
                visitor.wait()
                if button and has("button", button):
                    visitor.press(button)
                    visitor.wait()
                reached[part] += done()
    return reached


ATTACKS: Mapping[str, Attack] = {attack.__name__: attack for attack in (paste, explain, interrupt, upload, results)}

"""Sends values of every type, which no browser would send, for the widgets of every page."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState

from dev.proofs.generated_reviews import reviews
from dev.visitor import VisitError, Visitor
from sentiment.explain.prediction_text import headline
from sentiment.model.classifier import Classifier

PLAIN_LOG = ("--logger.enableRich", "false")  # options of the server, so that its log can be read

_PAGES = ("", "evaluation", "bulk", "training", "dataset", "model_card")
_VALUES_PER_PAGE = 20  # before another page is opened
_TEXTS = ("../../etc", "/etc/passwd", "..", "\0", "a" * 100_000, "<b>", "NaN", "-1", "{}", "\u202e", "default", "")
_NUMBERS = (float("nan"), float("inf"), -1e308, -1.0, 1e18)
_REFUSED = ("in register_widget", "FragmentHandledException")  # Streamlit refused a value of a wrong type


def forged_values(address: str, run: Path, log: Path, seconds: float) -> dict[str, Any]:
    """Sends forged values for so many seconds; returns how many, and what went wrong.

    Streamlit refuses many of them by an error on the sender's own page, which counts as refused. It is a fault if the
    program itself raises an error, or if another visitor no longer gets the right verdict.

    Args:
        address: of the app.
        run: the run that it serves.
        log: the server's log, written with ``PLAIN_LOG``.
        seconds: for all values together.
    """
    chance, end = random.Random(0), time.monotonic() + seconds  # noqa: S311
    found: dict[str, Any] = {"taken": 0, "refused": 0}
    while time.monotonic() < end:
        with suppress(VisitError), Visitor(address, chance.choice(_PAGES)) as visitor:
            for _ in range(_VALUES_PER_PAGE):
                if time.monotonic() > end or not (widgets := visitor.widget_ids()):
                    break
                visitor.rerun(_forged(chance.choice(widgets), chance))
                try:
                    visitor.wait()
                    found["taken"] += 1
                except VisitError:
                    found["refused"] += 1
                    break
    found["faults"] = list(_faults(log.read_text(encoding="utf-8")))
    if not _gives_verdict(address, Classifier.load(run)):
        found["faults"].append("another visitor got no verdict")
    return {**found, "inputs": found["taken"] + found["refused"]}


def _faults(log: str) -> Iterator[str]:
    """Yields the last frame of the program and the error of every traceback in a log, unless Streamlit raised it."""
    for traceback in log.split("Traceback (most recent call last):")[1:]:
        lines = re.match(r"\n(?:[ ^~].*\n)*.*", traceback)
        if lines and "/sentiment/app/" in lines[0] and not any(word in lines[0] for word in _REFUSED):
            frame = re.findall(r'sentiment/(app/[^"]*", line \d+)', lines[0])[-1].replace('", line ', ":")
            yield f"{frame}: {lines[0].splitlines()[-1][:200]}"


def _forged(widget: str, chance: random.Random) -> WidgetState:
    """Returns a state of a widget with a value of a random type."""
    state = WidgetState(id=widget)
    texts = [chance.choice(_TEXTS) for _ in range(chance.randrange(4))]
    match chance.randrange(9):
        case 0:
            state.trigger_value = True
        case 1:
            state.bool_value = chance.random() < 0.5
        case 2:
            state.double_value = chance.choice(_NUMBERS)
        case 3:
            state.int_value = chance.choice([-1, 0, 1, 10**6, 2**62])
        case 4:
            state.string_value = chance.choice(_TEXTS)
        case 5:
            state.string_array_value.data.extend(texts)
        case 6:
            state.double_array_value.data.extend(chance.choices(_NUMBERS, k=2))
        case 7:
            state.int_array_value.data.extend(chance.choices([-1, 0, 10**6], k=2))
        case _:
            state.json_value = chance.choice(['{"typed": {"text": 1}}', '{"picked": -1}', "[]", "null", "{"])
    return state


def _gives_verdict(address: str, classifier: Classifier) -> bool:
    """Returns whether another visitor still gets the right verdict."""
    [text] = reviews(1, seed=2)
    verdict = headline(classifier.predict([text])[0])
    try:
        with Visitor(address) as visitor:
            visitor.seconds_to(verdict, text)
    except (VisitError, OSError):
        return False
    return True

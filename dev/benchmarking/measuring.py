"""Measures alternatives in turn, A B A B, and compares them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

OURS = "ours"

Side = Callable[[], float]  # measures once
Sides = Mapping[str, Side]  # OURS and one or more others, by name


class MissingError(Exception):
    """Raised if something that a measurement needs is missing; the message names it in a sentence."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A summary of repeated measurements."""

    median: float
    lowest: float
    highest: float
    repeats: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarises one or more values."""
        return cls(statistics.median(values), min(values), max(values), len(values))


def seconds_of(work: Callable[[], object], calls: int = 1) -> float:
    """Returns the mean seconds of a call."""
    start = perf_counter()
    for _ in range(calls):
        work()
    return (perf_counter() - start) / calls


def alternate(sides: Sides, *, warmups: int, repeats: int) -> dict[str, list[float]]:
    """Measures all sides in turn, repeatedly, so that other load on the machine affects all of them alike."""
    for _ in range(warmups):
        for side in sides.values():
            side()
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, side in sides.items():
            found[name].append(side())
    return found


def compare(found: Mapping[str, Sequence[float]], *, more_is_better: bool) -> dict[str, Any]:
    """Summarises every side, and the ratio of ours to the best other side of each round; above 1 ours is better."""
    others = [name for name in found if name != OURS]
    best = max if more_is_better else min
    ratios = []
    for ours, *theirs in zip(found[OURS], *(found[name] for name in others), strict=True):
        ratios.append(ours / best(theirs) if more_is_better else best(theirs) / ours)
    return {
        "ours": asdict(Spread.of(found[OURS])),
        "others": [{"name": name, **asdict(Spread.of(found[name]))} for name in others],
        "ratio": asdict(Spread.of(ratios)),
    }

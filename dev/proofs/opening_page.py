"""Renders the page on the opening time."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from dev.proofs.circumstances import describe
from dev.proofs.opening import COLD, WARM
from dev.proofs.sections import outcome


def page(found: dict[str, Any]) -> str:
    """Returns the page in Markdown; ``found`` has the results of ``dev/proofs/prove_opening.py``."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield "# Opening time"
    yield ""
    yield (
        f"Written by `make proof` (`dev/proofs/prove_opening.py`), {describe(found)}, "
        "which Chromium shared with the server."
    )
    yield ""
    yield "Seconds until the example's verdict is visible. The column “empty page” has the seconds until the heading of"
    yield "an otherwise empty Streamlit page is visible, which is the time of Streamlit's own frontend."
    yield ""
    yield "| | times | median | fastest | slowest | empty page, median | target |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    rows = (
        ("start", "from starting the process", COLD),
        ("first", "warm server, first visit", WARM),
        ("again", "warm server, files in the browser's cache", WARM),
    )
    for name, description, target in rows:
        app, blank = found["app"][name], found["blank"][name]
        yield (
            f"| {description} | {len(app)} | {statistics.median(app):.2f} s | {min(app):.2f} s | {max(app):.2f} s | "
            f"{statistics.median(blank):.2f} s | {target:g} s |"
        )
    yield ""
    yield f"The targets are for the medians. {outcome(found)}"

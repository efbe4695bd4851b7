"""Figures in words and in Markdown: shares, intervals, times, and the tables drawn from a summary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sentiment.model.decision import CONFIDENT, LEANING

SLICES = {
    "length": "length in tokens",
    "rating": "stars the reviewer gave",
    "unknown_rate": "share of unknown words",
    "truncated": "longer than the model reads",
    "negation": "holds a negation (not, n't, never ...)",
    "contrast": "holds a turn (but, although, yet ...)",
}
LEVELS = {
    "confident": f"{100 * CONFIDENT:.0f} % or more",
    "leaning": f"{100 * LEANING:.0f} to {100 * CONFIDENT:.0f} %",
    "unsure": f"below {100 * LEANING:.0f} %",
}


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage: 0.917 is "91.7 %"."""
    return f"{100 * share:.{digits}f} %"


def likelihood(probability: float, digits: int = 0) -> str:
    """A probability of a verdict as a percentage: never 0 or 100 %, for no verdict is certain."""
    shown, step = round(100 * probability, digits), 10**-digits
    if step <= shown <= 100 - step:
        return percent(probability, digits)
    return f"under {percent(step / 100, digits)}" if shown < step else f"over {percent(1 - step / 100, digits)}"


def interval(bounds: Sequence[float], digits: int = 1) -> str:
    """The two ends of an interval of shares: "91.4 to 92.1 %"."""
    return f"{100 * bounds[0]:.{digits}f} to {percent(bounds[1], digits)}"


def duration(seconds: float) -> str:
    """A time in the unit that suits it: "48 s", "9.5 min", "2.1 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """A number of things: "1 review", "2,500 reviews"."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def size(n: int) -> str:
    """Bytes in the unit that suits them: "12 bytes", "10.0 kB", "1.3 MB"."""
    if n < 1000:
        return counted(n, "byte")
    return f"{n / 1e6:,.1f} MB" if n >= 1e5 else f"{n / 1e3:,.1f} kB"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; the first column is flush left, the others flush right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def accuracy(judged: dict[str, Any]) -> str:
    """Accuracy with its interval, from a summary."""
    return f"{percent(judged['accuracy'])} (95 % interval {interval(judged['accuracy_interval'])})"


def confidence_table(judged: dict[str, Any]) -> str:
    """What each level of confidence means, how often it is given and how often it is right, from a summary."""
    rows = (
        [e["level"], LEVELS[e["level"]], percent(e["share"]), "" if e["accuracy"] is None else percent(e["accuracy"])]
        for e in judged["confidence"]
    )
    return table(["confidence", "calibrated probability of the verdict", "share of reviews", "accuracy"], rows)


def slices_table(judged: dict[str, Any]) -> str:
    """Accuracy by each property of a review, from a summary."""
    rows = (
        [SLICES[e["by"]], e["value"], f"{e['n']:,}", percent(e["accuracy"]), interval(e["interval"])]
        for e in judged["slices"]
    )
    return table(["by", "value", "reviews", "accuracy", "95 % interval"], rows)


def calibration_table(bands: Iterable[dict[str, Any]]) -> str:
    """The calibration error of each length band, beside what chance alone gives."""
    rows = (
        [
            e["value"],
            f"{e['n']:,}",
            *(percent(e[key], 2) for key in ("calibration_error", "by_chance", "by_chance_high")),
        ]
        for e in bands
    )
    header = ["length in tokens", "reviews", "calibration error", "by chance, median", "by chance, 95th percentile"]
    return table(header, rows)

"""Formats numbers for people: shares, intervals, times and sizes, and Markdown tables of a run's summary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sentiment.model.decision import CONFIDENT, LEANING

SLICES = {
    "length": "Length (tokens)",
    "rating": "Star rating",
    "unknown_rate": "Unknown words",
    "truncated": "Truncated",
    "negation": "Contains negation (not, n't, never)",
    "contrast": "Contains contrast (but, although, yet)",
}
LEVELS = {
    "confident": f"{100 * CONFIDENT:.0f}% or more",
    "leaning": f"{100 * LEANING:.0f} to {100 * CONFIDENT:.0f}%",
    "unsure": f"below {100 * LEANING:.0f}%",
}


def percent(share: float, digits: int = 1) -> str:
    """Formats a share as a percentage, with a typographic minus: 0.917 is "91.7%"."""
    return with_minus(f"{100 * share:.{digits}f}%")


def with_minus(number: str) -> str:
    """Returns a formatted number with a typographic minus. For numbers only: names keep their hyphens."""
    return number.replace("-", "−")


def likelihood(probability: float, digits: int = 0) -> str:
    """Formats a predicted probability as a percentage: never 0 or 100%, because no prediction is certain."""
    shown, step = round(100 * probability, digits), 10**-digits
    if step <= shown <= 100 - step:
        return percent(probability, digits)
    return f"under {percent(step / 100, digits)}" if shown < step else f"over {percent(1 - step / 100, digits)}"


def interval(bounds: Sequence[float], digits: int = 1) -> str:
    """Formats an interval of shares: "91.4 to 92.1%"."""
    return f"{100 * bounds[0]:.{digits}f} to {percent(bounds[1], digits)}"


def share(value: float, bounds: Sequence[float]) -> str:
    """Formats a share with its interval: "78.0% (76.0 to 79.9%)"."""
    return f"{percent(value)} ({interval(bounds)})"


def signed(value: float, digits: int = 2) -> str:
    """Formats a number with its sign, and a typographic minus: "+1.20", "−0.35"."""
    return with_minus(f"{value:+.{digits}f}")


def duration(seconds: float, *, clock: bool = False) -> str:
    """Formats a time in a suitable unit: "48 s", "9.5 min", "2.1 h"; with ``clock`` as "0:42" or "1:02:03"."""
    if clock:
        minutes, second = divmod(round(seconds), 60)
        hours, minute = divmod(minutes, 60)
        return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Formats a number of things: "1 review", "2,500 reviews"."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def size(n: int) -> str:
    """Formats a number of bytes in a suitable unit: "12 bytes", "10.0 kB", "1.3 MB"."""
    if n < 1000:
        return counted(n, "byte")
    return f"{n / 1e6:,.1f} MB" if n >= 1e5 else f"{n / 1e3:,.1f} kB"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Returns a Markdown table; the first column is left-aligned, the others right-aligned."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def accuracy(summary: dict[str, Any]) -> str:
    """Formats the accuracy of a summary with its confidence interval."""
    return f"{percent(summary['accuracy'])} (95% interval {interval(summary['accuracy_interval'])})"


def confidence_table(summary: dict[str, Any], threshold: float = 0.5) -> str:
    """Returns a table of the confidence levels: definition, share of reviews and accuracy."""
    return table(confidence_header(threshold), confidence_rows(summary))


def confidence_header(threshold: float = 0.5) -> tuple[str, ...]:
    """Returns the names of the columns of ``confidence_rows``."""
    scale = "Probability of the prediction" if threshold == 0.5 else "Certainty of the prediction"
    return ("Confidence", scale, "Share of reviews", "Accuracy")


def confidence_rows(summary: dict[str, Any]) -> list[list[str]]:
    """Returns a row for each confidence level, under ``confidence_header``."""
    return [
        [e["level"], LEVELS[e["level"]], percent(e["share"]), "" if e["accuracy"] is None else percent(e["accuracy"])]
        for e in summary["confidence"]
    ]


def slices_table(summary: dict[str, Any]) -> str:
    """Returns a table of the accuracy by property of a review."""
    rows = (
        [SLICES[e["by"]], e["value"].replace(" %", "%"), f"{e['n']:,}", percent(e["accuracy"]), interval(e["interval"])]
        for e in summary["slices"]
    )
    return table(["Slice", "Value", "n", "Accuracy", "95% CI"], rows)


def calibration_table(bands: Iterable[dict[str, Any]]) -> str:
    """Returns a table of the calibration error of each length band, next to the error expected by chance alone."""
    rows = (
        [
            e["value"],
            f"{e['n']:,}",
            *(percent(e[key], 2) for key in ("calibration_error", "by_chance", "by_chance_high")),
        ]
        for e in bands
    )
    header = ["Length (tokens)", "n", "ECE", "ECE by chance, median", "ECE by chance, 95th percentile"]
    return table(header, rows)

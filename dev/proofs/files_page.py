"""Renders the page on the proofs of bulk scoring."""

from __future__ import annotations

from typing import Any

from dev.proofs.files import MAX_MEGABYTES, MAX_SLOWDOWN
from dev.proofs.sections import in_sections, outcome
from sentiment.formatting import duration, percent, table

_BILLION = 1_000_000_000


def page(found: dict[str, Any]) -> str:
    """Returns the page in Markdown.

    Args:
        found: the results of ``dev/proofs/prove_bulk.py``; a proof that was not run has no section.
    """
    return in_sections("Large files", "prove_bulk.py", _SECTIONS, found)


def _memory_and_rate(measured: dict[str, Any]) -> str:
    rows = [
        [
            f"{size['rows']:,}",
            f"{size['input_megabytes']:.0f} MB",
            f"{size['rows_a_second']:,.0f}",
            f"{size['peak_megabytes']:.0f} MB",
        ]
        for size in (measured["few"], measured["many"])
    ]
    target = f"less than {MAX_MEGABYTES} MB, and a rate for the large file at most {percent(MAX_SLOWDOWN, 0)} lower"
    figures = table(["rows", "file", "rows a second", "peak memory"], rows)
    return f"{figures}\n\nTarget: {target}. {outcome(measured)}"


def _kills(measured: dict[str, Any]) -> str:
    said = f"{measured['kills']} runs were killed (kill -9) at random moments and resumed; {measured['same_bytes']}"
    return f"{said} of the outputs are byte for byte those of an uninterrupted run. {outcome(measured)}"


def _full_disk(measured: dict[str, Any]) -> str:
    same = "byte for byte that of an uninterrupted run" if measured["same_bytes"] else "different"
    return (
        f"The run ended with the message `{measured['said']}` Resumed with more space, its output is {same}. "
        f"{outcome(measured)}"
    )


def _server(measured: dict[str, Any]) -> str:
    return (
        f"{measured['upload_megabytes']} MB uploaded: {measured['before_megabytes']:.0f} MB resident before, "
        f"{measured['during_megabytes']:.0f} MB at most during it, {measured['after_megabytes']:.0f} MB after. "
        f"{outcome(measured)}"
    )


def _cluster(measured: dict[str, Any]) -> str:
    said = f"One worker of one core: {measured['one']:,.0f} reviews a second; two: {measured['two']:,.0f}"
    return f"{said}, {measured['ratio']:.2f} times as many. {outcome(measured)}\n\n{_billion(measured)}"


def _billion(cluster: dict[str, Any]) -> str:
    """Returns a table of the time for a billion reviews, if each core is as fast as each of the two workers."""
    rows = []
    for cores in (2, 16, 64, 256, 1024):
        seconds = _BILLION / (cluster["two"] / 2 * cores)
        rows.append([f"{cores:,}", f"{_BILLION / seconds:,.0f}", duration(seconds), f"{seconds * cores / 3600:,.0f}"])
    return table(["cores", "reviews a second", "a billion reviews take", "core hours"], rows)


_SECTIONS = {  # by proof
    "memory_and_rate": ("Memory and rate", _memory_and_rate),
    "kills": ("Killed runs", _kills),
    "full_disk": ("A full disk", _full_disk),
    "server": ("The largest upload", _server),
    "cluster": ("A cluster", _cluster),
}

"""The page that shows what the proofs of bulk scoring measured."""

from __future__ import annotations

from typing import Any

from sentiment.figures import duration, percent, table
from sentiment.proofs.files import MEMORY, RATE

_BILLION = 1_000_000_000


def page(found: dict[str, Any]) -> str:
    """Markdown.

    Args:
        found: what ``scripts/prove_bulk.py`` keeps; a proof that was not run has no section.
    """
    lines = [
        "# Bulk scoring, put to the proof",
        "",
        f"Written by `make proof` (`scripts/prove_bulk.py`), with the run {found['run']} on {found['cores']} cores.",
    ]
    if measured := found.get("memory_and_rate"):
        rows = [
            [
                f"{size['rows']:,}",
                f"{size['input_megabytes']:.0f} MB",
                f"{size['rows_a_second']:,.0f}",
                f"{size['peak_megabytes']:.0f} MB",
            ]
            for size in (measured["few"], measured["many"])
        ]
        asked = (
            f"Asked for: less than {MEMORY} MB, and the many as fast as the few or {percent(RATE, 0)} slower at most."
        )
        lines += ["", "## Memory and rate", "", table(["rows", "file", "rows a second", "peak memory"], rows)]
        lines += ["", f"{asked} {_verdict(measured)}"]
    if kills := found.get("kills"):
        said = f"{kills['kills']} runs were ended by kill -9 at a random moment and resumed; {kills['same_bytes']}"
        lines += [
            "",
            "## Kill -9",
            "",
            f"{said} of them ended byte for byte where an unbroken run ends. {_verdict(kills)}",
        ]
    if disk := found.get("full_disk"):
        said = "ended byte for byte where an unbroken run ends" if disk["same_bytes"] else "ended elsewhere"
        lines += [
            "",
            "## A full disk",
            "",
            f"The run said `{disk['said']}`, and with room again, resumed, {said}. {_verdict(disk)}",
        ]
    if server := found.get("server"):
        lines += [
            "",
            "## The server at the largest upload",
            "",
            f"{server['upload_megabytes']} MB uploaded: {server['before_megabytes']:.0f} MB resident before, "
            f"{server['during_megabytes']:.0f} MB at most during, {server['after_megabytes']:.0f} MB after. "
            f"{_verdict(server)}",
        ]
    if cluster := found.get("cluster"):
        said = f"One worker of one core: {cluster['one']:,.0f} reviews a second; two: {cluster['two']:,.0f}"
        lines += [
            "",
            "## A cluster",
            "",
            f"{said}, {cluster['ratio']:.2f} times as many. {_verdict(cluster)}",
            "",
            _billion(cluster),
        ]
    return "\n".join(lines) + "\n"


def _verdict(proof: dict[str, Any]) -> str:
    return "It holds." if proof["holds"] else "It does not hold."


def _billion(cluster: dict[str, Any]) -> str:
    """What a billion reviews take, if every core does what each of the two workers did."""
    rows = []
    for cores in (2, 16, 64, 256, 1024):
        seconds = _BILLION / (cluster["two"] / 2 * cores)
        rows.append([f"{cores:,}", f"{_BILLION / seconds:,.0f}", duration(seconds), f"{seconds * cores / 3600:,.0f}"])
    return table(["cores", "reviews a second", "a billion reviews take", "core hours"], rows)

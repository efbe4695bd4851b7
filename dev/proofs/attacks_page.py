"""Renders the page on hostile input."""

from __future__ import annotations

from typing import Any

from dev.proofs.people import MAX_VERDICT_SECONDS
from dev.proofs.sections import in_sections
from sentiment.formatting import counted, duration, table

_KINDS = {
    "tables": "tables of reviews in every format, damaged; some are scored, and every row must come back",
    "data_sets": "data sets for training, damaged",
    "texts": "pasted texts of hostile pieces: judged, explained, flipped, saved and opened",
    "explanations": "saved explanations, damaged",
    "histories": "training histories of other programs, damaged",
    "names": "names of uploads",
    "models": "runs with a damaged file",
    "values": "values for every widget of the served app, which no browser would send",
}
_ATTACKS = {
    "idle": "is not there",
    "paste": "pastes the longest texts, and longer ones, in three tabs",
    "explain": "has them explained in every way, in three tabs",
    "interrupt": "presses Analyse ten times a second",
    "upload": "uploads sixteen hostile files at once, again and again",
    "results": "has very long cells scored and looks at the results",
}


def page(found: dict[str, Any]) -> str:
    """Returns the page in Markdown.

    Args:
        found: the results of ``dev/proofs/prove_attacks.py``; a part that was not run has no section.
    """
    return in_sections("Hostile input, put to the proof", "prove_attacks.py", _SECTIONS, found)


def _fuzzing(measured: dict[str, Any]) -> str:
    kinds = measured["kinds"]
    rows = [
        [_KINDS[name], *(f"{each[count]:,}" for count in ("inputs", "taken", "refused")), len(each["faults"])]
        for name, each in kinds.items()
    ]
    inputs = sum(each["inputs"] for each in kinds.values())
    faults = [f"- `{fault}`" for each in kinds.values() for fault in each["faults"]]
    return "\n\n".join(
        [
            f"{inputs:,} inputs within {duration(measured['seconds'])}. Each is taken, or refused in one sentence; "
            "another error, a crash, or 30 seconds without an answer is a fault.",
            table(["kind", "inputs", "taken", "refused", "faults"], rows),
            *(["\n".join(faults)] if faults else []),
            _verdict(measured),
        ]
    )


def _kills(measured: dict[str, Any]) -> str:
    return (
        f"{counted(measured['jobs'], 'job')} of the app, with {counted(measured['kills'], 'kill')} of their workers at "
        "random moments. "
        f"{measured['same_bytes']} ended with the same bytes as a job that nobody disturbed; "
        f"{measured['left_over']} folders were left over. {_verdict(measured)}"
    )


def _visitor(measured: dict[str, Any]) -> str:
    rows = [
        [
            _ATTACKS[name],
            *(f"{each['verdict_seconds'][figure]:.2f} s" for figure in ("median", "p95", "most")),
            f"{each['server_megabytes']:.0f} MB",
            f"{each['worker_megabytes']:.0f} MB",
        ]
        for name, each in measured["phases"].items()
    ]
    return "\n\n".join(
        [
            "A visitor has an ordinary review judged every half second, while another does his worst for "
            f"{measured['seconds']:g} seconds in each way. Server and workers are shown at their most.",
            table(["the other visitor", "median", "95% within", "slowest", "server", "workers"], rows),
            f"Asked: 95% of the verdicts within {MAX_VERDICT_SECONDS:g} s in each case. {_verdict(measured)}",
        ]
    )


def _verdict(measured: dict[str, Any]) -> str:
    return "It holds." if measured["holds"] else "It does not hold."


_SECTIONS = {
    "fuzzing": ("Damaged and forged input", _fuzzing),
    "kills": ("Killed workers", _kills),
    "visitor": ("One visitor at his worst", _visitor),
}

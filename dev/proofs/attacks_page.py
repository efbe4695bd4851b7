"""Renders the page on hostile input."""

from __future__ import annotations

from typing import Any

from dev.proofs.sections import in_sections, outcome
from dev.proofs.verdicts import MAX_VERDICT_SECONDS
from sentiment.formatting import counted, duration, table

_KINDS = {
    "tables": "tables of reviews in every format, damaged; some are scored, and every row must come back",
    "data_sets": "data sets for training, damaged",
    "texts": "pasted texts of hostile parts: scored, explained, flipped, saved and opened",
    "explanations": "saved explanations, damaged",
    "histories": "training histories of other programs, damaged",
    "names": "names of uploads",
    "models": "runs with a damaged file",
    "values": "values for every widget of the served app, which no browser would send",
}
_ATTACKS = {
    "idle": "is absent",
    "paste": "pastes the longest texts, and longer ones, in three tabs",
    "explain": "has them explained in every way, in three tabs",
    "interrupt": "presses Analyse ten times a second",
    "upload": "uploads sixteen hostile files at a time, repeatedly",
    "results": "scores very long cells and opens the results",
}


def page(found: dict[str, Any]) -> str:
    """Returns the page in Markdown.

    Args:
        found: the results of ``dev/proofs/prove_attacks.py``; a part that was not run has no section.
    """
    return in_sections("Hostile input", "prove_attacks.py", _SECTIONS, found)


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
            f"{inputs:,} inputs in {duration(measured['seconds'])}. Each must be accepted, or refused in one sentence. "
            "Any other error, a crash, or 30 seconds without an answer is a fault.",
            table(["kind", "inputs", "accepted", "refused", "faults"], rows),
            *(["\n".join(faults)] if faults else []),
            outcome(measured),
        ]
    )


def _kills(measured: dict[str, Any]) -> str:
    return (
        f"{counted(measured['jobs'], 'job')} of the app, with {counted(measured['kills'], 'kill')} of their workers at "
        "random moments. "
        f"{measured['same_bytes']} outputs are byte for byte those of an undisturbed job; "
        f"{measured['left_over']} folders were left over. {outcome(measured)}"
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
            "One visitor analyses an ordinary review every half second, while a hostile one runs each attack for "
            f"{measured['seconds']:g} seconds. The last columns are the peak memory of the server and the workers.",
            table(["the hostile visitor", "median", "95% within", "slowest", "server", "workers"], rows),
            f"Target: 95% of the verdicts within {MAX_VERDICT_SECONDS:g} s in each case. {outcome(measured)}",
        ]
    )


_SECTIONS = {
    "fuzzing": ("Damaged and forged input", _fuzzing),
    "kills": ("Killed workers", _kills),
    "visitor": ("One hostile visitor", _visitor),
}

"""Proves that hostile input harms nobody: fuzzes every kind for ten minutes, kills workers, and attacks a served app.

Writes the measurements as JSON and as the page docs/attacks-proof.md. Takes about fifteen minutes on two cores. With
--only, earlier results of the other parts are kept, each with its model and date.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from dev import command_line
from dev.proofs import fuzzing, results, worst_visitor
from dev.proofs.attacks import ATTACKS
from dev.proofs.attacks_page import page
from dev.proofs.forged_values import PLAIN_LOG, forged_values
from dev.proofs.fuzzed_kinds import KINDS
from dev.proofs.killed_jobs import killed_jobs
from dev.proofs.verdicts import MAX_VERDICT_SECONDS
from dev.proofs.workers import end_workers
from dev.serving import serve_alone
from sentiment.artifacts import open_run

PARTS = ("fuzzing", "kills", "visitor")
SHARES = {  # of the time for fuzzing
    "tables": 0.25,
    "data_sets": 0.1,
    "texts": 0.2,
    "explanations": 0.05,
    "histories": 0.05,
    "names": 0.05,
    "models": 0.1,
    "values": 0.2,
}


def main() -> int:
    """Runs the requested parts; returns the exit status, 1 if one of them fails."""
    options = _options()
    run = open_run(options.artifacts)
    parts: dict[str, results.Part] = {
        "fuzzing": lambda folder: _fuzz(run.path, folder, options.seconds),
        "kills": lambda folder: killed_jobs(run.path, folder, options.kill_seconds),
        "visitor": lambda folder: _hostile_visitor(run.path, folder, options.attack_seconds),
    }
    return results.prove(parts, run, options, page)


def _fuzz(run: Path, folder: Path, seconds: float) -> dict[str, Any]:
    """Fuzzes every kind of input.

    Args:
        run: the run to use.
        folder: for the files of a served app.
        seconds: for all kinds together.
    """
    kinds = {kind: fuzzing.run(kind, run, seconds * SHARES[kind]) for kind in KINDS}
    with serve_alone(run, folder, *PLAIN_LOG) as address:
        kinds["values"] = forged_values(address, run, folder / "log", seconds * SHARES["values"])
    end_workers(folder / "jobs")
    return {"seconds": seconds, "kinds": kinds, "holds": not any(each["faults"] for each in kinds.values())}


def _hostile_visitor(run: Path, folder: Path, seconds: float) -> dict[str, Any]:
    """Measures the time to an ordinary verdict while another visitor runs each attack for so many seconds."""
    with serve_alone(run, folder) as address:
        phases = worst_visitor.measure(address, run, folder / "jobs", ATTACKS, seconds)
    slowest = max(each["verdict_seconds"]["p95"] for each in phases.values())
    missed = worst_visitor.unreached(phases)
    holds = slowest < MAX_VERDICT_SECONDS and not missed
    return {"seconds": seconds, "phases": phases, "unreached": missed, "holds": holds}


def _options() -> argparse.Namespace:
    parser = results.parser(__doc__, "attacks")
    results.add_run(parser)
    results.add_parts(parser, PARTS)
    for name, seconds, purpose in (
        ("--seconds", 600, "fuzzing"),
        ("--kill-seconds", 180, "jobs whose workers are killed"),
        ("--attack-seconds", 20, "each attack on the served app"),
    ):
        parser.add_argument(
            name, type=float, default=seconds, metavar="SECONDS", help=f"seconds for {purpose} (default: %(default)s)"
        )
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main)

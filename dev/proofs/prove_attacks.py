"""Proves that hostile input harms nobody: fuzzes every kind for ten minutes, kills workers, and attacks a served app.

Writes the measurements as JSON and as the page docs/attacks-proof.md. Takes about fifteen minutes on two cores. With
--only, earlier results of the other parts are kept, each with its model and date.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from dev.proofs import fuzzing, worst_visitor
from dev.proofs.attacks_page import page
from dev.proofs.circumstances import circumstances
from dev.proofs.forged_values import PLAIN_LOG, forged_values
from dev.proofs.killed_jobs import killed_jobs
from dev.proofs.people import MAX_VERDICT_SECONDS
from dev.screenshots import serve
from sentiment.artifacts import ArtifactError, open_run, write_json

HOME = Path(__file__).resolve().parents[2]
PARTS = ("fuzzing", "kills", "visitor")
_SHARES = {  # of the time for fuzzing
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
    try:
        opened = open_run(options.artifacts)
    except ArtifactError as error:
        print(f"prove_attacks.py: {error}", file=sys.stderr)
        return 2
    parts = {
        "fuzzing": lambda folder: fuzz(opened.path, folder, options.seconds),
        "kills": lambda folder: killed_jobs(opened.path, folder, options.kill_seconds),
        "visitor": lambda folder: hostile_visitor(opened.path, folder, options.attack_seconds),
    }
    found = json.loads(options.json.read_text(encoding="utf-8")) if options.json.exists() else {}
    for name in options.only or parts:
        print(f"{name} ...", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="prove-attacks-", ignore_cleanup_errors=True) as folder:
            found[name] = parts[name](Path(folder)) | {"circumstances": circumstances(opened)}
        write_json(options.json, found)
    options.page.write_text(page(found), encoding="utf-8")
    return 0 if all(found[name]["holds"] for name in parts if name in found) else 1


def fuzz(run: Path, folder: Path, seconds: float) -> dict[str, Any]:
    """Fuzzes every kind of input.

    Args:
        run: the run to use.
        folder: for the jobs and the log of a served app.
        seconds: for all kinds together.
    """
    kinds = {kind: fuzzing.run(kind, run, seconds * _SHARES[kind]) for kind in fuzzing.KINDS}
    os.environ["SENTIMENT_JOBS"] = str(folder / "jobs")
    with serve(_only(run, folder), folder / "log", *PLAIN_LOG) as address:
        kinds["values"] = forged_values(address, run, folder / "log", seconds * _SHARES["values"])
    worst_visitor.end_workers(folder / "jobs")
    return {"seconds": seconds, "kinds": kinds, "holds": not any(each["faults"] for each in kinds.values())}


def hostile_visitor(run: Path, folder: Path, seconds: float) -> dict[str, Any]:
    """Measures the time to an ordinary verdict while another visitor runs each attack for so many seconds."""
    os.environ["SENTIMENT_JOBS"] = str(folder / "jobs")
    with serve(_only(run, folder), folder / "log") as address:
        phases = worst_visitor.measure(address, run, folder / "jobs", worst_visitor.ATTACKS, seconds)
    slowest = max(each["verdict_seconds"]["p95"] for each in phases.values())
    missed = worst_visitor.unreached(phases)
    return {
        "seconds": seconds,
        "phases": phases,
        "unreached": missed,
        "holds": slowest < MAX_VERDICT_SECONDS and not missed,
    }


def _only(run: Path, folder: Path) -> Path:
    """Copies the run into a folder of runs, of which it is the default."""
    runs = folder / "runs"
    shutil.copytree(run, runs / run.name)
    (runs / "default").write_text(run.name, encoding="utf-8")
    return runs


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--artifacts", type=Path, metavar="RUN_FOLDER", help="run to use (default: artifacts/default)")
    add("--seconds", type=float, default=600, help="for fuzzing (default: %(default)s)")
    add("--kill-seconds", type=float, default=180, help="for jobs whose workers are killed (default: %(default)s)")
    add("--attack-seconds", type=float, default=20, help="for each attack on the served app (default: %(default)s)")
    add("--only", action="append", choices=PARTS, help="run only this part; may be repeated")
    add("--json", type=Path, default=HOME / "docs/attacks-proof.json", help="file with the results, updated")
    add("--page", type=Path, default=HOME / "docs/attacks-proof.md", help="the page to write")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None

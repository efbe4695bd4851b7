"""Proves that the app serves twenty concurrent visitors: seconds to a verdict, errors, and the server's memory.

Writes the measurements as JSON and as the page docs/people-proof.md. Takes about ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from dev import command_line
from dev.proofs import results
from dev.proofs.circumstances import circumstances
from dev.proofs.people import Plan, at_once
from dev.proofs.people_page import page
from dev.serving import serve_alone
from sentiment.artifacts import open_run


def main() -> int:
    """Runs the proof; returns the exit status, 1 if it fails."""
    options = _options()
    run = open_run(options.artifacts)
    with tempfile.TemporaryDirectory(prefix="prove-people-") as scratch:
        folder = Path(scratch)
        with serve_alone(run.path, folder) as address:
            found = at_once(address, run.path, Plan(people=options.people, texts=options.texts))
        if found["errors"]:
            print((folder / "log").read_text(encoding="utf-8"), file=sys.stderr)
    return results.save(found | circumstances(run), options, page)


def _options() -> argparse.Namespace:
    parser = results.parser(__doc__, "people")
    results.add_run(parser)
    parser.add_argument("--people", type=int, default=Plan.people, help="number of visitors (default: %(default)s)")
    parser.add_argument(
        "--texts", type=int, default=Plan.texts, help="texts that each visitor analyses (default: %(default)s)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main)

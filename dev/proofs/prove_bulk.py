"""Runs the long proofs of bulk scoring: memory and rate, kills, a full disk, the server at an upload, two workers.

Writes the measurements as JSON and as the page docs/bulk-proof.md. Takes one to two hours on two cores. With --only,
earlier results of the other proofs are kept, each with its model and date.
"""

from __future__ import annotations

import argparse

from dev import command_line
from dev.proofs import files, results
from dev.proofs.cluster import two_workers
from dev.proofs.files_page import page
from dev.proofs.upload import largest_upload
from sentiment.artifacts import open_run

PROOFS = ("memory_and_rate", "kills", "full_disk", "server", "cluster")


def main() -> int:
    """Runs the requested proofs; returns the exit status, 1 if one of them fails."""
    options = _options()
    run = open_run(options.artifacts)
    proofs: dict[str, results.Part] = {
        "memory_and_rate": lambda folder: files.memory_and_rate(run.path, folder, options.rows),
        "kills": lambda folder: files.kills(run.path, folder, options.kills),
        "full_disk": lambda folder: files.full_disk(run.path, folder),
        "server": lambda folder: largest_upload(run.path, folder),
        "cluster": lambda folder: two_workers(run.path, folder),
    }
    return results.prove(proofs, run, options, page)


def _options() -> argparse.Namespace:
    parser = results.parser(__doc__, "bulk")
    results.add_run(parser)
    results.add_parts(parser, PROOFS)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the large file (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=20, help="number of killed runs (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main)

"""Proves how soon the app shows a verdict after it is opened, in Chromium on this machine.

Measures the page with its example: from starting the server, and on a warm server with an empty and a filled browser
cache. The baseline is a Streamlit page with nothing but a heading. Writes the measurements as JSON and as the page
docs/opening-proof.md. Takes one to two minutes on two cores.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from dev import command_line
from dev.browser import CHROMIUM
from dev.proofs import results
from dev.proofs.circumstances import circumstances
from dev.proofs.opening import opening_times
from dev.proofs.opening_page import page
from sentiment.artifacts import default_run, open_run
from sentiment.paths import RUNS


def main() -> int:
    """Runs the proof; returns the exit status, 1 if it fails."""
    options = _options()
    run = open_run(default_run(options.runs))
    found = opening_times(options.runs, options.chromium, options.starts, options.visits)
    return results.save(found | circumstances(run), options, page)


def _options() -> argparse.Namespace:
    parser = results.parser(__doc__, "opening")
    add = parser.add_argument
    add("--runs", type=Path, default=RUNS, help="folder of runs to serve")
    add("--starts", type=int, default=3, help="number of server starts (default: %(default)s)")
    add("--visits", type=int, default=3, help="visitors for each start, two visits each (default: %(default)s)")
    add("--chromium", type=Path, default=CHROMIUM, help="the browser (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main)

"""Proves that the app serves twenty concurrent visitors: seconds to a verdict, errors, and the server's memory.

Writes the measurements as JSON and as the page docs/people-proof.md. Takes about ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from dev.proofs.circumstances import circumstances
from dev.proofs.people import Plan, at_once, page
from dev.screenshots import serve
from sentiment.artifacts import ArtifactError, open_run, write_json

HOME = Path(__file__).resolve().parents[2]


def main() -> int:
    """Runs the proof; returns the exit status, 1 if it fails."""
    options = _options()
    try:
        opened = open_run(options.artifacts)
    except ArtifactError as error:
        print(f"prove_people.py: {error}", file=sys.stderr)
        return 2
    run = opened.path
    with tempfile.TemporaryDirectory(prefix="prove-people-") as folder:
        runs = Path(folder) / "runs"
        shutil.copytree(run, runs / run.name)
        (runs / "default").write_text(run.name, encoding="utf-8")
        os.environ["SENTIMENT_JOBS"] = str(Path(folder) / "jobs")
        with serve(runs, Path(folder) / "log") as address:
            found = at_once(address, run, Plan(people=options.people, texts=options.texts))
        if found["errors"]:
            print((Path(folder) / "log").read_text(encoding="utf-8"), file=sys.stderr)
    found |= circumstances(opened)
    write_json(options.json, found)
    options.page.write_text(page(found), encoding="utf-8")
    return 0 if found["holds"] else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--artifacts", type=Path, metavar="RUN_FOLDER", help="run to use (default: artifacts/default)")
    add("--people", type=int, default=Plan.people, help="number of visitors (default: %(default)s)")
    add("--texts", type=int, default=Plan.texts, help="texts that each visitor analyses (default: %(default)s)")
    add("--json", type=Path, default=HOME / "docs/people-proof.json", help="file for the results")
    add("--page", type=Path, default=HOME / "docs/people-proof.md", help="the page to write")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None

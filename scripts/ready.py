"""Checks that the served run can score: loads it, verifies its hashes, and scores a sentence.

Prints a sentence and exits with 0 if ready, or prints the reason and exits with 1. Use it as a container's health check
or readiness probe. With --url it also asks the server, whose own health check does not cover the model.
"""

from __future__ import annotations

import argparse
import sys
import urllib.request
from pathlib import Path

import _path  # noqa: F401 - makes the package importable

from sentiment import Classifier
from sentiment.artifacts import DEFAULT_RUN, ArtifactError, default_run

_SENTENCE = "A film to see again."


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, metavar="RUN_FOLDER", help=f"run to check (default: {DEFAULT_RUN})")
    parser.add_argument("--url", help="health address of the app to ask too: http://127.0.0.1:8501/_stcore/health")
    options = parser.parse_args()
    try:
        if options.url:
            urllib.request.urlopen(options.url, timeout=10).close()  # noqa: S310 - the caller chooses the address
        run = options.artifacts or default_run()
        [prediction] = Classifier.load(run).predict([_SENTENCE])
    except (ArtifactError, OSError, ValueError) as error:
        print(f"ready.py: not ready: {error}", file=sys.stderr)
        return 1
    print(f"Ready: {run.name} read “{_SENTENCE}” as {prediction.label} ({prediction.probability:.1%} positive).")
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None

"""Checks that the served run can score: loads it, verifies its hashes, and scores a sentence.

Prints a sentence and exits with 0 if ready, or prints the reason and exits with 1. Use it as a container's health check
or readiness probe. With --url it also asks the server, whose own health check does not cover the model.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Sequence
from pathlib import Path

from sentiment.artifacts import DEFAULT_RUN, ArtifactError, default_run
from sentiment.commands import fail
from sentiment.commands.parser import Parser
from sentiment.model.classifier import Classifier

_SENTENCE = "A film to see again."


def main(arguments: Sequence[str], prog: str) -> int:
    """Runs the command line; returns the exit status."""
    parser = Parser(prog, __doc__, "%(prog)s\n%(prog)s --url http://127.0.0.1:8501/_stcore/health")
    parser.add_argument("--artifacts", type=Path, metavar="RUN_FOLDER", help=f"run to check (default: {DEFAULT_RUN})")
    parser.add_argument("--url", help="health address of the app to ask too: http://127.0.0.1:8501/_stcore/health")
    options = parser.parse_args(arguments)
    try:
        if options.url:
            urllib.request.urlopen(options.url, timeout=10).close()  # noqa: S310 - the caller chooses the address
        run = options.artifacts or default_run()
        [prediction] = Classifier.load(run).predict([_SENTENCE])
    except (ArtifactError, OSError, ValueError) as error:
        return fail(prog, f"not ready: {error}", status=1)
    print(f"Ready: {run.name} read “{_SENTENCE}” as {prediction.label} ({prediction.probability:.1%} positive).")
    return 0

"""Checks that the served run can score. Use it as a container's health check or readiness probe.

With --url it asks a running server, whose model is loaded already. Without --url it loads the default run, verifies
its hashes and scores a sentence. Prints a sentence and exits with 0 if ready, or prints the reason and exits with 1.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from sentiment.artifacts import DEFAULT_RUN, ArtifactError, default_run
from sentiment.commands import fail
from sentiment.commands.parser import Parser

_SENTENCE = "A film to see again."
_SECONDS = 15  # a server may have to load its model first
_READY = "/api/ready"


def main(arguments: Sequence[str], prog: str) -> int:
    """Runs the command line; returns the exit status."""
    parser = Parser(prog, __doc__, f"%(prog)s\n%(prog)s --url http://127.0.0.1:8501{_READY}")
    parser.add_argument("--artifacts", type=Path, metavar="RUN_FOLDER", help=f"run to check (default: {DEFAULT_RUN})")
    parser.add_argument(
        "--url",
        help=f"{_READY} of a server to ask instead; with another address, such as /_stcore/health, both are checked. "
        "The environment variable SENTIMENT_API_TOKEN holds the token, if the server needs one",
    )
    options = parser.parse_args(arguments)
    try:
        if options.url:
            answer = _ask(options.url)
            if options.url.endswith(_READY):
                return _report(prog, answer)
        return _check(options.artifacts or default_run())
    except (ArtifactError, OSError, ValueError) as error:
        return fail(prog, f"not ready: {error}", status=1)


def _ask(url: str) -> bytes:
    """Returns the answer of a server, even that of an error if ``/api/ready`` sent it."""
    headers = {"Authorization": f"Bearer {token}"} if (token := os.environ.get("SENTIMENT_API_TOKEN")) else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the caller chooses the address
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        if not url.endswith(_READY):
            raise
        return error.read()


def _report(prog: str, answer: bytes) -> int:
    try:
        found = dict(json.loads(answer))
    except (ValueError, TypeError):
        found = {"error": "no server of this program answers there."}
    if found.get("ready") is not True:
        return fail(prog, f"not ready: {found.get('error')}", status=1)
    print(f"Ready: the server scores with {found.get('run')}.")
    return 0


def _check(run: Path) -> int:
    from sentiment.model.classifier import Classifier  # here, because it imports ONNX Runtime

    [prediction] = Classifier.load(run).predict([_SENTENCE])
    print(f"Ready: {run.name} read “{_SENTENCE}” as {prediction.label} ({prediction.probability:.1%} positive).")
    return 0

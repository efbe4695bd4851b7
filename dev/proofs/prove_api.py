"""Proves that the API is about as fast as scoring files, and that it does not slow down the app's visitors.

Serves the app on loopback. First it measures a request of 256 texts, in turns with the same texts scored by the engine
for files. Then one program sends such requests, one directly after another, for a bounded time, while a visitor
analyses a review every half second. Prints the seconds as JSON; exits with 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from dev.proofs.circumstances import circumstances
from dev.proofs.files import reviews
from dev.proofs.people import quantiles
from dev.proofs.worst_visitor import ordinary_verdicts
from dev.screenshots import serve
from dev.system import process_of, resident_megabytes
from sentiment.artifacts import ArtifactError, open_run
from sentiment.model.classifier import Classifier
from sentiment.model.lookup_session import load_bulk

TEXTS = 256  # in a request
MAX_RATIO = 2  # of a request to the engine for files
MAX_VERDICT_SECONDS = 0.3  # for 95% of the visitor's verdicts
_PARTS = 5  # of a text, which make some 200 words


def texts() -> list[str]:
    """Returns the different texts of a request, each as long as a film review."""
    parts = reviews(TEXTS * _PARTS, seed=1)
    return [" ".join(islice(parts, _PARTS)) for _ in range(TEXTS)]


def request(address: str, content: bytes) -> float:
    """Sends a request; returns the seconds to its answer."""
    began = time.perf_counter()
    headers = {"Content-Type": "application/json"}
    sent = urllib.request.Request(f"{address}/api/predict", content, headers)  # noqa: S310 - our own server
    with urllib.request.urlopen(sent, timeout=60) as answer:  # noqa: S310
        predictions = json.load(answer)["predictions"]
    if len(predictions) != TEXTS:
        raise RuntimeError("The API left texts out.")
    return time.perf_counter() - began


def compare(address: str, run: Path, rounds: int) -> dict[str, Any]:
    """Returns the seconds of the API and of the engine for files, measured in turns."""
    batch = texts()
    content, engine = json.dumps({"texts": batch}).encode(), load_bulk(run)
    seconds: dict[str, list[float]] = {"api": [], "engine": []}
    for number in range(rounds + 1):
        api = request(address, content)
        began = time.perf_counter()
        engine.predict(batch)
        if number:  # the first round loads the models
            seconds["api"].append(api)
            seconds["engine"].append(time.perf_counter() - began)
    ratio = statistics.median(seconds["api"]) / statistics.median(seconds["engine"])
    return {**{name: quantiles(each) for name, each in seconds.items()}, "ratio": ratio}


def visit(address: str, run: Path, seconds: float, load: Sequence[bytes] = ()) -> dict[str, Any]:
    """Returns the seconds to a visitor's verdicts while requests are sent, one for each of ``load`` at a time."""
    end, sent = time.monotonic() + seconds, [0] * len(load)

    def send(number: int) -> None:
        while time.monotonic() < end:
            request(address, load[number])
            sent[number] += 1

    programs = [threading.Thread(target=send, args=(number,)) for number in range(len(load))]
    for program in programs:
        program.start()
    found = ordinary_verdicts(address, Classifier.load(run), cycle(reviews(200, seed=2)), end)
    for program in programs:
        program.join()
    return {**quantiles(found), "requests": sum(sent), "server_megabytes": resident_megabytes(process_of(address))}


def main() -> int:
    """Runs the command line; returns the exit status, 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, metavar="RUN_FOLDER", help="the run to use")
    parser.add_argument("--seconds", type=float, default=20, help="for each half of the load test; %(default)s")
    parser.add_argument("--rounds", type=int, default=7, help="of the comparison; %(default)s")
    options = parser.parse_args()
    try:
        opened = open_run(options.artifacts)
    except ArtifactError as error:
        print(f"prove_api.py: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="prove-api-", ignore_cleanup_errors=True) as folder:
        os.environ["SENTIMENT_JOBS"] = str(Path(folder) / "jobs")
        os.environ.pop("SENTIMENT_API_TOKEN", None)
        with serve(opened.path.parent, Path(folder) / "log") as address:
            visit(address, opened.path, 2)  # loads what the first visitor would wait for
            alone = visit(address, opened.path, options.seconds)
            compared = compare(address, opened.path, options.rounds)
            content = json.dumps({"texts": texts()}).encode()
            loaded = visit(address, opened.path, options.seconds, [content])
    holds = compared["ratio"] <= MAX_RATIO and loaded["p95"] < MAX_VERDICT_SECONDS
    found = {"request": compared, "visitor_alone": alone, "visitor_during_api_load": loaded, "holds": holds}
    print(json.dumps({**found, **circumstances(opened)}, indent=2))
    return 0 if holds else 1


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None

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
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from dev import command_line
from dev.proofs import results
from dev.proofs.circumstances import circumstances
from dev.proofs.generated_reviews import reviews
from dev.proofs.verdicts import ordinary_verdicts, quantiles
from dev.serving import serve_alone
from dev.system import process_of, resident_megabytes
from sentiment.artifacts import open_run
from sentiment.model.classifier import Classifier
from sentiment.model.lookup_session import load_bulk

TEXTS = 256  # in a request
MAX_RATIO = 2  # of the seconds of a request to those of the engine for files
MAX_VERDICT_SECONDS = 0.3  # for 95% of the visitor's verdicts
_PARTS = 5  # of a text, which make some 200 words
_WARM_UP = 2  # seconds of verdicts that are not measured; they load what the first visitor would wait for


def main() -> int:
    """Runs the proof; returns the exit status, 1 if a target is missed."""
    options = _options()
    opened = open_run(options.artifacts)
    run = opened.path
    os.environ.pop("SENTIMENT_API_TOKEN", None)  # so that the API answers this machine without a token
    scratch = tempfile.TemporaryDirectory(prefix="prove-api-", ignore_cleanup_errors=True)
    with scratch as folder, serve_alone(run, Path(folder)) as address:
        visit(address, run, _WARM_UP)
        alone = visit(address, run, options.seconds)
        compared = compare(address, run, options.rounds)
        loaded = visit(address, run, options.seconds, [_content(texts())])
    holds = compared["ratio"] <= MAX_RATIO and loaded["p95"] < MAX_VERDICT_SECONDS
    found = {"request": compared, "visitor_alone": alone, "visitor_during_api_load": loaded, "holds": holds}
    print(json.dumps({**found, **circumstances(opened)}, indent=2))
    return 0 if holds else 1


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
    content, engine = _content(batch), load_bulk(run)
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
    """Returns the seconds to a visitor's verdicts while a program sends each request of ``load`` repeatedly."""
    end = time.monotonic() + seconds

    def send(content: bytes) -> int:
        sent = 0
        while time.monotonic() < end:
            request(address, content)
            sent += 1
        return sent

    with ThreadPoolExecutor() as pool:
        sending = [pool.submit(send, content) for content in load]
        found = ordinary_verdicts(address, Classifier.load(run), cycle(reviews(200, seed=2)), end)
        requests = sum(each.result() for each in sending)
    return {**quantiles(found), "requests": requests, "server_megabytes": resident_megabytes(process_of(address))}


def _content(batch: list[str]) -> bytes:
    return json.dumps({"texts": batch}).encode()


def _options() -> argparse.Namespace:
    parser = command_line.parser(__doc__)
    results.add_run(parser)
    parser.add_argument(
        "--seconds", type=float, default=20, help="seconds of each half of the load test (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=7, help="rounds of the comparison (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main)

"""Measures the time to a verdict on an ordinary review while another visitor attacks the app.

``prove_attacks`` serves the app on loopback.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Any

from dev.proofs.attacks import Attack
from dev.proofs.generated_reviews import reviews
from dev.proofs.verdicts import ordinary_verdicts, quantiles
from dev.proofs.workers import end_workers, workers
from dev.system import process_of, resident_megabytes
from sentiment.model.classifier import Classifier

_WARM_UP = 3  # seconds of verdicts that are not measured; they load what the first visitor would wait for
_PATIENCE = 120  # seconds within which an attack must end
_POLL = 0.2  # seconds between two measurements of memory


def measure(address: str, run: Path, jobs: Path, attacks: Mapping[str, Attack], seconds: float) -> dict[str, Any]:
    """Returns for each attack, and for ``idle``, the verdicts' seconds and the memory, and what the attack reached.

    Args:
        address: of the app.
        run: the run that it serves.
        jobs: the folder of its jobs.
        attacks: the attacks, by name.
        seconds: the duration of each attack.
    """
    texts, classifier = cycle(reviews(200, seed=1)), Classifier.load(run)
    ordinary_verdicts(address, classifier, texts, time.monotonic() + _WARM_UP)
    found = {"idle": _phase(address, classifier, jobs, texts, seconds)}
    # In its own process, so that the attack does not slow down the measurement.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(int).result()  # so that the process has started
        for name, attack in attacks.items():
            try:
                until = time.monotonic() + seconds
                attacking = pool.submit(attack, address, until)
                found[name] = _phase(address, classifier, jobs, texts, until - time.monotonic())
                found[name]["reached"] = dict(attacking.result(_PATIENCE))
            finally:
                end_workers(jobs)
    return found


def unreached(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Returns the aims that attacks never reached, as ``attack: aim``."""
    reached = ((name, phase.get("reached", {})) for name, phase in found.items())
    return [f"{name}: {aim}" for name, counts in reached for aim, count in counts.items() if count == 0]


def _phase(address: str, classifier: Classifier, jobs: Path, texts: Iterator[str], seconds: float) -> dict[str, Any]:
    """Measures verdicts for so many seconds, and the peak memory meanwhile."""
    server = process_of(address)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ordinary_verdicts, address, classifier, texts, time.monotonic() + seconds)
        most = {"server_megabytes": 0.0, "worker_megabytes": 0.0, "workers": 0}
        while not waiting.done():
            held = [resident_megabytes(worker) for worker in workers(jobs)]
            now = {"server_megabytes": resident_megabytes(server), "worker_megabytes": sum(held), "workers": len(held)}
            most = {name: max(most[name], now[name]) for name in most}
            time.sleep(_POLL)
    return {"verdict_seconds": quantiles(waiting.result()), **most}

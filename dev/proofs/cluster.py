"""Proves that two workers of a cluster are nearly twice as fast as one."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from dev.proofs.generated_reviews import write_table
from sentiment.bulk.pipeline import Task

MIN_RATIO = 1.7  # of the rate of two workers to that of one
_ROWS = 20_000
_REPEATS = 8  # of each review's text, so that reviews are as long as real ones
_STORE = 10**9  # bytes of a node's object store


def two_workers(run: Path, folder: Path) -> dict[str, Any]:
    """Measures rows per second with one worker of one core and with two, on nodes of this machine; needs Ray."""
    (folder / "in").mkdir()
    write_table(folder / "in" / "reviews.csv", _ROWS, _REPEATS)
    one, two = (_rate(run, folder, workers) for workers in (1, 2))
    return {"rows": _ROWS, "one": one, "two": two, "ratio": two / one, "holds": two / one >= MIN_RATIO}


def _rate(run: Path, folder: Path, workers: int) -> float:
    """Returns rows per second from the workers' first finished chunks to the last one, so without their start."""
    from ray.cluster_utils import Cluster  # here, because Ray is optional

    from sentiment.bulk.cluster import score_on_cluster

    progress: list[tuple[float, int]] = []

    def report(stage: str, done: int, rows: int) -> None:
        if stage == "scoring":
            progress.append((time.perf_counter(), done))

    node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": _STORE}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        for _ in range(workers - 1):
            cluster.add_node(**node)
        score_on_cluster(Task(folder / "in", folder / "out", ""), run.resolve(), cluster.address, report)
    finally:
        cluster.shutdown()
    shutil.rmtree(folder / "out")
    (began, before), (ended, after) = progress[workers - 1], progress[-1]
    return (after - before) / (ended - began)

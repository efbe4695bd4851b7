"""The proof that two workers of a cluster do nearly twice the work of one."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from dev.proofs.files import write_table
from sentiment.bulk.cluster import score_on_cluster
from sentiment.bulk.pipeline import Task

RATIO = 1.7  # of the rates of two workers and one, at least
_ROWS = 20_000
_SENTENCES = 8  # times as many as in the other proofs, so that reviews have the length of real ones
_STORE = 10**9  # bytes of a node's object store


def two_workers(run: Path, folder: Path) -> dict[str, Any]:
    """Rows a second with one worker of one core, and with two, on nodes of this machine; needs Ray."""
    (folder / "in").mkdir()
    write_table(folder / "in" / "reviews.csv", _ROWS, _SENTENCES)
    one, two = (_rate(run, folder, workers) for workers in (1, 2))
    return {"rows": _ROWS, "one": one, "two": two, "ratio": two / one, "holds": two / one >= RATIO}


def _rate(run: Path, folder: Path, workers: int) -> float:
    """Rows a second, from the first chunk that is done to the last, so that no start is measured."""
    from ray.cluster_utils import Cluster

    seen: list[tuple[float, int]] = []

    def report(stage: str, done: int, rows: int) -> None:
        if stage == "scoring":
            seen.append((time.perf_counter(), done))

    node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": _STORE}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        for _ in range(workers - 1):
            cluster.add_node(**node)
        score_on_cluster(Task(folder / "in", folder / "out", ""), run.resolve(), cluster.address, report)
    finally:
        cluster.shutdown()
    shutil.rmtree(folder / "out")
    (began, before), (ended, after) = seen[workers - 1], seen[-1]
    return (after - before) / (ended - began)

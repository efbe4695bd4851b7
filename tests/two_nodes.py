"""Scores a folder on a cluster of two nodes on this machine, and kills a worker while it scores.

Prints, as JSON, the process ids of the workers and of the one that was killed. Run by tests/test_bulk_cluster.py.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from ray.cluster_utils import Cluster

from sentiment.bulk.cluster import score_on_cluster
from sentiment.bulk.pipeline import Task

NODE = {"num_cpus": 2, "object_store_memory": 10**9}


def workers(cluster: Cluster) -> list[int]:
    """The ids of the processes in which classifiers run."""
    raylets = {
        info.process.pid
        for node in cluster.list_all_nodes()
        for kind, infos in node.all_processes.items()
        if kind == "raylet"
        for info in infos
    }
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rsplit(") ", 1)[1].split()[1])
            if parent in raylets and b"Scorer" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # the process has just ended
    return found


def main() -> None:
    source, output, run = map(Path, sys.argv[1:])
    cluster = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
    cluster.add_node(**NODE)
    result: dict[str, object] = {"nodes": 2, "ended": None}

    def kill_one(stage: str, done: int, rows: int) -> None:
        if stage == "scoring" and result["ended"] is None:
            result["workers"] = workers(cluster)
            result["ended"] = result["workers"][0]
            os.kill(result["ended"], signal.SIGKILL)

    try:
        reports = score_on_cluster(Task(source, output, ""), run, cluster.address, kill_one)
        result["rows"] = [report["rows"] for report in reports]
    finally:
        cluster.shutdown()
    print(json.dumps(result))


if __name__ == "__main__":
    main()

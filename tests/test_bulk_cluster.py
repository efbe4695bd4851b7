"""Scoring on a Ray cluster: the same bytes as on one machine, and every row once, even if a worker dies."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.bulk.parts import Parts
from sentiment.bulk.pipeline import Task
from sentiment.tables.errors import FileError
from tests.command import run_script

HOME = Path(__file__).resolve().parent.parent
ROWS = 9000

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None and os.environ.get("SENTIMENT_REQUIRE_TOOLS") != "1", reason="Ray is not installed"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two CSV files whose reviews hold line breaks, and one Parquet file."""
    folder = tmp_path_factory.mktemp("cluster") / "in"
    folder.mkdir()
    for number in range(2):
        with (folder / f"part-{number}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "review"])
            writer.writerows([i, f'a good film {i}\nnot "dull", {number}'] for i in range(ROWS))
    table = pa.table({"id": range(ROWS), "review": [f"a bad film {i}" for i in range(ROWS)]})
    pq.write_table(table, folder / "part-2.parquet")
    return folder


@pytest.mark.process
@needs_ray
def test_the_output_is_that_of_one_machine_although_a_worker_is_killed(folder, run, tmp_path):
    command = [sys.executable, "-m", "tests.two_nodes", folder, tmp_path / "out", run]
    environment = {**os.environ, "RAY_raylet_start_wait_time_s": "300"}
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["ended"] in report["workers"]
    assert report["rows"] == [ROWS] * 3
    for source in sorted(folder.iterdir()):
        expected = tmp_path / source.name
        assert run_script("score.py", source, expected, "--artifacts", run).status == 0
        assert (tmp_path / "out" / source.name).read_bytes() == expected.read_bytes()
    assert not (tmp_path / "out.parts").exists()


@needs_ray
def test_an_unreadable_file_becomes_a_row_with_a_sentence(run, tmp_path):
    from sentiment.bulk.cluster import Scorer, _read

    (tmp_path / "a.csv").write_bytes(b"PK\x03\x04")
    task = Task(tmp_path / "a.csv", tmp_path / "out.csv", "csv", folder=tmp_path / "parts")
    [row] = _read({"task": task}, run)
    assert "a.csv is not a file of reviews" in row["error"]
    assert Scorer(run, explain=False)(row) == row


@pytest.mark.process
@needs_ray
def test_finished_parts_are_removed_only_by_a_run_that_owns_them(run, tmp_path, monkeypatch):
    from sentiment.bulk import cluster

    def stop(*_, **__):
        raise FileError("no further")

    (tmp_path / "a.csv").write_text("review\ngood\n")
    task, parts = Task(tmp_path / "a.csv", tmp_path / "out.csv", "csv"), Parts(tmp_path / "out.csv.parts")
    monkeypatch.setattr(cluster, "_connected", lambda address: nullcontext(1))
    monkeypatch.setattr(cluster.ray.data, "from_items", stop)
    with parts.locked():
        for folder in (parts.folder, parts.folder / "b.csv"):  # each holds the parts of one file
            Parts(folder).begin({}, resume=False)
        with pytest.raises(FileError, match="Another run is at work"):
            cluster.score_on_cluster(task, run, None, lambda *_: None)
        assert parts.state() == {}
    with pytest.raises(FileError, match="no further"):
        cluster.score_on_cluster(task, run, None, lambda *_: None)
    assert [path.name for path in parts.folder.iterdir()] == ["lock"]


@needs_ray
def test_two_files_whose_outputs_would_have_one_name_are_refused(tmp_path):
    from sentiment.bulk.cluster import tasks_by_file

    (tmp_path / "in").mkdir()
    for name in ("a.csv", "a.tsv"):
        (tmp_path / "in" / name).write_text("review\n")
    with pytest.raises(FileError, match="same name"):
        tasks_by_file(Task(tmp_path / "in", tmp_path / "out", "csv"))
    assert [each.format for each in tasks_by_file(Task(tmp_path / "in", tmp_path / "out", ""))] == ["csv", "tsv"]


def test_a_folder_is_refused_without_a_cluster(run, tmp_path):
    (tmp_path / "in").mkdir()
    done = run_script("score.py", tmp_path / "in", tmp_path / "out.csv", "--artifacts", run)
    assert done.status == 2
    assert "is not a file" in done.stderr

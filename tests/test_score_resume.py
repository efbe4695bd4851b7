"""``score.py`` resumes an interrupted file where it ended, and refuses if anything has changed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.artifacts import add_parts, open_run, sha256
from sentiment.bulk import pipeline
from sentiment.bulk.pipeline import Task
from sentiment.model.lookup_session import load_bulk
from sentiment.tables.errors import FileError
from tests.command import SCRIPTS
from tests.scoring import REVIEWS, reviews_csv, rows_of, score, score_file
from tests.table_files import sheet_rows
from tests.tiny import tiny_run


@pytest.fixture
def scored(run, tmp_path):
    """Scores a file; returns the output's path."""
    return partial(score_file, run, tmp_path)


@pytest.fixture
def table(tmp_path):
    return reviews_csv(tmp_path / "reviews.csv")


@pytest.fixture
def long_table(tmp_path):
    """A CSV of 20,000 rows, which are scored in several parts."""
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.write("id,review\n")
        file.writelines(f"{i},a good film {i} is not dull {i % 7}\n" for i in range(20_000))
    return path


def start_scoring(run: Path, source: Path, output: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, SCRIPTS / "score.py", source, output, "--artifacts", run]
    return subprocess.Popen(command, stderr=subprocess.PIPE)


def wait_for_parts(output: Path, process: subprocess.Popen[bytes], count: int) -> None:
    """Waits until the process has finished so many parts of the output."""
    folder = output.with_name(output.name + ".parts")
    while len(list(folder.glob("part-*.parquet"))) < count:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)


def kill_after_parts(run: Path, source: Path, output: Path) -> None:
    """Starts to score a file, and kills the process when it has finished two parts."""
    with start_scoring(run, source, output) as process:
        wait_for_parts(output, process, 2)
        process.kill()


@pytest.mark.process
@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet", "xlsx"])
def test_a_killed_run_resumes_to_the_same_output(scored, run, long_table, tmp_path, suffix):
    if suffix == "xlsx":  # which is slow to write
        lines = long_table.read_text().splitlines(keepends=True)
        long_table.write_text("".join(lines[:10_000]))
    output = tmp_path / f"resumed.{suffix}"
    kill_after_parts(run, long_table, output)
    assert not output.exists()
    scored(long_table, output.name, "--resume")
    uninterrupted = scored(long_table, f"uninterrupted.{suffix}")
    if suffix == "parquet":
        assert pq.read_table(output).equals(pq.read_table(uninterrupted))
    elif suffix == "xlsx":
        assert sheet_rows(output) == sheet_rows(uninterrupted)
    else:
        assert output.read_bytes() == uninterrupted.read_bytes()


@pytest.mark.process
def test_resuming_keeps_the_finished_parts(scored, run, long_table, tmp_path):
    output = tmp_path / "out.csv"
    kill_after_parts(run, long_table, output)
    first = output.with_name("out.csv.parts") / "part-000000.parquet"
    table = pq.read_table(first)
    marked = table.set_column(1, "c1", pa.array(["kept"] * len(table), pa.string()))
    pq.write_table(marked, first)
    assert rows_of(scored(long_table, "out.csv", "--resume"))[1][1] == "kept"


@pytest.mark.process
def test_resuming_is_refused_if_the_input_or_an_option_changed(scored, run, long_table, tmp_path):
    output = tmp_path / "out.csv"
    kill_after_parts(run, long_table, output)
    done = score(long_table, output, "--artifacts", run, "--resume", "--explain")
    assert done.status == 2
    assert "explain option changed" in done.stderr
    with long_table.open("a") as file:
        file.write("x,one more\n")
    done = score(long_table, output, "--artifacts", run, "--resume")
    assert done.status == 2
    assert "The input changed" in done.stderr
    assert rows_of(scored(long_table, "out.csv"))[-1][:2] == ["x", "one more"]


def test_results_added_to_a_run_do_not_prevent_resuming(table, tmp_path):
    run = tiny_run(tmp_path / "run")
    task = Task(table, tmp_path / "out.csv", "csv", folder=tmp_path / "parts", resume=True)
    pipeline.score_file(task, load_bulk(run), lambda *_: None)
    add_parts(open_run(run), {"test.json": {"accuracy": 0.9}})
    report = pipeline.score_file(task, load_bulk(run), lambda *_: None)
    assert report["model"]["manifest_sha256"] == sha256(run / "manifest.json")


def test_resuming_is_refused_with_another_model(table, tmp_path):
    task = Task(table, tmp_path / "out.csv", "csv", folder=tmp_path / "parts", resume=True)
    pipeline.score_file(task, load_bulk(tiny_run(tmp_path / "run")), lambda *_: None)
    with pytest.raises(FileError, match="The model changed"):
        pipeline.score_file(task, load_bulk(tiny_run(tmp_path / "other", seed=1)), lambda *_: None)


def test_resume_without_finished_parts_starts_from_the_beginning(scored, table):
    assert len(rows_of(scored(table, "out.csv", "--resume"))) == len(REVIEWS) + 1


@pytest.mark.process
def test_an_interrupted_run_ends_with_130_and_says_how_to_resume(run, long_table, tmp_path):
    process = start_scoring(run, long_table, tmp_path / "out.csv")
    wait_for_parts(tmp_path / "out.csv", process, 1)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"--resume" in stderr
    assert b"Traceback" not in stderr
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.process
def test_a_second_run_on_the_same_output_is_refused(run, long_table, tmp_path):
    process = start_scoring(run, long_table, tmp_path / "out.csv")
    wait_for_parts(tmp_path / "out.csv", process, 1)
    process.send_signal(signal.SIGSTOP)  # so that it cannot end before the other starts
    done = score(long_table, tmp_path / "out.csv", "--artifacts", run)
    process.kill()
    process.communicate()
    assert done.status == 2
    assert "Another run is at work" in done.stderr

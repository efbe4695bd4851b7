"""Scores files on a cluster with Ray Data: files are read in parallel, and each core has an actor with a classifier.

::

    files -> one task per file reads chunks -> actors score chunks into parts -> one task per file writes its output

Chunks, parts and outputs are those of a local run, byte for byte. A part has its own name and appears only when it is
complete. So a chunk that is scored twice because a worker died is stored once, and ``--resume`` works as it does
locally. All paths must lead to the same files on every machine.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import ray
import ray.data

from sentiment.bulk.parts import Parts
from sentiment.bulk.pipeline import OpenedTask, Task, check_output, finish
from sentiment.bulk.scoring import score_chunk
from sentiment.model.lookup_session import load_bulk
from sentiment.paths import HOME
from sentiment.tables.errors import FileError
from sentiment.tables.formats import OUTPUT_FORMATS, detect_format
from sentiment.tables.joining import joined_chunks
from sentiment.types import Report

Row = dict[str, Any]

_OBJECT_STORE = 1 << 30  # bytes, for a cluster on this machine only


def score_on_cluster(task: Task, run: Path, address: str | None, report: Report) -> list[Row]:
    """Scores a file or a folder of files, and returns the report of each file.

    Args:
        task: the task; its input and output are both files or both folders.
        run: the run's folder.
        address: of the cluster; None starts one on this machine.
        report: called with the number of rows scored.

    Raises:
        FileError: an input, an option or an output cannot be used.
    """
    clock, tasks = perf_counter(), tasks_by_file(task)
    parts = Parts(task.parts)
    with parts.locked(), _connected(address) as cores:
        if not task.resume:
            parts.clear()
        files = ray.data.from_items([{"task": each} for each in tasks], override_num_blocks=len(tasks))
        readers = ray.data.TaskPoolStrategy(size=cores)
        chunks = files.flat_map(partial(_read, run=run), num_cpus=0, compute=readers)
        done = 0
        scored = chunks.map(
            Scorer,  # Ray makes an actor of a class that can be called
            fn_constructor_args=(run, task.explain),
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=cores),
        )
        for row in _rows(scored):
            done += row["rows"]
            report("scoring", done, 0)
        report("writing", done, done)
        finished = files.map(partial(_finish, run=run, clock=clock), num_cpus=0, compute=readers)
        found = [row["content"] for row in _rows(finished)]
        parts.delete()
    return found


def tasks_by_file(task: Task) -> list[Task]:
    """Returns the task itself, or a task for each file if its input is a folder.

    Raises:
        FileError: there is no file to read, or an output cannot be written.
    """
    if not task.input.is_dir():
        check_output(task)
        return [replace(task, folder=task.parts)]
    files = sorted(path for path in task.input.iterdir() if path.is_file() and not path.name.startswith((".", "_")))
    if not files:
        raise FileError(f"The folder {task.input} holds no files.")
    task.output.mkdir(exist_ok=True)
    tasks = []
    for file in files:
        read, _ = detect_format(file)
        format = task.format or (read if read in OUTPUT_FORMATS else "csv")
        output = task.output / f"{file.name.split('.')[0]}.{format}"
        tasks.append(replace(task, input=file, output=output, format=format, folder=task.parts / file.name))
    if len({each.output for each in tasks}) < len(tasks):
        raise FileError("Two files of the folder have the same name up to the first dot; rename one of them.")
    for each in tasks:
        check_output(each)
    return tasks


class Scorer:
    """A Ray actor that holds the classifier, on one core."""

    def __init__(self, run: Path, explain: bool) -> None:
        self._classifier = load_bulk(run, threads=1)
        self._explain = explain

    def __call__(self, row: Row) -> Row:
        """Scores the chunk of a row and writes its part."""
        if "error" in row:
            return row
        Parts(row["folder"]).write(row["number"], score_chunk(self._classifier, row["chunk"], self._explain))
        return {"rows": len(row["chunk"].texts)}


@contextmanager
def _connected(address: str | None) -> Iterator[int]:
    """Connects to a cluster and yields its number of cores; switches off Ray's usage reports."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    environment = {"env_vars": {"PYTHONPATH": str(HOME)}}
    try:
        ray.init(
            address or "local",
            object_store_memory=None if address else _OBJECT_STORE,
            include_dashboard=None if address else False,
            runtime_env=environment,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except ConnectionError as error:
        raise FileError(f"There is no cluster at {address}.") from error
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.target_max_block_size = 1  # one chunk per block, so that no actor waits while another has several
    try:
        yield max(1, int(ray.cluster_resources().get("CPU", 1)))
    finally:
        ray.shutdown()


def _read(row: Row, run: Path) -> Iterator[Row]:
    """Yields the chunks of a file whose parts are missing."""
    try:
        opened = OpenedTask.open(row["task"], run)
        parts = Parts(row["task"].parts)
        parts.begin(opened.state, resume=True)  # an earlier reader of this file may have died
        for number, chunk in enumerate(joined_chunks(opened.source, opened.texts)):
            if not parts.path(number).exists():
                yield {"folder": parts.folder, "number": number, "chunk": chunk}
    except FileError as error:
        yield {"error": str(error)}


def _finish(row: Row, run: Path, clock: float) -> Row:
    try:
        return {"content": finish(OpenedTask.open(row["task"], run), run, clock)}
    except FileError as error:  # for example: a workbook cannot hold the output
        return {"error": str(error)}


def _rows(dataset: ray.data.Dataset) -> Iterator[Row]:
    """Yields the rows of a data set as they arrive.

    Raises:
        FileError: a row reports an error, or the cluster has failed.
    """
    try:
        for row in dataset.iter_rows():
            if row.get("error"):
                raise FileError(row["error"])
            yield row
    except ray.exceptions.RayError as error:
        raise FileError(f"The cluster failed: {str(error).strip().splitlines()[-1]}") from error

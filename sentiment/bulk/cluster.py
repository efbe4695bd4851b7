"""The same work on a cluster, by Ray Data: files read side by side, one classifier an actor of one core.

::

    files -> a task a file reads its chunks -> actors score chunks into parts -> a task a file writes its output

Chunks, parts and outputs are those of a local run, byte for byte. A part has its own name and appears when whole, so
a chunk that is scored twice because a worker died is still there once, and ``--resume`` works as it does locally. All
paths must lead to the same files on every machine.
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

from sentiment.artifacts import ROOT
from sentiment.bulk.errors import BulkError
from sentiment.bulk.parts import Parts
from sentiment.bulk.pipeline import Opened, Task, check_output, finish
from sentiment.bulk.progress import Report
from sentiment.bulk.readers.decoding import WRITTEN_FORMS, form_of
from sentiment.bulk.scoring import score_chunk
from sentiment.model.lookup_session import load_bulk

Row = dict[str, Any]

_OBJECT_STORE = 1 << 30  # bytes, of a cluster on this machine alone


def score_on_cluster(task: Task, run: Path, address: str | None, report: Report) -> list[Row]:
    """Does the task, whose input and output are a file each or a folder each; gives what the JSON of each file says.

    Args:
        task: the task.
        run: the run's folder.
        address: of the cluster; one is started on this machine where None.
        report: is told of the rows scored.

    Raises:
        BulkError: an input, an option or an output cannot be used.
    """
    clock, tasks = perf_counter(), files_of(task)
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


def files_of(task: Task) -> list[Task]:
    """The task itself, or one for each file of the folder that is its input.

    Raises:
        BulkError: there is nothing to read, or nowhere to write.
    """
    if not task.input.is_dir():
        check_output(task)
        return [replace(task, folder=task.parts)]
    files = sorted(path for path in task.input.iterdir() if path.is_file() and not path.name.startswith((".", "_")))
    if not files:
        raise BulkError(f"The folder {task.input} holds no files.")
    task.output.mkdir(exist_ok=True)
    tasks = []
    for file in files:
        read, _ = form_of(file)
        form = task.form or (read if read in WRITTEN_FORMS else "csv")
        output = task.output / f"{file.name.split('.')[0]}.{form}"
        tasks.append(replace(task, input=file, output=output, form=form, folder=task.parts / file.name))
    if len({each.output for each in tasks}) < len(tasks):
        raise BulkError("Two files of the folder have the same name but for what follows its first dot.")
    for each in tasks:
        check_output(each)
    return tasks


class Scorer:
    """An actor: the classifier, on one core."""

    def __init__(self, run: Path, explain: bool) -> None:
        self._classifier = load_bulk(run, threads=1)
        self._explain = explain

    def __call__(self, row: Row) -> Row:
        """Scores the chunk of a row into its part."""
        if "error" in row:
            return row
        Parts(row["folder"]).write(row["number"], score_chunk(self._classifier, row["chunk"], self._explain))
        return {"rows": len(row["chunk"].texts)}


@contextmanager
def _connected(address: str | None) -> Iterator[int]:
    """A connection to a cluster; gives how many cores it has. Nothing is reported to anyone."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    environment = {"env_vars": {"PYTHONPATH": str(ROOT.parent)}}
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
        raise BulkError(f"There is no cluster at {address}.") from error
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.target_max_block_size = 1  # a chunk a block, so that no actor waits while another has several
    try:
        yield max(1, int(ray.cluster_resources().get("CPU", 1)))
    finally:
        ray.shutdown()


def _read(row: Row, run: Path) -> Iterator[Row]:
    """The chunks of a file whose parts do not stand yet."""
    try:
        opened = Opened.of(row["task"], run)
        parts = Parts(row["task"].parts)
        parts.begin(opened.state, resume=True)  # a reader that died may have been here before
        for number, chunk in enumerate(opened.source.chunks(opened.text)):
            if not parts.path(number).exists():
                yield {"folder": parts.folder, "number": number, "chunk": chunk}
    except BulkError as error:
        yield {"error": str(error)}


def _finish(row: Row, run: Path, clock: float) -> Row:
    try:
        return {"content": finish(Opened.of(row["task"], run), run, clock)}
    except BulkError as error:  # a workbook cannot hold it
        return {"error": str(error)}


def _rows(dataset: ray.data.Dataset) -> Iterator[Row]:
    """The rows of a data set as they come.

    Raises:
        BulkError: one of them is an error, or the cluster gave up.
    """
    try:
        for row in dataset.iter_rows():
            if row.get("error"):
                raise BulkError(row["error"])
            yield row
    except ray.exceptions.RayError as error:
        raise BulkError(f"The cluster gave up: {str(error).strip().splitlines()[-1]}") from error

"""Scores one file of reviews, and writes the scored file with a JSON report next to it."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import pyarrow.compute as pc

from sentiment.artifacts import MANIFEST, REQUIRED, sha256, write_json
from sentiment.bulk.parts import Parts
from sentiment.bulk.results import Results
from sentiment.bulk.scoring import score_all
from sentiment.bulk.writing import Layout, check_limits, write_output
from sentiment.model.classifier import Classifier
from sentiment.model.native.batch import int8_backend
from sentiment.tables.base import Options, Source
from sentiment.tables.columns import doubtful_columns, find_column, find_columns, guess_text_column
from sentiment.tables.errors import FileError
from sentiment.tables.headers import header_note
from sentiment.tables.labels import Meaning
from sentiment.tables.open import header_in_doubt, open_source, survey
from sentiment.types import Report

_LISTED = 100  # unreadable rows, and values of labels, that the report lists


@dataclass(frozen=True, slots=True)
class Task:
    """A file to score, and how.

    Attributes:
        input: the file of reviews.
        output: the file of the scored rows.
        format: the output's format.
        text_column: the column to score, or several to join: see ``columns.find_columns``. None guesses.
        label_column: the column with labels, a name or number, or a position from 0; None if there is none.
        labels: the meanings of the label column's values, as ``parse_labels`` returns them. None guesses.
        explain: add the strongest words of every row.
        fast: use int8 arithmetic.
        resume: keep the finished parts of an interrupted run.
        folder: where the parts are written and kept; None writes them next to the output and deletes them at the end.
        name: the input's name in the report; None takes the file's name.
        raw: do not escape cells that a spreadsheet would run as formulas.
        bom: begin CSV and TSV with a byte order mark.
        options: how to read the input.
    """

    input: Path
    output: Path
    format: str
    text_column: str | int | Sequence[int] | None = None
    label_column: str | int | None = None
    labels: Mapping[str, int | None] | None = None
    explain: bool = False
    fast: bool = False
    resume: bool = False
    folder: Path | None = None
    name: str | None = None
    raw: bool = False
    bom: bool = False
    options: Options = field(default_factory=Options)

    @property
    def parts(self) -> Path:
        """The folder of the parts."""
        return self.folder or self.output.with_name(self.output.name + ".parts")

    @property
    def report(self) -> Path:
        """The JSON report next to the output."""
        return self.output.with_name(self.output.name + ".json")


@dataclass(frozen=True, slots=True)
class OpenedTask:
    """A task whose input is open and whose columns are known.

    Attributes:
        task: the task.
        source: the input.
        texts: the positions of the columns to score, joined.
        label: the position of the column with labels, None if there is none.
        state: the input, the model and the options that the parts depend on; see ``Parts.begin``.
    """

    task: Task
    source: Source
    texts: list[int]
    label: int | None
    state: dict[str, Any]

    @classmethod
    def open(cls, task: Task, run: Path) -> OpenedTask:
        """Opens the task's input for scoring by a run.

        Raises:
            FileError: the input cannot be read, or a column is missing.
        """
        source = open_source(task.input, task.options)
        texts, label = resolve_columns(source, task.text_column, task.label_column)
        return cls(task, source, texts, label, _state(task, run, texts))


def score_file(task: Task, classifier: Classifier, report: Report) -> dict[str, Any]:
    """Scores a file and returns its report.

    Raises:
        FileError: the input, the options or the output cannot be used.
    """
    clock = perf_counter()
    check_output(task)
    opened = OpenedTask.open(task, classifier.run)
    total = survey(opened.source, opened.texts[0], report)
    widest = Layout(opened.source, opened.texts[0], explain=task.explain, problems=total.unreadable + total.extra > 0)
    check_limits(task.format, total, len(widest.names))
    parts = Parts(task.parts)
    with parts.locked():
        parts.begin(opened.state, task.resume)
        score_all(classifier, opened.source, opened.texts, parts, task.explain, total.rows, report)
        report("writing", total.rows, total.rows)
        return finish(opened, classifier.run, clock)


def finish(opened: OpenedTask, run: Path, clock: float) -> dict[str, Any]:
    """Writes the output and its report from the complete parts, and returns the report.

    Args:
        opened: the task.
        run: the run that scored it.
        clock: the value of ``perf_counter`` at the start.
    """
    task, source, parts = opened.task, opened.source, Parts(opened.task.parts)
    layout = export(
        source, opened.texts[0], parts, task.output, task.format, explain=task.explain, raw=task.raw, bom=task.bom
    )
    counted = counts(parts)
    unreadable, extra = _problems(parts)
    labelled = opened.label is not None
    results = Results(parts, source.columns, opened.texts, opened.label, task.labels)
    content = {
        "model": {"run": run.name, "manifest_sha256": sha256(run / MANIFEST)},
        "input": _describe_input(opened) | {"labels": _meanings(results) if labelled else None},
        "output": {"name": task.output.name, "form": task.format, "sha256": sha256(task.output)},
        "options": {
            "explain": task.explain,
            "arithmetic": "int8" if task.fast else "float32",
            "int8_measured": _measured_effect(run) if task.fast else None,
            "raw": task.raw,
            "bom": task.bom,
        },
        "columns": dict(zip(layout.added, layout.names[len(source.columns) :], strict=True)),
        "rows": sum(counted["status"].values()),
        "counts": counted,
        "unreadable": unreadable,
        "extra_cells": extra,
        "against_labels": results.label_metrics() if labelled else None,
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(perf_counter() - clock, 3),
    }
    write_json(task.report, content)
    if task.folder is None:
        parts.delete()
    return content


def _measured_effect(run: Path) -> dict[str, Any] | None:
    """Returns the measured effect of int8 arithmetic, with this machine's backend, on test reviews.

    Returns None if the benchmark next to the run has no such measurement. ``dev.benchmarking.files.effect_of_fast``
    explains the names.
    """
    path = run.parent / "BENCHMARKS.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    if found is None or found["run"].get("model_sha256") != sha256(run / "model.onnx"):  # older files lack it
        return None
    effect: dict[str, Any] | None = found["fast"]
    return effect if effect and effect.get("way") == int8_backend() else None


def export(
    source: Source,
    text: int,
    parts: Parts,
    output: Path,
    format: str,
    *,
    explain: bool,
    raw: bool = False,
    bom: bool = False,
) -> Layout:
    """Writes the finished parts in a format; see ``writing.write_output``."""
    layout = Layout(source, text, explain=explain, problems=any(_problems(parts)))
    write_output(parts, layout, output, format, raw=raw, bom=bom)
    return layout


def resolve_columns(
    source: Source, text: str | int | Sequence[int] | None, label: str | int | None
) -> tuple[list[int], int | None]:
    """Returns the positions of the text columns and of the label column; guesses a text column if it is None.

    Raises:
        FileError: a column does not exist.
    """
    if text is None:
        positions = [guess_text_column(source.columns, source.sample(), source.texts)]
    else:
        positions = find_columns(source.columns, text)
    return positions, None if label is None else find_column(source.columns, label)


def counts(parts: Parts) -> dict[str, dict[str, int]]:
    """Counts the rows by sentiment, confidence and status."""
    names = ("sentiment", "confidence", "status")
    result: dict[str, Counter[str]] = {name: Counter() for name in names}
    for part in parts.tables(list(names)):
        for name in names:
            result[name].update(value for value in part[name].to_pylist() if value is not None)
    return {name: dict(counter.most_common()) for name, counter in result.items()}


def _describe_input(opened: OpenedTask) -> dict[str, Any]:
    task, columns, sample = opened.task, opened.source.columns, opened.source.sample()
    names = [columns[position] for position in opened.texts]
    return {
        "name": task.name or task.input.name,
        "bytes": task.input.stat().st_size,
        "sha256": opened.state["input"],
        "form": opened.source.format,
        **opened.source.found,
        "notes": opened.source.remarks(),
        "text_column": names[0] if len(names) == 1 else names,
        "text_column_doubtful": bool(doubtful_columns(columns, sample, opened.texts)),
        "header_in_doubt": header_note(columns) if header_in_doubt(opened.source, task.options, sample) else None,
        "label_column": None if opened.label is None else columns[opened.label],
    }


def _meanings(results: Results) -> dict[str, Meaning]:
    """Returns the meanings of the first values of the label column."""
    return dict(islice(results.meanings.items(), _LISTED))


def _problems(parts: Parts) -> tuple[list[str], int]:
    """Returns the problems of the first unreadable rows, and the number of other rows with surplus cells."""
    problems: list[str] = []
    others = 0
    for part in parts.tables(["problem", "status"]):
        unreadable = pc.equal(part["status"], "unreadable")
        if len(problems) < _LISTED:
            problems += part["problem"].filter(unreadable).drop_null().to_pylist()
        others += pc.sum(pc.and_(pc.is_valid(part["problem"]), pc.invert(unreadable))).as_py() or 0
    return problems[:_LISTED], others


def check_output(task: Task) -> None:
    """Checks that the output can be written.

    Raises:
        FileError: its folder is missing or not writable, or the output is the input.
    """
    folder = task.output.parent
    if not folder.is_dir():
        raise FileError(f"There is no folder {folder} for the output.")
    if not os.access(folder, os.W_OK):
        raise FileError(f"The folder {folder} cannot be written to.")
    if task.output.is_dir():
        raise FileError(f"{task.output} is a folder; name a file for the output.")
    with suppress(OSError):  # a missing input is reported when it is opened
        if task.output.exists() and task.output.samefile(task.input):
            raise FileError("The output is the input; name another file.")


def _state(task: Task, run: Path, texts: list[int]) -> dict[str, Any]:
    """Returns the state that the parts depend on; its keys appear in the message that refuses to resume."""
    options = task.options
    reading = [options.format, options.encoding, options.delimiter, options.header]
    return {
        "input": sha256(task.input),
        "model": [sha256(run / part) for part in REQUIRED],  # evaluation results do not change a verdict
        "text column": texts[0] if len(texts) == 1 else texts,
        "explain option": task.explain,
        "fast option": task.fast and int8_backend(),
        "reading options": [*reading, options.sheet] if options.sheet else reading,
    }

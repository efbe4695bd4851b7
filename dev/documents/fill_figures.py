"""Figures quoted in a document, written between markers from the runs' folders and never typed.

``<!-- figures:NAME RUN -->...<!-- /figures -->`` holds the figure ``NAME`` of a run, or without ``RUN`` of the default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dev.benchmarking import page
from dev.documents import run_records
from sentiment.artifacts import MANIFEST, ArtifactError, Run, default_run, open_run
from sentiment.formatting import accuracy, confidence_table, duration, interval, percent, slices_table, table

_QUOTE = re.compile(r"(<!-- figures:(\S+)(?: (\S+))? -->)(.*?)(<!-- /figures -->)", re.DOTALL)
_MARKER = re.compile(r"<!--\s*/?figures")


class QuoteError(Exception):
    """A document whose figures cannot be written; the message is one sentence for its author."""


def fill(document: str, root: Path) -> str:
    """The document with every figure as the runs under ``root`` have it now.

    Raises:
        QuoteError: a marker names no figure, stands alone, or the run it asks has no such figure.
    """

    def replace(match: re.Match[str]) -> str:
        opening, name, run, _, closing = match.groups()
        if name not in FIGURES:
            raise QuoteError(f"There is no figure called {name}; there are {', '.join(FIGURES)}.")
        try:
            return opening + FIGURES[name](open_run(root / run if run else default_run(root))) + closing
        except ArtifactError as error:
            raise QuoteError(f"The figure {name} cannot be written: {error}") from error

    if _MARKER.search(_QUOTE.sub("", document)):
        raise QuoteError("A figures marker stands alone: each needs <!-- figures:NAME --> and <!-- /figures -->.")
    return _QUOTE.sub(replace, document)


def _test(run: Run) -> dict[str, Any]:
    judged: dict[str, Any] = run.json("test.json")["test"]
    return judged


def _table(run: Run) -> str:
    """This run and the recorded ones that stand beside it and were judged, by what they reach on the test."""
    root = run.path.parent
    beside = {
        each["run"] for each in run_records.read(root) if each["test"] and (root / each["run"] / MANIFEST).is_file()
    }
    runs = [open_run(root / name) for name in sorted(beside | {run.name})]
    rows = []
    for each in sorted(runs, key=lambda each: _test(each)["accuracy"]):
        judged, made = _test(each), each.json("metadata.json")
        figures = [f"{judged['f1']:.3f}", f"{judged['auc']:.3f}", percent(judged["calibration_error"])]
        right = [percent(judged["accuracy"]), interval(judged["accuracy_interval"])]
        rows.append([f"`{each.name}`", *right, *figures, duration(made["training_seconds"])])
    header = ["run", "test accuracy", "95 % interval", "F1", "AUC", "calibration error", "training"]
    return _block(table(header, rows))


def _benchmark(run: Run, written: Callable[[dict[str, Any]], str]) -> str:
    """What is written of the benchmark beside the runs, or that there is none."""
    path = run.path.parent / "BENCHMARKS.json"
    if not path.is_file():
        return _block("No benchmark is committed yet; `make benchmark DATA=...` measures, and writes it here.")
    return _block(written(json.loads(path.read_text(encoding="utf-8"))))


def _speed(found: dict[str, Any]) -> str:
    """What was measured beside others, row by row, without what is only for information."""
    rows = [row for row in found["rows"] if row["at_least"] and "ratio" in row]
    cells = [[row["what"], row["against"], page.times_better(row), page.aim(row)] for row in rows]
    return table(["what", "against", "times better", "to be reached"], cells)


def _block(lines: str) -> str:
    """What stands on lines of its own."""
    return f"\n{lines}\n"


FIGURES: dict[str, Callable[[Run], str]] = {
    "table": _table,
    "accuracy": lambda run: accuracy(_test(run)),
    "confidence": lambda run: _block(confidence_table(_test(run))),
    "slices": lambda run: _block(slices_table(_test(run))),
    "size": lambda run: f"{run.file('model.onnx').stat().st_size / 1e6:.1f} MB",
    "speed": lambda run: _benchmark(run, _speed),
    "profile": lambda run: _benchmark(run, page.profile_of),
    "training-time": lambda run: duration(run.json("metadata.json")["training_seconds"]),
}

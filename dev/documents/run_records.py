"""The runs worth remembering, in a record of a few lines each, and the page that lists them.

A run's folder is large and few are kept; its record in ``artifacts/records/`` stays, so that a recipe that was tried is
known to have been tried. Records and page are made from the runs' folders.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sentiment.artifacts import ArtifactError, Run
from sentiment.behaviour import card as behaviour
from sentiment.behaviour.report import totals
from sentiment.formatting import duration, interval, percent, table

_KEPT = ("n", "accuracy", "accuracy_interval", "f1", "auc", "log_loss", "calibration_error")  # of a summary

_PAGE = """\
# Runs

Every run worth remembering, the best last, by accuracy on validation. Those with figures of the test were judged on it
a single time, when their recipe was final; recipes were chosen by validation and by our own behavioural cases, those of
negation above all. The intervals are 95 %. The one in bold is what the app serves unless told otherwise.

{table}

Written by `python -m dev.documents.report` from the runs' folders and `records/`; not by hand.
"""


def record(run: Run) -> dict[str, Any]:
    """What is remembered of a run once its folder is gone.

    ``{"run", "date", "recipe", "data", "validation", "test", "behaviour", "model_bytes", "training_seconds",
    "machine"}``. Of "validation" and "test" it holds a few keys of ``evaluation.summary``; of "behaviour" the rates of
    ``failures`` by kind and of negation, and how many ``sentences`` there are, how many of them the run is confident
    of, and the share of each that it reads right. "test" and "behaviour" are None where the run was not tried; some
    records are older than "behaviour" and "log_loss", and their runs are gone.

    Raises:
        ArtifactError: the run does not say how it was made or how it fared on validation.
    """
    made = run.json("metadata.json")
    return {
        "run": run.name,
        "date": made["date"],
        "recipe": made["summary"],
        "data": f"{made['data']['form']}; split: {made['data']['split']}",
        "validation": _extract(run.json("metrics.json")["validation"]),
        "test": _extract(run.json("test.json")["test"]) if run.has("test.json") else None,
        "behaviour": _behaviour(run.json(behaviour.PART)) if run.has(behaviour.PART) else None,
        "model_bytes": run.file("model.onnx").stat().st_size,
        "training_seconds": made["training_seconds"],
        "machine": f"{made['machine']['processor']}, {made['machine']['cores']} cores",
    }


def read(root: Path) -> list[dict[str, Any]]:
    """The records under a root of runs, the best last: by accuracy on validation.

    Raises:
        ArtifactError: a record is not readable.
    """
    records = [read_one(path) for path in root.glob("records/*.json")]
    return sorted(records, key=lambda each: (each["validation"]["accuracy"], each["run"]))


def read_one(path: Path) -> dict[str, Any]:
    """A record, from its file.

    Raises:
        ArtifactError: it is not readable.
    """
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ArtifactError(f"The record {path.name} is not readable.") from error
    return kept


def page(records: list[dict[str, Any]], default: str | None) -> str:
    """The content of ``RUNS.md``.

    Args:
        records: as ``read`` gives them.
        default: the name of the run that is served, to be marked.
    """
    header = ["run", "date", "recipe", "data", "validation", "test", "test interval", "model", "training"]
    return _PAGE.format(table=table(header, [_row(each, default) for each in records]))


def _row(each: dict[str, Any], default: str | None) -> list[str]:
    test = each["test"]
    return [
        f"**{each['run']}**" if each["run"] == default else each["run"],
        each["date"],
        each["recipe"],
        each["data"],
        percent(each["validation"]["accuracy"]),
        percent(test["accuracy"]) if test else "",
        interval(test["accuracy_interval"]) if test else "",
        f"{each['model_bytes'] / 1e6:.1f} MB",
        duration(each["training_seconds"]),
    ]


def _behaviour(found: dict[str, Any]) -> dict[str, Any]:
    sentences = found["domains"][-1]
    right = {"sentences": sentences, "sentences_confident": sentences["confident"]}
    return {
        "failures": {name: row["rate"] for name, row in totals(found)},
        **{name: {"n": of["n"], "accuracy": of["accuracy"]} for name, of in right.items()},
    }


def _extract(judged: dict[str, Any]) -> dict[str, Any]:
    return {key: judged[key] for key in _KEPT}

"""Records of runs, a few lines each, and the page that lists them.

Few runs are kept, because their folders are large. The records in ``artifacts/records/`` keep the results of all
recipes that were tried. Records and page are generated from the runs' folders.
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
negation above all. The intervals are 95%. The one in bold is what the app serves unless told otherwise.

{table}

Written by `python -m dev.documents.report` from the runs' folders and `records/`; not by hand.
"""


def record(run: Run) -> dict[str, Any]:
    """Returns the record of a run.

    ``{"run", "date", "recipe", "data", "validation", "test", "behaviour", "model_bytes", "training_seconds",
    "machine"}``. "validation" and "test" have some keys of ``evaluation.predictions.summary``. "behaviour" has the
    rates of ``failures`` by kind and of negation, and number and accuracy of all ``sentences`` and of the confident
    ones. "test" and "behaviour" are None if the run was not tested. Some records are older than "behaviour" and
    "log_loss", and their runs are gone.

    Raises:
        ArtifactError: the run has no metadata or no validation results.
    """
    metadata = run.json("metadata.json")
    return {
        "run": run.name,
        "date": metadata["date"],
        "recipe": metadata["summary"],
        "data": f"{metadata['data']['form']}; split: {metadata['data']['split']}",
        "validation": _extract(run.json("metrics.json")["validation"]),
        "test": _extract(run.json("test.json")["test"]) if run.has("test.json") else None,
        "behaviour": _behaviour(run.json(behaviour.PART)) if run.has(behaviour.PART) else None,
        "model_bytes": run.file("model.onnx").stat().st_size,
        "training_seconds": metadata["training_seconds"],
        "machine": f"{metadata['machine']['processor']}, {metadata['machine']['cores']} cores",
    }


def read(root: Path) -> list[dict[str, Any]]:
    """Reads all records under a root of runs, sorted by validation accuracy, the best last.

    Raises:
        ArtifactError: a record cannot be read.
    """
    records = [read_one(path) for path in root.glob("records/*.json")]
    return sorted(records, key=lambda each: (each["validation"]["accuracy"], each["run"]))


def read_one(path: Path) -> dict[str, Any]:
    """Reads one record.

    Raises:
        ArtifactError: it cannot be read.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ArtifactError(f"The record {path.name} is not valid JSON; restore it.") from error
    return found


def page(records: list[dict[str, Any]], default: str | None) -> str:
    """Returns the content of ``RUNS.md``.

    Args:
        records: from ``read``.
        default: the name of the served run, printed in bold.
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
    groups = {"sentences": sentences, "sentences_confident": sentences["confident"]}
    return {
        "failures": {name: row["rate"] for name, row in totals(found)},
        **{name: {"n": group["n"], "accuracy": group["accuracy"]} for name, group in groups.items()},
    }


def _extract(results: dict[str, Any]) -> dict[str, Any]:
    return {key: results[key] for key in _KEPT}

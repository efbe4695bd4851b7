"""Writes an adapted run: a folder like that of a training, with the same checksums, but without ``model.keras``.

Its validation metrics are cross-validated, from ``Adaptation.held_out``. ``adaptation.json`` describes the adaptation
and its parent, for a section of the model card.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment import artifacts, model_card
from sentiment.adapt.cost import Cost, validation_cost
from sentiment.adapt.curve import Point, advice
from sentiment.adapt.head import Adaptation, Head, Judgement, Scores, judge
from sentiment.adaptation_card import PART
from sentiment.artifacts import Run
from sentiment.dataset import Source, fingerprint
from sentiment.evaluation import predictions, provenance
from sentiment.evaluation import states as stored
from sentiment.evaluation.calibration import rule_config
from sentiment.model.classifier import Classifier
from sentiment.model.weights import write_onnx
from sentiment.system import processor_name

_INHERITED = ("text_version", "max_length", "model", "preset", "format")  # of the parent's ``config.json``


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """The labelled texts that a run is adapted to.

    Attributes:
        reviews: columns ``text`` (distinct), ``label`` (0 or 1), ``rating``, ``film`` and ``fingerprint``, as in
            ``dataset.Dataset``.
        source: the source of the texts.
        about: a description of the texts, such as "reviews of kettles"; "" if unknown.
        reading: names of the columns and meanings of the labels, with which such a file is read for evaluation.
    """

    reviews: pd.DataFrame
    source: Source
    about: str = ""
    reading: dict[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """<int>[n], 1 positive and 0 negative."""
        return self.reviews["label"].to_numpy(np.int64)

    @property
    def texts(self) -> list[str]:
        """The texts."""
        return self.reviews["text"].tolist()


def reviews_of(texts: Sequence[str], labels: Sequence[int] | npt.NDArray[Any]) -> pd.DataFrame:
    """Returns the columns of ``Labelled.reviews`` for distinct texts."""
    frame = pd.DataFrame({"text": list(texts), "label": np.asarray(labels, np.int8)})
    return frame.assign(rating=np.int8(0), film="", fingerprint=[fingerprint(text) for text in texts])


def report(
    run: Run, start: Head, found: Adaptation, labelled: Labelled, points: list[Point], *, balanced: bool
) -> dict[str, Any]:
    """Returns the content of ``adaptation.json``.

    Args:
        run: the parent.
        start: the parent's head.
        found: the adaptation.
        labelled: the texts to which it was fitted.
        points: the learning curve over their labels; empty if it was not computed.
        balanced: whether both classes have the same weight.

    Raises:
        ArtifactError: a file of the parent is damaged.
    """
    cost: Cost | None = validation_cost(run, start, found.head)
    return {
        "method": "head",
        **_parent(run),
        **_judgement(found, labelled.labels),
        "balanced": balanced,
        "penalty": found.penalty,
        "validation_cost": asdict(cost) if cost else None,
        "curve": [asdict(point) for point in points],
        "advice": advice(points),
    }


def comparison(run: Run, before: Scores, after: Scores, labels: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Returns the content of ``adaptation.json`` for a run that was fine-tuned.

    Args:
        run: the parent.
        before: logits of texts held out from training, <float64>[n], and decision rule of the parent.
        after: the same of the new run.
        labels: <int>[n], 1 positive and 0 negative.
    """
    found = judge(before, after, labels)
    return {
        "method": "full",
        **_parent(run),
        **_judgement(found, labels),
        "validation_cost": None,
        "curve": [],
        "advice": "",
    }


def _parent(run: Run) -> dict[str, Any]:
    return {
        "parent": {"name": run.name, "files": {part: run.manifest["files"][part] for part in artifacts.REQUIRED}},
        "parent_on_imdb": model_card.trained_on_imdb(run),
    }


def _judgement(found: Judgement, labels: npt.NDArray[np.int64]) -> dict[str, Any]:
    return {
        "labels": {"negative": int((labels == 0).sum()), "positive": int((labels == 1).sum())},
        "before": asdict(found.before),
        "after": asdict(found.after),
        "interval": list(found.interval),
        "majority": found.majority,
        "adopted": found.adopted,
        "reason": found.reason,
    }


def write(
    folder: Path,
    run: Run,
    classifier: Classifier,
    found: Adaptation,
    labelled: Labelled,
    states: npt.NDArray[np.float32],
    facts: dict[str, Any],
    *,
    command: str,
    seconds: float,
) -> Run:
    """Writes the run into a new folder and returns it; after an error, the folder is removed.

    Args:
        folder: the folder, which must not exist or be empty.
        run: the parent.
        classifier: that of the parent.
        found: the adaptation.
        labelled: the texts it was fitted to.
        states: <float32>[n, features], their pooled states.
        facts: from ``report``.
        command: the command that reproduces the run.
        seconds: the time that the adaptation took.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        write_onnx(found.head.in_weights(classifier.weights), folder / "model.onnx")
        artifacts.write_atomically(folder / "vocabulary.txt", run.file("vocabulary.txt").read_bytes())
        rule = found.head.rule
        inherited = {name: value for name, value in run.json("config.json").items() if name in _INHERITED}
        artifacts.write_json(folder / "config.json", inherited | rule_config(rule, found.doubt))
        table = _predictions(classifier, found, labelled)
        table.to_parquet(folder / "predictions.parquet", index=False)
        artifacts.write_json(folder / "metrics.json", {"validation": predictions.summary(table, rule)})
        artifacts.write_json(folder / PART, facts)
        artifacts.write_json(folder / "metadata.json", _metadata(run, labelled, command, seconds))
        stored.save_states(folder / stored.PART, states)
        artifacts.write_manifest(folder)
        return model_card.write(artifacts.open_run(folder))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _zeros(encoded: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
    """Replaces the scoring of texts whose out-of-fold logits are known."""
    return np.zeros(len(encoded), np.float32)


def _predictions(classifier: Classifier, found: Adaptation, labelled: Labelled) -> pd.DataFrame:
    """Returns the predictions table with out-of-fold logits."""
    table = predictions.predict(_zeros, classifier.preprocessor, labelled.reviews, "validation")
    probabilities = np.clip(found.held_out, 1e-9, 1 - 1e-9)
    rule = found.head.rule
    logits = np.log(probabilities / (1 - probabilities)) * rule.temperature - rule.bias
    return table.assign(logit=logits.astype(np.float32))


def _metadata(run: Run, labelled: Labelled, command: str, seconds: float) -> dict[str, Any]:
    parent = run.json("metadata.json") if run.has("metadata.json") else {}
    return {
        "preset": parent.get("preset", ""),
        "summary": f"{run.name}, with a new last layer fitted to {len(labelled.reviews):,} labelled texts",
        "command": command,
        "seed": 0,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": provenance.commit(),
        "about": labelled.about,
        "reading": labelled.reading,
        "data": asdict(labelled.source),
        "options": parent.get("options", {}),
        "teachers": {},
        "stages": [{"name": "states and last layer", "seconds": round(seconds, 1)}],
        "training_seconds": round(seconds, 1),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "onnx", "onnxruntime")},
        "machine": {"processor": processor_name(), "cores": os.cpu_count()},
    }

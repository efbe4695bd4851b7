"""Writes the YAML block at the top of a model card, which the Hugging Face Hub reads to describe and find a model.

https://huggingface.co/docs/hub/model-cards documents its fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sentiment.artifacts import Run, topic

_LINE = "---\n"
_IMDB = "stanfordnlp/imdb"  # the name of Maas et al.'s reviews on the Hub
_IMDB_LICENCE = {
    "license": "other",  # no licence on the Hub's list has the terms of these data
    "license_name": "research-use-with-citation",
    "license_link": "https://ai.stanford.edu/~amaas/data/sentiment/",
}
_METRICS = {  # key in test.json -> name on the Hub
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "f1",
    "auc": "roc_auc",
    "log_loss": "log_loss",
    "brier": "brier_score",
}


def render(run: Run, *, imdb: bool) -> str:
    """Returns the block of a run's card, with the figures of its test reviews.

    Args:
        run: the run.
        imdb: whether it was trained on the IMDB reviews, which decides language, licence and data set.

    Raises:
        ArtifactError: a file of the run is damaged.
    """
    content: dict[str, Any] = {"language": "en", **_IMDB_LICENCE} if imdb else {"license": "unknown"}
    content |= {
        "library_name": "keras" if run.has("model.keras") else "onnx",
        "pipeline_tag": "text-classification",
        "tags": ["sentiment-analysis", "lstm", "keras", "onnx", "explainability"],
    }
    if imdb:
        content["datasets"] = [_IMDB]
    if run.has("test.json"):
        measured = run.json("test.json")["test"]
        found = {name: measured[key] for key, name in _METRICS.items() if measured.get(key) is not None}
        content["metrics"] = list(found)
        content["model-index"] = [{"name": run.name, "results": [_result(found, imdb=imdb and topic(run) is None)]}]
    return f"{_LINE}{''.join(_lines(content))}{_LINE}"


def without(card: str) -> str:
    """Returns a card without its YAML block, as people read it."""
    if not card.startswith(_LINE):
        return card
    _, line, rest = card.removeprefix(_LINE).partition(f"\n{_LINE}")
    return rest.lstrip("\n") if line else card


def _result(figures: dict[str, float], *, imdb: bool) -> dict[str, Any]:
    own = {"type": "own", "name": "The test reviews of its own data", "split": "test"}
    return {
        "task": {"type": "text-classification", "name": "Sentiment analysis"},
        "dataset": {"type": _IMDB, "name": "IMDB", "split": "test"} if imdb else own,
        "metrics": [{"type": name, "value": value} for name, value in figures.items()],
    }


def _lines(content: dict[str, Any], indent: str = "") -> Iterator[str]:
    """Yields lines of YAML. A list element is indented by two columns, the first of which holds a dash."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield f"{indent}{key}:\n"
            yield from _lines(value, f"{indent}  ")
        elif isinstance(value, list):
            yield f"{indent}{key}:\n"
            for element in value:
                lines = (
                    _lines(element, f"{indent}  ") if isinstance(element, dict) else [f"{indent}  {_scalar(element)}\n"]
                )
                first, *others = lines
                yield f"{indent}- {first[len(indent) + 2 :]}"
                yield from others
        else:
            yield f"{indent}{key}: {_scalar(value)}\n"


def _scalar(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6f}"  # without an exponent, because YAML 1.1 reads 1e-05 as a string
    return json.dumps(value, ensure_ascii=False)  # a JSON string is also a YAML string

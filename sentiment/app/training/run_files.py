"""Reads a run's files for the Training page. Those of a finished run are verified; others may be half written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.shared import current_run
from sentiment.app.training import histories
from sentiment.artifacts import ArtifactError
from sentiment.model.weights import read_onnx

MALFORMED = (AttributeError, LookupError, TypeError, ValueError)  # errors caused by unexpected content


def read_table(folder: Path, part: str) -> pd.DataFrame | None:
    """Reads a table of a run; returns None if it has none. An incomplete last line of an unfinished run is left out.

    Raises:
        ArtifactError: a file of a finished run is damaged.
    """
    if histories.finished(folder):
        run = current_run.open_path(folder)
        return current_run.read_table(part, run) if run.has(part) else None
    if not (folder / part).is_file():
        return None
    complete, _, _ = (folder / part).read_text(encoding="utf-8").rpartition("\n")
    lines = [line.split(",") for line in complete.splitlines()]
    return pd.DataFrame(lines[1:], columns=lines[0]).apply(pd.to_numeric) if len(lines) > 1 else None


def read_json(folder: Path, part: str) -> dict[str, Any]:
    """Reads a JSON file of a run; returns {} if it has none, or no valid one yet.

    Raises:
        ArtifactError: a file of a finished run is damaged.
    """
    if histories.finished(folder):
        run = current_run.open_path(folder)
        return run.json(part) if run.has(part) else {}
    try:
        return dict(json.loads((folder / part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def read_settings(folder: Path) -> dict[str, Any]:
    """Returns the content of ``config.json`` and ``metadata.json``, without duplicates.

    Raises:
        ArtifactError: a file of a finished run is damaged.
    """
    facts: dict[str, Any] = {}
    for part in ("config.json", "metadata.json"):
        facts |= read_json(folder, part)
    if "model" in facts:
        facts.pop("options", None)  # a duplicate
    return {name: value for name, value in facts.items() if name not in {"format", "stages", "summary", "preset"}}


def planned_epochs(folder: Path) -> int | None:
    """Returns the maximum number of epochs in the run's settings, None if unknown."""
    try:
        epochs = read_settings(folder).get("model", {}).get("epochs")
    except (ArtifactError, *MALFORMED):
        return None
    return epochs if isinstance(epochs, int) else None


def summarise(folder: Path) -> histories.Summary:
    """Summarises a run for the table of runs; what cannot be read is missing."""
    summary = histories.Summary(folder.name)
    try:
        history = read_table(folder, "history.csv")
        metadata, test = read_json(folder, "metadata.json"), read_json(folder, "test.json")
        summary = histories.summarise(folder.name, history, metadata, test, planned_epochs(folder))
        if histories.finished(folder):
            summary.parameters = _count_parameters(str(folder), (folder / "manifest.json").stat().st_mtime_ns)
    except (ArtifactError, OSError, *MALFORMED):
        pass  # other parts of the page report what is wrong with the run
    return summary


@st.cache_data(max_entries=64, show_spinner=False)
def _count_parameters(folder: str, stamp: int) -> int:
    return read_onnx(Path(folder) / "model.onnx").parameters

"""The results of a job, loaded once per session, with a cache of what is computed from them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from sentiment.app.shared import current_run
from sentiment.artifacts import ArtifactError, Run
from sentiment.bulk.jobs.job import Job
from sentiment.bulk.parts import Parts
from sentiment.bulk.results import Results
from sentiment.model.decision import DecisionRule, read_rule
from sentiment.tables.columns import column_choices

if TYPE_CHECKING:
    from sentiment.model.classifier import Classifier

_MAX_CACHED = 16  # computed tables per session
_MAX_LOADED = 2  # results per session: those of a file, and those of another model on the same file

Key = tuple[str, str, int]  # the folder of a job's parts, their state as JSON, and their number


@dataclass(frozen=True)
class Scored:
    """The rows that a job has scored so far.

    Attributes:
        job: the job.
        inspection: the inspection of its file.
        task: its task.
        results: the rows.
        key: the cache key of the rows; it changes when they do.
    """

    job: Job
    inspection: dict[str, Any]
    task: dict[str, Any]
    results: Results
    key: Key

    @classmethod
    def of(cls, job: Job) -> Scored:
        """Loads the results of a finished or stopped job."""
        inspection, task = job.read("inspection"), job.read("task")
        parts = len(list(job.parts.folder.glob("part-*.parquet")))
        key = (str(job.parts.folder), json.dumps(job.parts.state()), parts)
        results = _load(*key, tuple(inspection["columns"]), task["text"], task["label"], task.get("labels"))
        return cls(job, inspection, task, results, key)

    def cached(self, name: str, *arguments: Any) -> Any:
        """Returns the result of a method of ``results``, computed once per session."""
        return _cached(self.key, name, self.results, *arguments)

    @property
    def names(self) -> list[str]:
        """The names of the file's columns; equal ones are numbered."""
        return column_choices(self.inspection["columns"])

    @property
    def groups(self) -> list[int]:
        """The positions of the columns by which rows can be grouped, columns of dates first."""
        dates = self.inspection["dates"]
        values = (int(place) for place in self.inspection["values"])
        return [*dates, *(place for place in values if place not in dates and place != self.results.label)]

    @property
    def has_labels(self) -> bool:
        """Whether a row has both a prediction and a known label."""
        return self.task["label"] is not None and len(self.results.labelled) > 0

    def classifier(self) -> Classifier:
        """Returns the model that scored the file; stops the page if it can no longer be opened."""
        return current_run.load_path(Path(self.task["run"]))

    @property
    def run(self) -> Run | None:
        """The model that scored the file, None if it can no longer be opened."""
        try:
            return current_run.open_path(Path(self.task["run"]))
        except ArtifactError:
            return None

    @property
    def threshold(self) -> float:
        """The threshold of the model's predictions, the default if the model can no longer be opened."""
        run = self.run
        try:
            return (read_rule(run) if run else DecisionRule()).threshold
        except ArtifactError:
            return DecisionRule().threshold


@st.cache_resource(max_entries=_MAX_LOADED, scope="session", show_spinner="Loading the results")
def _load(
    folder: str,
    made_from: str,
    parts: int,
    columns: tuple[str, ...],
    text: int | list[int],
    label: int | None,
    labels: dict[str, int | None] | None,
) -> Results:
    """Loads the results. ``made_from`` and ``parts`` are only cache keys: they change when the rows change."""
    return Results(Parts(Path(folder)), list(columns), text, label, labels)


@st.cache_data(max_entries=_MAX_CACHED, scope="session", show_spinner="Calculating")
def _cached(key: Key, name: str, _results: Results, *arguments: Any) -> Any:
    return getattr(_results, name)(*arguments)


def clear_cache() -> None:
    """Removes all cached results."""
    _load.clear()
    _cached.clear()

"""The labels that the owner of a file gives, and the adaptation to them, loaded once per session."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from sentiment.adapt.curve import Point, learning_curve
from sentiment.adapt.from_file import FileAdaptation, adapt_to_file, places_to_learn
from sentiment.app.bulk.loading import Key, Scored
from sentiment.app.shared import job_errors
from sentiment.budget import Settings
from sentiment.bulk.jobs import maintenance
from sentiment.bulk.jobs.answers import Answers
from sentiment.bulk.labelling import Labelling, Pool
from sentiment.bulk.results import Results
from sentiment.bulk.states import read_states, states_stamp

MIN_LABELS = 20  # for an adaptation to be shown
MAX_CURVE_LABELS = 1_000  # with more, the learning curve takes too long for a page
_MIN_LABELS_FOR_STATES = 5  # fewer than for an adaptation, so that the states are ready in time


def load_labelling(scored: Scored) -> Labelling:
    """Returns the labels of a job so far."""
    answers, from_file = Answers(scored.job).read()
    return Labelling(_pool(scored.key, scored.job.id, scored.results), answers, from_file, scored.threshold)


@st.cache_resource(max_entries=1, scope="session", show_spinner=False)
def _pool(key: Key, id: str, _results: Results) -> Pool:
    return Pool.of(_results, id)


@st.cache_resource(max_entries=1, scope="session", show_spinner=False)
def _texts(key: Key) -> dict[int, str]:
    """Returns the texts of labelled rows read so far, by row: a few thousand at most."""
    return {}


def load_states(scored: Scored, labelling: Labelling) -> npt.NDArray[np.float16] | None:
    """Returns the states of the pool, <float16>[pool, features]; None until the job's worker has computed them."""
    return _states((*scored.key, states_stamp(scored.job.parts)), scored, labelling.pool)


@st.cache_resource(max_entries=1, scope="session", show_spinner=False)
def _states(key: tuple[str, str, int, int], _scored: Scored, _pool: Pool) -> npt.NDArray[np.float16] | None:
    return read_states(_scored.job.parts, _pool.rows)


def request_states(scored: Scored, labelling: Labelling) -> None:
    """Requests the states from a worker once a few rows are labelled, unless that was done or has failed."""
    job = scored.job
    enough = len(labelling.labelled) >= _MIN_LABELS_FOR_STATES
    if enough and not job.states_requested and job.states_problem is None and load_states(scored, labelling) is None:
        job_errors.run_action(job.request_states)
        maintenance.run_maintenance(Settings.from_environment())


def load_adaptation(scored: Scored, labelling: Labelling, *, balanced: bool = False) -> FileAdaptation | None:
    """Returns the adaptation to the labels so far; None without states, or if a class has fewer than two labels."""
    states = load_states(scored, labelling)
    if states is None:
        return None
    places = places_to_learn(labelling)
    labels = labelling.labels[places].tobytes()
    return _adaptation(scored.key, places.tobytes() + labels, balanced, scored, labelling, places, states)


@st.cache_resource(max_entries=2, scope="session", show_spinner=False)
def _adaptation(
    key: Key,
    labels: bytes,
    balanced: bool,
    _scored: Scored,
    _labelling: Labelling,
    _places: npt.NDArray[np.intp],
    _states: npt.NDArray[np.float16],
) -> FileAdaptation | None:
    """Computes the adaptation. ``key`` and ``labels`` are only cache keys."""
    rows = [int(row) for row in _labelling.pool.rows[_places]]
    texts = _texts(key)
    missing = [row for row in rows if row not in texts]
    texts |= {row: str(text) for row, text in zip(missing, _scored.results.read_texts(missing), strict=True)}
    return adapt_to_file(
        _scored.classifier(), _labelling, _places, [texts[row] for row in rows], _states, balanced=balanced
    )


def load_curve(scored: Scored, labelling: Labelling, adaptation: FileAdaptation) -> list[Point]:
    """Returns the learning curve over the labels so far; empty if a class has too few, or if there are too many."""
    states = load_states(scored, labelling)
    if states is None or len(adaptation.labels) > MAX_CURVE_LABELS:
        return []
    labels = adaptation.places.tobytes() + adaptation.labels.tobytes()
    return _curve(scored.key, labels, adaptation, states)


@st.cache_data(max_entries=2, scope="session", show_spinner="Calculating")
def _curve(key: Key, labels: bytes, _adaptation: FileAdaptation, _states: npt.NDArray[np.float16]) -> list[Point]:
    learned = _states[_adaptation.places].astype(np.float32)
    return learning_curve(learned, _adaptation.labels, _adaptation.texts, _adaptation.start)


def clear_cache() -> None:
    """Clears the caches of this module."""
    for cached in (_pool, _texts, _states, _adaptation, _curve):
        cached.clear()

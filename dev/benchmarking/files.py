"""Benchmarks of scoring a file of real reviews, from input file to output file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dev.benchmarking.measuring import OURS, MissingError, Side, Sides, seconds_of
from dev.benchmarking.peers import Peer
from dev.benchmarking.setting import Setting
from sentiment.bulk.pipeline import Task, score_file
from sentiment.dataset.records import NAMES
from sentiment.model.native.batch import int8_backend

_BATCH = 128  # reviews in a batch; faster for Keras than its default of 32


def float32_against_keras(setting: Setting) -> Sides:
    """Compares file to file with Keras, which only scores encoded reviews. Reviews per second."""
    return {OURS: _file_to_file(setting, fast=False), **_keras_predict(setting)}


def fast_against_keras(setting: Setting) -> Sides:
    """Compares int8 arithmetic, file to file, with Keras, which only scores encoded reviews. Reviews per second."""
    _check_fast(setting)
    return {OURS: _file_to_file(setting, fast=True), **_keras_predict(setting)}


def fast_against_tfidf(setting: Setting) -> Sides:
    """Compares int8 arithmetic with TF-IDF, both file to file. Reviews per second."""
    _check_fast(setting)
    return {OURS: _file_to_file(setting, fast=True), **_tfidf(setting)}


def float32_against_tfidf(setting: Setting) -> Sides:
    """Compares float32 arithmetic with TF-IDF, both file to file. Reviews per second."""
    return {OURS: _file_to_file(setting, fast=False), **_tfidf(setting)}


def float32_against_vader(setting: Setting) -> Sides:
    """Compares float32 arithmetic with VADER, which gets fewer rows, both file to file. Reviews per second."""
    peer = setting.classical("vaderSentiment", "vaderSentiment")
    rows = min(setting.sizes.vader, len(setting.texts))
    paths = {"source": setting.file(rows), "output": setting.folder / "vader.csv"}
    return {OURS: _file_to_file(setting, fast=False), "VADER": lambda: rows / peer.ask("score", **paths)}


def effect_of_fast(setting: Setting) -> dict[str, Any] | None:
    """Measures how int8 arithmetic changes the predictions; returns None if it is not available.

    ``way`` is the int8 backend, ``labels_changed`` a share of reviews, ``accuracy_change`` a difference of shares,
    ``probability_change`` the largest change of a probability.
    """
    try:
        _check_fast(setting)
    except MissingError:
        return None
    float32, int8 = (_predictions(setting, fast=fast).to_pandas() for fast in (False, True))
    labels = setting.data.test["label"].head(len(float32)).map(NAMES).to_numpy()
    accuracy = [(table["sentiment"].to_numpy() == labels).mean() for table in (float32, int8)]
    return {
        "way": int8_backend(),
        "labels_changed": float((float32["sentiment"].fillna("") != int8["sentiment"].fillna("")).mean()),
        "accuracy_change": float(accuracy[1] - accuracy[0]),
        "probability_change": float((int8["p_positive"] - float32["p_positive"]).abs().max()),
    }


def _predictions(setting: Setting, *, fast: bool) -> pa.Table:
    """Returns the scored file, which is written once."""
    output = setting.folder / f"predictions-{fast}.parquet"
    if not output.exists():
        _score(setting, output, fast=fast)
    return pq.read_table(output, columns=["sentiment", "p_positive"])


def _check_fast(setting: Setting) -> None:
    if _predictions(setting, fast=True).equals(_predictions(setting, fast=False)):
        raise MissingError("--fast has no effect here: all scores are equal to the last digit.")


def _file_to_file(setting: Setting, *, fast: bool) -> Side:
    work = partial(_score, setting, setting.folder / "scored.csv", fast=fast)
    return lambda: len(setting.texts) / seconds_of(work)


def _score(setting: Setting, output: Path, *, fast: bool) -> None:
    form = output.suffix.removeprefix(".")
    task = Task(setting.file(len(setting.texts)), output, form, text_column="review", fast=fast)
    classifier = setting.fast_classifier if fast else setting.bulk_classifier
    score_file(task, classifier, lambda stage, done, rows: None)


def _keras_predict(setting: Setting) -> Sides:
    request = {"ids": setting.padded_reviews, "calls": 1, "batch_size": _BATCH}

    def rate(peer: Peer) -> float:
        return min(setting.sizes.padded, len(setting.ids)) / peer.ask("predict", **request)

    return {name: partial(rate, peer) for name, peer in setting.keras().items()}


def _tfidf(setting: Setting) -> Sides:
    peer = setting.classical("sklearn", "scikit-learn")
    rows = len(setting.texts)
    paths = {"source": setting.file(rows), "output": setting.folder / "tfidf.csv"}
    return {"TF-IDF with logistic regression": lambda: rows / peer.ask("score", **paths)}

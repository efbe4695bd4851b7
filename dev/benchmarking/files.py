"""A file of real reviews, from the file to the scored file."""

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
from sentiment.model.native.batch import way_of_int8

_BATCH = 128  # reviews in a batch of Keras, which scores them faster than in its default of 32


def float32_beside_keras(setting: Setting) -> Sides:
    """File to file; Keras has ready ids and scores them only. Reviews a second."""
    return {OURS: _file_to_file(setting, fast=False), **_keras_predict(setting)}


def fast_beside_keras(setting: Setting) -> Sides:
    """The same with int8 arithmetic."""
    _check_fast(setting)
    return {OURS: _file_to_file(setting, fast=True), **_keras_predict(setting)}


def fast_beside_tfidf(setting: Setting) -> Sides:
    """File to file on both sides. Reviews a second."""
    _check_fast(setting)
    return {OURS: _file_to_file(setting, fast=True), **_tfidf(setting)}


def float32_beside_tfidf(setting: Setting) -> Sides:
    """File to file on both sides. Reviews a second."""
    return {OURS: _file_to_file(setting, fast=False), **_tfidf(setting)}


def float32_beside_vader(setting: Setting) -> Sides:
    """File to file on both sides, VADER on fewer rows. Reviews a second."""
    peer = setting.classical("vaderSentiment", "vaderSentiment")
    rows = min(setting.sizes.vader, len(setting.texts))
    paths = {"source": setting.file(rows), "output": setting.folder / "vader.csv"}
    return {OURS: _file_to_file(setting, fast=False), "VADER": lambda: rows / peer.ask("score", **paths)}


def effect_of_fast(setting: Setting) -> dict[str, Any] | None:
    """What int8 arithmetic does to the verdicts on the file's reviews; None where it is not at work.

    ``way`` is that of ``way_of_int8``, ``labels_changed`` a share of reviews, ``accuracy_change`` a difference of
    shares, ``probability_change`` the largest one.
    """
    try:
        _check_fast(setting)
    except MissingError:
        return None
    slow, fast = (_verdicts(setting, fast=fast).to_pandas() for fast in (False, True))
    truth = setting.data.test["label"].head(len(slow)).map(NAMES).to_numpy()
    right = [(table["sentiment"].to_numpy() == truth).mean() for table in (slow, fast)]
    return {
        "way": way_of_int8(),
        "labels_changed": float((slow["sentiment"].fillna("") != fast["sentiment"].fillna("")).mean()),
        "accuracy_change": float(right[1] - right[0]),
        "probability_change": float((fast["p_positive"] - slow["p_positive"]).abs().max()),
    }


def _verdicts(setting: Setting, *, fast: bool) -> pa.Table:
    """The scored file of the same reviews."""
    output = setting.folder / f"verdicts-{fast}.parquet"
    if not output.exists():
        _score(setting, output, fast=fast)
    return pq.read_table(output, columns=["sentiment", "p_positive"])


def _check_fast(setting: Setting) -> None:
    if _verdicts(setting, fast=True).equals(_verdicts(setting, fast=False)):
        raise MissingError("--fast gives every score as without it, to the last digit: nothing faster is at work.")


def _file_to_file(setting: Setting, *, fast: bool) -> Side:
    work = partial(_score, setting, setting.folder / "scored.csv", fast=fast)
    return lambda: len(setting.texts) / seconds_of(work)


def _score(setting: Setting, output: Path, *, fast: bool) -> None:
    form = output.suffix.removeprefix(".")
    task = Task(setting.file(len(setting.texts)), output, form, text_column="review", fast=fast)
    classifier = setting.fast_classifier if fast else setting.bulk_classifier
    score_file(task, classifier, lambda stage, done, rows: None)


def _keras_predict(setting: Setting) -> Sides:
    ask = {"ids": setting.padded_reviews, "calls": 1, "batch_size": _BATCH}

    def rate(peer: Peer) -> float:
        return min(setting.sizes.padded, len(setting.ids)) / peer.ask("predict", **ask)

    return {name: partial(rate, peer) for name, peer in setting.keras().items()}


def _tfidf(setting: Setting) -> Sides:
    peer = setting.classical("sklearn", "scikit-learn")
    rows = len(setting.texts)
    paths = {"source": setting.file(rows), "output": setting.folder / "tfidf.csv"}
    return {"TF-IDF with logistic regression": lambda: rows / peer.ask("score", **paths)}

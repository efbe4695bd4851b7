"""Predictions of a run on labelled reviews, and the metrics computed from them.

The predictions table has no text, so it can be published with the model. All metrics in a run's folder, in the app and
in the README are computed from it.
"""

from __future__ import annotations

import datetime
import math
import platform
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment.dataset import Source
from sentiment.evaluation import comparison, metrics
from sentiment.model.decision import DecisionRule
from sentiment.text.negation import EVALUATION_PATTERN
from sentiment.text.preprocessor import Preprocessor
from sentiment.text.vocabulary import UNK

Ids = npt.NDArray[np.int32]
Logits = Callable[[Sequence[Ids]], npt.NDArray[np.float32]]

_CONTRAST = re.compile(r"\b(?:but|however|although|though|yet|despite)\b", re.IGNORECASE)
_LENGTHS = (100, 200, 400, 800)  # boundaries of the length bands, in tokens
_UNKNOWN = (0.01, 0.02, 0.05, 0.10)  # boundaries of the bands by share of unknown tokens
_LEVELS = ("confident", "leaning", "unsure")

_TYPES = {
    "split": "str",
    "fingerprint": "str",
    "film": "str",
    "label": "int8",
    "rating": "int8",
    "length": "int32",
    "unknown_rate": "float32",
    "truncated": "bool",
    "negation": "bool",
    "contrast": "bool",
    "logit": "float32",
}


def predict(logits: Logits, preprocessor: Preprocessor, frame: pd.DataFrame, split: str = "test") -> pd.DataFrame:
    """Predicts every review of a data set; returns a row for each, in the frame's order and without its text.

    Args:
        logits: scores encoded, non-empty reviews, as ``Classifier.logits`` does.
        preprocessor: the run's own.
        frame: columns ``text``, ``label`` (1 positive, 0 negative), ``rating`` (0 unknown), ``film`` ("" unknown),
            ``fingerprint`` (hex).
        split: the value of the column ``split``.

    Returns:
        Columns ``split``, ``fingerprint``, ``film``, ``label``, ``rating``, ``length`` (tokens in the text),
        ``unknown_rate`` (share of the tokens read), ``truncated``, ``negation`` and ``contrast`` (whether the text has
        such a word), ``logit`` (before calibration; 0 for a text without tokens).
    """
    texts = frame["text"].tolist()
    encoded = [preprocessor.ids(text) for text in texts]
    filled = [row for row, (ids, _) in enumerate(encoded) if len(ids)]
    scores = np.zeros(len(texts), np.float32)
    scores[filled] = logits([encoded[row][0] for row in filled])
    table = frame[["fingerprint", "film", "label", "rating"]].reset_index(drop=True)
    table["split"] = split
    table["length"] = [total for _, total in encoded]
    table["unknown_rate"] = [float((ids == UNK).mean()) if len(ids) else 0.0 for ids, _ in encoded]
    table["truncated"] = [len(ids) < total for ids, total in encoded]
    table["negation"] = [bool(EVALUATION_PATTERN.search(text)) for text in texts]
    table["contrast"] = [bool(_CONTRAST.search(text)) for text in texts]
    table["logit"] = scores
    return table[list(_TYPES)].astype(_TYPES)


def summary(predictions: pd.DataFrame, rule: DecisionRule) -> dict[str, Any]:
    """Computes the metrics of a predictions table, ready for JSON, with Wilson's 95% intervals.

    Probabilities and labels are those of the run's rule. ``auc`` is None if a class is missing, and
    ``average_precision`` without positive reviews.
    """
    labels = predictions["label"].to_numpy()
    logits = predictions["logit"].to_numpy(np.float64)
    calibrated = rule.calibrated(logits)
    probabilities = metrics.sigmoid(calibrated)
    confusion = metrics.confusion(logits, labels, rule.boundary)
    sweep = metrics.sweep(logits, labels)
    correct = _correct(predictions, rule)
    return {
        "n": len(labels),
        "positive": int(labels.sum()),
        "accuracy": confusion.accuracy,
        "accuracy_interval": _interval(correct),
        "precision": confusion.precision,
        "recall": confusion.recall,
        "f1": confusion.f1,
        "auc": _nan_to_none(sweep.auc),
        "average_precision": _nan_to_none(sweep.average_precision),
        "log_loss": metrics.log_loss(calibrated, labels),
        "brier": metrics.brier(probabilities, labels),
        "calibration_error": metrics.reliability(probabilities, labels).error,
        "confusion": asdict(confusion),
        "confidence": list(_by_confidence(probabilities, correct, rule)),
        "slices": [_slice(by, value, correct[rows]) for by, value, rows in slices(predictions) if rows.any()],
    }


def test_results(predictions: pd.DataFrame, rule: DecisionRule, source: Source) -> dict[str, Any]:
    """Returns the content of ``test.json``: data, date, versions and metrics."""
    return {
        "data": asdict(source),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "onnxruntime", "pandas")},
        "test": summary(predictions, rule),
    }


def compare(
    first: pd.DataFrame, second: pd.DataFrame, rules: tuple[DecisionRule, DecisionRule]
) -> comparison.Comparison:
    """Compares two predictions tables of the same reviews in the same order, by the rules of their runs.

    Raises:
        ValueError: the reviews differ.
    """
    if not first["fingerprint"].equals(second["fingerprint"]):
        raise ValueError("the two tables have different reviews")
    return comparison.compare(_correct(first, rules[0]), _correct(second, rules[1]))


def slices(predictions: pd.DataFrame) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    """Yields the slices of a predictions table: property, value, and rows <bool>[n]; some are empty."""
    yield from length_bands(predictions["length"].to_numpy())
    for rating in range(1, 11):
        yield "rating", str(rating), (predictions["rating"] == rating).to_numpy()
    yield from _bands(
        "unknown_rate", predictions["unknown_rate"].to_numpy(), _UNKNOWN, lambda share: f"{100 * share:.0f}%"
    )
    for by in ("truncated", "negation", "contrast"):
        for value, wanted in (("no", False), ("yes", True)):
            yield by, value, (predictions[by] == wanted).to_numpy()


def length_bands(lengths: npt.NDArray[Any]) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    """Yields slices by length in tokens."""
    yield from _bands("length", lengths, _LENGTHS, str)


def calibration_by_length(predictions: pd.DataFrame, rule: DecisionRule) -> list[dict[str, Any]]:
    """Returns the calibration error of each non-empty length band, and the error expected by chance.

    Returns:
        Dicts of ``value`` (the band), ``n``, ``calibration_error``, ``by_chance`` and ``by_chance_high``. The last two
        are median and 95th percentile of the error of a perfectly calibrated model on the same number of reviews.
    """
    labels = predictions["label"].to_numpy()
    probabilities = metrics.sigmoid(rule.calibrated(predictions["logit"].to_numpy(np.float64)))
    found = []
    for _, value, rows in length_bands(predictions["length"].to_numpy()):
        if rows.any():
            error = metrics.reliability(probabilities[rows], labels[rows]).error
            median, high = metrics.chance_error(probabilities[rows])
            counts = {"value": value, "n": int(rows.sum()), "calibration_error": error}
            found.append(counts | {"by_chance": median, "by_chance_high": high})
    return found


def _bands(
    by: str, values: npt.NDArray[Any], ends: Sequence[float], name: Callable[[float], str]
) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    """Yields bands; each includes its lower boundary and excludes its upper one."""
    names = [name(end) for end in ends]
    between = [f"{low} to {high}" for low, high in pairwise(names)]
    band = np.digitize(values, np.asarray(ends, values.dtype))  # without the cast, float32(0.01) is below 0.01
    for index, value in enumerate([f"below {names[0]}", *between, f"{names[-1]} and more"]):
        yield by, value, band == index


def _by_confidence(
    probabilities: npt.NDArray[np.float64], correct: npt.NDArray[np.bool_], rule: DecisionRule
) -> Iterator[dict[str, Any]]:
    """Yields share and accuracy of the predictions at each level of confidence."""
    levels = np.array([rule.confidence(probability) for probability in probabilities.tolist()])
    for level in _LEVELS:
        rows = levels == level
        accuracy = float(correct[rows].mean()) if rows.any() else None
        yield {"level": level, "n": int(rows.sum()), "share": float(rows.mean()), "accuracy": accuracy}


def _correct(predictions: pd.DataFrame, rule: DecisionRule) -> npt.NDArray[np.bool_]:
    """Returns <bool>[n], whether each prediction is correct; a logit at the boundary predicts "positive"."""
    return ((predictions["logit"] >= rule.boundary) == (predictions["label"] == 1)).to_numpy()


def _slice(by: str, value: str, correct: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "by": by,
        "value": value,
        "n": len(correct),
        "accuracy": float(correct.mean()),
        "interval": _interval(correct),
    }


def _interval(correct: npt.NDArray[np.bool_]) -> list[float]:
    return list(metrics.wilson_interval(int(correct.sum()), len(correct)))


def _nan_to_none(value: float) -> float | None:
    """Returns None for NaN, which JSON lacks."""
    return None if math.isnan(value) else value

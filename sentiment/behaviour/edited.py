"""Evaluates a run on reviews that a person edited until the label was the opposite (Kaushik et al. 2020).

``read`` accepts every table that ``score.py`` reads, such as CSV and Parquet, with these columns:

- ``pair``: an id that the two texts of a pair share.
- ``label``: positive and negative, pos and neg, or 1 and 0; the labels of a pair are opposite.
- ``original``: true for the text before the edit, false after it. If both or neither are true, the first is taken.
- ``text``.

``evaluate`` returns the content of ``edited.json``, which holds no text::

    {"date", "sha256",                     of the file
     "trained_on",                         pairs with the original in the run's training split
     "identical",                          pairs of two texts with equal fingerprints; no model predicts both correctly
     "sets": [{"of", "pairs",
               "both": S,                  both texts are predicted correctly
               "crosses": S,               the edited text is predicted correctly
               "moves": S}]}               the logit of the edited text is nearer to its label than the original's

S is "value", a share, and "bounds", its 95% interval. "of" is "all" or "validation", the pairs with the original in the
run's validation split. The latter is missing if there are none.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.artifacts import Run, sha256
from sentiment.behaviour.checking import Predict
from sentiment.dataset import fingerprint
from sentiment.evaluation.metrics import wilson_interval
from sentiment.evaluation.provenance import training_fingerprints
from sentiment.formatting import share
from sentiment.tables.cells import as_texts
from sentiment.tables.columns import find_column
from sentiment.tables.errors import FileError
from sentiment.tables.labels import label_values
from sentiment.tables.open import open_source

PART = "edited.json"
MEASURES = {
    "both": "both texts correct",
    "crosses": "edited text correct",
    "moves": "score moves to the new label",
}
SETS = {"all": "all pairs", "validation": "original in validation"}
_COLUMNS = ("pair", "label", "original", "text")

Row = tuple[bool, bool, str]  # positive, original, text
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pair:
    """A review before and after the edit; ``positive`` is the label after it."""

    original: str
    edited: str
    positive: bool


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of a file, and its SHA-256."""

    pairs: list[Pair]
    sha256: str


def read(path: Path) -> Pairs:
    """Reads pairs from a table; the module's docstring describes its columns.

    Raises:
        FileError: the file cannot be read, or a row or a pair is not as described.
    """
    source = open_source(path)
    places = [find_column(source.columns, name) for name in _COLUMNS]
    rows: list[tuple[str | None, ...]] = []
    for chunk in source.chunks(places[-1]):
        for problem in chunk.problems.values():
            raise FileError(f"{path.name}, {problem}.")
        rows += zip(*(as_texts(chunk.columns[place]) for place in places), strict=True)
    return Pairs([_pair(path, name, texts) for name, texts in _grouped(path, rows).items()], sha256(path))


def evaluate(run: Run, predict: Predict, given: Pairs) -> dict[str, Any]:
    """Evaluates a run on pairs; the module's docstring describes the result.

    Args:
        run: the run; its record of training reviews shows which originals it was trained on.
        predict: the ``predict`` of the run's classifier.
        given: the pairs.

    Raises:
        ArtifactError: a file of the run is damaged.
    """
    originals, edits = ([fingerprint(getattr(pair, side)) for pair in given.pairs] for side in ("original", "edited"))
    train, validation = (
        np.isin(originals, training_fingerprints(run, split).to_numpy(str)) for split in ("train", "validation")
    )
    measured = _measured(predict, given.pairs)
    rows_of = {"all": np.ones(len(originals), bool), "validation": validation}
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "sha256": given.sha256,
        "trained_on": int(train.sum()),
        "identical": sum(map(str.__eq__, originals, edits)),
        "sets": [_set(name, measured, rows) for name, rows in rows_of.items() if rows.any()],
    }


def lines(report: dict[str, Any]) -> Iterator[str]:
    """Yields a summary of the report for the terminal."""
    for row in report["sets"]:
        shares = (f"{meaning} {share(**row[name])}" for name, meaning in MEASURES.items())
        yield f"edited reviews, {SETS[row['of']]} ({row['pairs']:,}): {'; '.join(shares)}"


def _grouped(path: Path, rows: Sequence[tuple[str | None, ...]]) -> dict[str, list[Row]]:
    """Returns the rows of each pair, in order, with labels and the column ``original`` as booleans."""
    labels, originals = (label_values({row[column] or "" for row in rows}) for column in (1, 2))
    groups: dict[str, list[Row]] = {}
    for number, (name, label, original_value, text) in enumerate(rows, 1):
        positive, original = labels[label or ""], originals[original_value or ""]
        if not name or not text or positive is None or original is None:
            raise FileError(
                f"Row {number} of {path.name} lacks a pair, a text, a label or a value of “original”; labels must be "
                "positive and negative, pos and neg, or 1 and 0, and “original” true or false."
            )
        groups.setdefault(name, []).append((bool(positive), bool(original), text))
    if not groups:
        raise FileError(f"{path.name} has no pairs; each needs two rows.")
    return groups


def _pair(path: Path, name: str, rows: list[Row]) -> Pair:
    if sorted(positive for positive, _, _ in rows) != [False, True]:
        shown = name if len(name) <= 40 else f"{name[:39]}…"
        raise FileError(f"The pair {shown!r} of {path.name} is not two texts with opposite labels.")
    (_, _, before), (positive, _, after) = sorted(rows, key=lambda row: not row[1])  # stable: else the first
    return Pair(before, after, positive)


def _measured(predict: Predict, pairs: Sequence[Pair]) -> dict[str, Flags]:
    """Returns whether each pair meets each of ``MEASURES``, <bool>[pairs]; a text without tokens is never correct."""
    predictions = predict([text for pair in pairs for text in (pair.original, pair.edited)])
    before, after = predictions[::2], predictions[1::2]
    positive = np.array([pair.positive for pair in pairs])
    labels = np.where(positive, "positive", "negative")
    crosses = np.array([each.label for each in after]) == labels
    right = np.array([each.label for each in before]) == np.where(positive, "negative", "positive")
    rise = np.array([new.logit - old.logit for old, new in zip(before, after, strict=True)])
    return {"both": right & crosses, "crosses": crosses, "moves": np.where(positive, rise, -rise) > 0}


def _set(name: str, measured: dict[str, Flags], rows: Flags) -> dict[str, Any]:
    shares = {
        measure: {
            "value": float(flags[rows].mean()),
            "bounds": list(wilson_interval(int(flags[rows].sum()), int(rows.sum()))),
        }
        for measure, flags in measured.items()
    }
    return {"of": name, "pairs": int(rows.sum()), **shares}

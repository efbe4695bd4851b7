"""Evaluates a model on pairs of short texts with opposite labels that depend on the construction.

The kinds include contrast, reported opinion, unreal mood, irony and idiom. The two texts of a pair share most of their
words. Half of the pairs of each kind are for development. For the others, only totals are computed, so that no model is
tuned to them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.behaviour.checking import Predict
from sentiment.evaluation.metrics import wilson_interval
from sentiment.formatting import counted, percent
from sentiment.types import Prediction

DEVELOPMENT, HELD_OUT = "development", "held out"  # the parts
ALL = "all"  # the kind of a part's totals


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a pair, with its label "positive" or "negative"."""

    pair: int
    kind: str
    part: str
    label: str
    text: str


Scored = list[tuple[Text, Prediction]]


def texts() -> list[Text]:
    """Returns all texts in the order of ``contrast.csv``; the two texts of a pair are adjacent."""
    with Path(__file__).with_name("contrast.csv").open(encoding="utf-8", newline="") as file:
        return [Text(int(row.pop("pair")), **row) for row in csv.DictReader(file)]


def evaluate(predict: Predict, given: Sequence[Text]) -> list[dict[str, Any]]:
    """Returns the key ``contrast`` of ``behaviour.json``: the kinds and totals of development, held-out totals."""
    scored = list(zip(given, predict([each.text for each in given]), strict=True))
    development, held_out = ([each for each in scored if each[0].part == part] for part in (DEVELOPMENT, HELD_OUT))
    kinds = dict.fromkeys(text.kind for text, _ in development)
    rows = [_row(kind, [each for each in development if each[0].kind == kind]) for kind in kinds]
    return [*rows, _row(ALL, development), _row(ALL, held_out)]


def lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yields a line for the terminal from each row of ``evaluate``."""
    for row in rows:
        yield (
            f"contrast, {row['part']}, {row['kind']}: {percent(row['accuracy'])} of {row['n']} texts correct, both of "
            f"{percent(row['both'])} of the pairs; {counted(row['confidently_wrong'], 'text')} confidently wrong"
        )


def _row(kind: str, scored: Scored) -> dict[str, Any]:
    right = [text.label == prediction.label for text, prediction in scored]
    sure = [prediction.confidence == "confident" for _, prediction in scored]
    wrong_pairs = {text.pair for (text, _), correct in zip(scored, right, strict=True) if not correct}
    n, pairs = len(scored), len({text.pair for text, _ in scored})
    both = pairs - len(wrong_pairs)
    return {
        "part": scored[0][0].part,
        "kind": kind,
        "n": n,
        "accuracy": sum(right) / n,
        "interval": list(wilson_interval(sum(right), n)),
        "pairs": pairs,
        "both": both / pairs,
        "both_interval": list(wilson_interval(both, pairs)),
        "confidently_wrong": sum(confident and not correct for confident, correct in zip(sure, right, strict=True)),
    }

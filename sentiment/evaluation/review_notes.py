"""Notes on single reviews, for every run: causes of mistakes, and labels that may be wrong.

The notes are in ``artifacts/reviews/``, by fingerprint and without any text:

- ``causes.csv`` (fingerprint, cause): confident mistakes that a person has read, each with one of ``CAUSES``.
- ``label_errors.parquet`` and ``label_errors.json``: labels that ``scripts/find_label_errors.py`` suspects.
- ``label_verdicts.csv`` (fingerprint, verdict): suspected labels that a person has checked, each with one of
  ``VERDICTS``.

The two CSV files are written by hand; ``dev/to_read.py`` shows the next reviews to read.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sentiment import artifacts
from sentiment.artifacts import ArtifactError, Run
from sentiment.evaluation import metrics
from sentiment.model.decision import DecisionRule, read_rule

FOLDER = artifacts.ROOT / "reviews"
LABEL_ERRORS = "label_errors"  # the stem of both its files

CAUSES = {
    "mixed review": "Praise and blame side by side, or so lukewarm that a sentence decides.",
    "wrong label": "The words plainly say the opposite of the label; the reviewer's stars contradict the text.",
    "comparison": "The praise or blame is for another work: the book, the original, other films or episodes.",
    "enjoyed as bad": "Called bad, cheap or stupid, and enjoyed for just that.",
    "aside": "Most of it is about something else: an actor, the DVD, other reviewers, history, the writer's own life.",
    "concession": "Faults are granted, or others' blame is quoted, before the reviewer's own praise.",
    "irony": "Mockery: the opposite is meant of what the words say.",
    "plot": "The story is retold, and its strong words are no verdict.",
    "negation": "The verdict hangs on a negation, an understatement or a question.",
    "unclear": "No verdict can be told from the text.",
    "plain": "Nothing in it should mislead: the model's own failing.",
}  # the main cause of a confident mistake -> its definition
VERDICTS = {
    "wrong": "The text plainly says the opposite of its label.",
    "open": "It could carry either label.",
    "right": "The text bears its label out.",
}  # the verdict on a suspected label -> its definition


def causes() -> dict[str, str]:
    """Returns the main cause of each confident mistake that was read, by fingerprint.

    Raises:
        ArtifactError: the file is not a table of fingerprints and causes.
    """
    return _read(FOLDER / "causes.csv", "cause", CAUSES)


def label_verdicts() -> dict[str, str]:
    """Returns the verdict on each suspected label that was read, by fingerprint.

    Raises:
        ArtifactError: the file is not a table of fingerprints and verdicts.
    """
    return _read(FOLDER / "label_verdicts.csv", "verdict", VERDICTS)


def label_errors() -> tuple[pd.DataFrame, dict[str, Any]] | None:
    """Returns the suspected labels and how they were found, from ``find_label_errors.py``; None if it never ran.

    Raises:
        ArtifactError: the files cannot be read.
    """
    table, facts = (FOLDER / f"{LABEL_ERRORS}.{suffix}" for suffix in ("parquet", "json"))
    if not facts.is_file():
        return None
    try:
        return pd.read_parquet(table), json.loads(facts.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{LABEL_ERRORS} in {FOLDER} cannot be read.") from error


def confident_mistakes(predictions: pd.DataFrame, rule: DecisionRule) -> pd.DataFrame:
    """Returns the predictions that are confident and wrong, the most confident first.

    Args:
        predictions: a run's predictions table.
        rule: of the run.

    Returns:
        Those rows, with ``probability`` of "positive", and ``cause``, which is missing if nobody has read the review.
    """
    logits = predictions["logit"].to_numpy()
    probability = metrics.sigmoid(rule.calibrated(logits))
    distance = pd.Series(abs(probability - predictions["label"]), predictions.index)
    is_wrong = (logits >= rule.boundary) != (predictions["label"] == 1)
    wrong = distance[is_wrong].sort_values(ascending=False, kind="stable")
    rows = predictions.assign(probability=probability).loc[wrong.index]
    sure = np.array([rule.confidence(each) == "confident" for each in rows["probability"].tolist()], dtype=bool)
    rows = rows[sure]  # an empty list instead of an array would select no columns
    return rows.assign(cause=rows["fingerprint"].map(causes()))


def confident_test_mistakes(run: Run) -> pd.DataFrame | None:
    """Returns the confident mistakes on a run's test reviews; None if the run was not tested."""
    if not run.has("test_predictions.parquet"):
        return None
    predictions = pd.read_parquet(run.file("test_predictions.parquet"))
    return confident_mistakes(predictions, read_rule(run))


def extent(mistakes: pd.DataFrame) -> str:
    """Returns a sentence or two on how many confident mistakes were read."""
    read = int(mistakes["cause"].notna().sum())
    sentence = (
        f"Of the {len(mistakes):,} reviews judged with confidence and wrongly, {read:,} were read by hand and given "
        "one main cause each; the borders between causes are soft."
    )
    return sentence if read == len(mistakes) else f"{sentence} Those read are no random part of them."


def _read(path: Path, column: str, allowed: Collection[str]) -> dict[str, str]:
    """Reads a file written by hand and checks every line; returns nothing if there is no file."""
    if not path.is_file():
        return {}
    try:
        frame = pd.read_csv(path, dtype="str", keep_default_na=False)
    except (ValueError, OSError) as error:
        raise ArtifactError(f"{path.name} cannot be read as CSV.") from error
    if list(frame.columns) != ["fingerprint", column]:
        raise ArtifactError(f"{path.name} must have the columns fingerprint and {column}.")
    repeated = frame["fingerprint"].duplicated().tolist()
    for line, (fingerprint, value) in enumerate(frame.itertuples(index=False), 2):
        if value not in allowed:
            raise ArtifactError(f"Line {line} of {path.name}: “{value}” is not one of {', '.join(allowed)}.")
        if repeated[line - 2]:
            raise ArtifactError(f"Line {line} of {path.name}: {fingerprint} is listed twice.")
    return dict(zip(frame["fingerprint"], frame[column], strict=True))

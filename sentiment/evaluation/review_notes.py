"""Manual annotations of single reviews, shared by all runs: causes of errors, and labels that may be wrong.

They are in ``artifacts/reviews/``, by fingerprint and without any text:

- ``causes.csv`` (fingerprint, cause): high-confidence errors that a person has read, each with one of ``CAUSES``.
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
    "mixed review": "Praise and criticism are balanced, or the review is so lukewarm that one sentence decides.",
    "wrong label": "The text clearly contradicts its label and star rating.",
    "comparison": "The praise or criticism is about another work: the book, the original, other movies or episodes.",
    "enjoyed as bad": "The movie is called bad, cheap or stupid, and enjoyed for exactly that.",
    "aside": "Most of the text is off topic: an actor, the DVD, other reviewers, history, the reviewer's own life.",
    "concession": "Faults are conceded, or criticism by others is quoted, before the reviewer's own praise.",
    "irony": "Irony or sarcasm: the words say the opposite of what is meant.",
    "plot": "The plot is summarised, and its strong words express no opinion of the movie.",
    "negation": "The opinion depends on a negation, an understatement or a rhetorical question.",
    "unclear": "The text does not show whether the opinion is positive or negative.",
    "plain": "Nothing in the text is misleading; the model simply fails.",
}  # main cause of a high-confidence error -> definition
VERDICTS = {
    "wrong": "The text clearly contradicts its label.",
    "open": "Either label is plausible.",
    "right": "The text supports its label.",
}  # verdict on a suspected label -> definition


def causes() -> dict[str, str]:
    """Returns the main cause of each high-confidence error that was annotated, by fingerprint.

    Raises:
        ArtifactError: the file is not a table of fingerprints and causes.
    """
    return _read(FOLDER / "causes.csv", "cause", CAUSES)


def label_verdicts() -> dict[str, str]:
    """Returns the verdict on each suspected label that was checked, by fingerprint.

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
    """Returns the high-confidence errors, the most confident first.

    Args:
        predictions: a run's predictions table, as ``predictions.predict`` returns it.
        rule: the run's decision rule.

    Returns:
        The rows of the errors, with the columns ``probability`` (calibrated, of "positive") and ``cause`` (missing if
        the review was not annotated).

    Raises:
        ArtifactError: the file of causes is invalid.
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
    """Returns the high-confidence errors on a run's test reviews; None if the run was not tested.

    Raises:
        ArtifactError: a file of the run is damaged, or the file of causes is invalid.
    """
    if not run.has("test_predictions.parquet"):
        return None
    predictions = pd.read_parquet(run.file("test_predictions.parquet"))
    return confident_mistakes(predictions, read_rule(run))


def extent(mistakes: pd.DataFrame) -> str:
    """Returns two or three sentences on how many high-confidence errors were annotated with a cause."""
    n, annotated = len(mistakes), int(mistakes["cause"].notna().sum())
    some = f"All {n:,}" if annotated == n else f"{annotated:,} of the {n:,}"
    sentence = (
        f"{some} high-confidence errors on the test reviews were annotated by hand, with one main cause each. "
        "Some reviews fit several causes."
    )
    return sentence if annotated == n else f"{sentence} The annotated errors are not a random sample."


def _read(path: Path, column: str, allowed: Collection[str]) -> dict[str, str]:
    """Reads an annotation file and checks every line; returns an empty dict if there is no file."""
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

"""Writes an explanation as JSON, and reads it back."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any, get_args

import numpy as np

from sentiment.types import Confidence, Explanation, Label, Prediction, Status, Token

FORMAT = 1
_TOLERANCE = 1e-4  # largest difference between the sum of a file's parts and its logit


def to_json(explanation: Explanation) -> str:
    """Returns all fields of the explanation as JSON, for ``from_json``."""
    rows = zip(explanation.tokens, explanation.contributions.tolist(), explanation.unknown.tolist(), strict=True)
    content = {
        "program": "sentiment",
        "content": "explanation",
        "format": FORMAT,
        "run": explanation.run,
        "text": explanation.text,
        "prediction": asdict(explanation.prediction),
        "baseline_logit": explanation.baseline_logit,
        "logit": explanation.logit,
        "residual": explanation.residual,
        **({"boundary": explanation.boundary} if explanation.boundary else {}),
        "contributions": [
            {
                "token": token.text,
                "start": token.start,
                "end": token.end,
                "form": token.form,
                "value": value,
                "unknown": unknown,
            }
            for token, value, unknown in rows
        ],
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def from_json(content: str | bytes) -> Explanation:
    """Reads an explanation that ``to_json`` wrote.

    Raises:
        ValueError: the content is not an explanation, or its parts are inconsistent; the message is one sentence.
    """
    try:
        held = json.loads(content)
        if (held["program"], held["content"]) != ("sentiment", "explanation"):
            raise ValueError("it was written by another program")
        if held["format"] != FORMAT:
            raise ValueError(f"it has format {held['format']}, and this program reads format {FORMAT}")
        explanation = _explanation(held)
        _check(explanation)
    except (KeyError, TypeError, OverflowError, RecursionError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError("This file is not an explanation that was saved by this program.") from error
    except ValueError as error:
        raise ValueError(f"This file cannot be opened as an explanation: {error}.") from error
    return explanation


def _explanation(held: dict[str, Any]) -> Explanation:
    rows = held["contributions"]
    return Explanation(
        text=str(held["text"]),
        tokens=tuple(map(_token, rows)),
        contributions=np.array([float(row["value"]) for row in rows], np.float32),
        baseline_logit=float(held["baseline_logit"]),
        logit=float(held["logit"]),
        residual=float(held["residual"]),
        unknown=np.array([row["unknown"] is True for row in rows], bool),
        prediction=_prediction(held["prediction"]),
        run=str(held["run"]),
        boundary=float(held.get("boundary", 0.0)),
    )


def _token(row: dict[str, Any]) -> Token:
    return Token(str(row["token"]), int(row["start"]), int(row["end"]), str(row.get("form", "")))


def _prediction(held: dict[str, Any]) -> Prediction:
    for name, allowed in (("label", Label), ("confidence", Confidence), ("status", Status)):
        if held[name] not in (*get_args(allowed), *([] if name == "status" else [None])):
            raise ValueError(f"its {name} is not a valid one")
    return Prediction(
        held["label"],
        float(held["probability"]),
        float(held["logit"]),
        held["confidence"],
        held["status"],
        int(held["tokens_read"]),
        int(held["tokens_total"]),
        float(held["unknown_rate"]),
    )


def _check(explanation: Explanation) -> None:
    """Checks that the tokens match their spans, and that baseline and contributions add up to the score.

    Raises:
        ValueError: a check fails; the message continues "cannot be opened as an explanation: ".
    """
    prediction, end = explanation.prediction, 0
    for token in explanation.tokens:
        if token.start < end or token.start >= token.end or explanation.text[token.start : token.end] != token.text:
            raise ValueError("a token does not match its place in the text")
        end = token.end
    numbers = (
        *(prediction.probability, prediction.logit, prediction.unknown_rate),
        *(explanation.logit, explanation.baseline_logit, explanation.boundary),
    )
    total = explanation.baseline_logit + math.fsum(explanation.contributions.tolist()) + explanation.residual
    if not all(map(math.isfinite, (*numbers, total))) or not 0 <= prediction.probability <= 1:
        raise ValueError("one of its numbers is not finite or out of range")
    if abs(total - explanation.logit) > _TOLERANCE:
        raise ValueError("its contributions do not add up to its logit")
    if not len(explanation.tokens) == prediction.tokens_read <= prediction.tokens_total:
        raise ValueError("the number of its tokens is wrong")

"""Times the verdicts on an ordinary visitor's reviews."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from dev.visitor import Visitor
from sentiment.explain.prediction_text import headline
from sentiment.model.classifier import Classifier

MAX_VERDICT_SECONDS = 1.0  # for 95% of the verdicts
_EVERY = 0.5  # seconds from one review to the next


def ordinary_verdicts(address: str, classifier: Classifier, texts: Iterator[str], until: float) -> list[float]:
    """Analyses a review every half second; returns the seconds to each verdict."""
    seconds = []
    with Visitor(address) as visitor:
        while time.monotonic() < until:
            text = next(texts)
            seconds.append(visitor.seconds_to(headline(classifier.predict([text])[0]), text))
            visitor.wait()
            visitor.stay(max(0.0, visitor.sent + _EVERY - time.perf_counter()))
    return seconds


def quantiles(seconds: list[float]) -> dict[str, Any]:
    """Returns ``{"n", "median", "p95", "most"}`` of durations; infinite if there are none."""
    at = np.quantile(seconds, [0.5, 0.95, 1.0]) if seconds else [float("inf")] * 3
    return {"n": len(seconds), "median": float(at[0]), "p95": float(at[1]), "most": float(at[2])}

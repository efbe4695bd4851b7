"""Counts predictions, those of the app's pages included. Imports nothing slow, so that no page waits for it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from sentiment.types import Prediction

Source = Literal["api", "app"]

_counts: Counter[tuple[Source, str]] = Counter()
_lock = threading.Lock()


def count(source: Source, predictions: Iterable[Prediction]) -> None:
    """Counts predictions by label, as ``none`` if a text has no words."""
    found = Counter((source, prediction.label or "none") for prediction in predictions)
    with _lock:
        _counts.update(found)


def counts() -> Mapping[tuple[Source, str], int]:
    """Returns the number of predictions by source and label."""
    with _lock:
        return dict(_counts)

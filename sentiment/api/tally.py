"""Counts predictions, those of the app's pages included; it imports nothing, so that no page waits for it."""

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
    """Counts predictions by their label; ``none`` if there was nothing to score."""
    found = Counter((source, prediction.label or "none") for prediction in predictions)
    with _lock:
        _counts.update(found)


def counts() -> Mapping[tuple[Source, str], int]:
    """Returns how many predictions there were, by source and label."""
    with _lock:
        return dict(_counts)

"""Explains long texts one after another, so that many of them leave time for the verdicts of others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sentiment.app.shared.analyses import Analysis

_TOKENS = 500  # of a long text; nine in ten reviews have fewer
_CHARACTERS = 20_000
_TURN = threading.RLock()  # a part of an explanation may take its turn within that of the whole


@contextmanager
def in_turn(analysis: Analysis) -> Iterator[None]:
    """Waits if the text is long while another long text is being explained in any session."""
    if analysis.prediction.tokens_read <= _TOKENS and len(analysis.text) <= _CHARACTERS:
        yield
        return
    with _TURN:
        yield

"""Explains long texts one at a time, so that they do not delay the predictions of other sessions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sentiment.app.shared.analyses import Analysis

_LONG_TOKENS = 500  # a text with more tokens, or more characters, is long; nine in ten reviews are shorter
_LONG_CHARACTERS = 20_000
_TURN = threading.RLock()  # reentrant, because a part of an explanation takes its turn within that of the whole


@contextmanager
def in_turn(analysis: Analysis) -> Iterator[None]:
    """Waits, if the text is long, until no other session explains a long text."""
    if analysis.prediction.tokens_read <= _LONG_TOKENS and len(analysis.text) <= _LONG_CHARACTERS:
        yield
        return
    with _TURN:
        yield

"""A training interrupted by Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sentiment.training.callbacks import HistoryFiles


def interrupted(*_: object, **__: object) -> None:
    """Raises KeyboardInterrupt in place of the function that it replaces."""
    raise KeyboardInterrupt


@contextmanager
def broken_off(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Raises KeyboardInterrupt after the fourth step of the second epoch of any fit in this context."""
    original = HistoryFiles.on_train_batch_end

    def break_off(self, batch, logs=None):
        original(self, batch, logs)
        if self._epoch == 1 and batch == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(HistoryFiles, "on_train_batch_end", break_off)
        yield

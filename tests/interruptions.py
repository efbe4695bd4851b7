"""Interrupts a training as Ctrl-C does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sentiment.training.callbacks import HistoryFiles


def interrupted(*_: object, **__: object) -> None:
    """Raises KeyboardInterrupt in place of the function that it replaces."""
    raise KeyboardInterrupt


@contextmanager
def interrupted_fit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Raises KeyboardInterrupt after the fourth step of the second epoch of any fit in this context."""
    original = HistoryFiles.on_train_batch_end

    def interrupt(self: HistoryFiles, batch: int, logs: dict[str, float] | None = None) -> None:
        original(self, batch, logs)
        if self._epoch == 1 and batch == 3:  # both count from zero
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(HistoryFiles, "on_train_batch_end", interrupt)
        yield

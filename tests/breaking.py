"""A training broken off by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sentiment.training.callbacks import HistoryFiles


def interrupted(*_: object, **__: object) -> None:
    """Ctrl-C in place of what it stands for."""
    raise KeyboardInterrupt


@contextmanager
def broken_off(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ctrl-C after the fourth step of the second epoch of whatever is fitted meanwhile."""
    original = HistoryFiles.on_train_batch_end

    def break_off(self, batch, logs=None):
        original(self, batch, logs)
        if self._epoch == 1 and batch == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(HistoryFiles, "on_train_batch_end", break_off)
        yield

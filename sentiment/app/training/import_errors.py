"""How the readers of training histories report to the user: by an error, or by a remark."""

from __future__ import annotations

from collections.abc import Callable

Remark = Callable[[str, str], None]  # called with the name of a run, and a sentence on how its history was read


class ImportedHistoryError(Exception):
    """Raised for a history that cannot be read; the message is one sentence for the user."""


def ignore(run: str, sentence: str) -> None:
    """Ignores a remark."""

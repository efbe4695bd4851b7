"""The ways in which reading a training history reports to the user: an error, or a remark."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str, str], None]  # receives the name of a run, and a sentence on how its history was read


class ImportedHistoryError(Exception):
    """A history that cannot be read; the message is one sentence for the user."""


def ignore(run: str, sentence: str) -> None:
    """Ignores a remark."""

"""Selects the rows from which the columns of a table are guessed."""

from __future__ import annotations

from collections.abc import Sequence

Cells = Sequence[str | None]

_CELLS = 20_000  # looked at, so fewer rows of a wide table


def usable_rows(columns: Sequence[str], rows: Sequence[Cells]) -> Sequence[Cells]:
    """Returns the first rows that have a cell for each column, or all rows if none has."""
    whole = [row for row in rows if len(row) == len(columns)] or rows
    return whole[: max(10, _CELLS // max(1, len(columns)))]

"""Tables that leave the app."""

from __future__ import annotations

import pandas as pd

from sentiment.bulk.spreadsheets import escape_formula


def csv(frame: pd.DataFrame) -> str:
    """The rows as CSV; no cell and no name of a column is one that a spreadsheet would run.

    Lines end in CR LF; only so does ``csv`` quote a cell that holds a lone CR.
    """
    safe = frame.map(lambda cell: escape_formula(cell) if isinstance(cell, str) else cell)
    return safe.to_csv(index=False, lineterminator="\r\n", header=[escape_formula(str(name)) for name in frame.columns])

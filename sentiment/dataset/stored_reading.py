"""Records in ``metadata.json`` how a run's table was read, so that later tables are read the same way."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sentiment.dataset.records import Interpretation
from sentiment.tables.reading import Reading


def reading_record(found: Interpretation | None, reading: Reading) -> dict[str, Any]:
    """Returns the columns that were read, chosen or detected, and the labels if they were chosen, ready for JSON."""
    if found is None:
        return {}
    labels = {} if reading.labels is None else {"labels": dict(reading.labels)}
    return {"text_column": _joined(found.text), "label_column": found.label, **labels}


def with_record(reading: Reading, content: object) -> Reading:
    """Returns the reading with the recorded columns and labels as its usual ones; ignores malformed content."""
    if not isinstance(content, Mapping):
        return reading
    text, label, labels = (content.get(name) for name in ("text_column", "label_column", "labels"))
    if not (isinstance(text, str) and isinstance(label, str)):
        return reading
    known = isinstance(labels, Mapping) and all(value in (0, 1, None) for value in labels.values())
    return replace(reading, usual=Reading(text, label, dict(labels) if known and labels else None))


def _joined(names: list[str]) -> str:
    """Returns names of columns with commas between them, as ``find_columns`` reads them."""
    if len(names) == 1:
        return names[0]
    line = io.StringIO()
    csv.writer(line).writerow(names)
    return line.getvalue().strip("\r\n")

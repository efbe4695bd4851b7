"""Builds parts of a scored table without a model."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from sentiment.bulk.scoring import VERDICT

_POSITIVE = {"sentiment": "positive", "p_positive": 0.9, "confidence": "confident", "status": "ok", "tokens_read": 3}


def scored_part(**columns: Any) -> pa.Table:
    """Returns a part with these columns; a verdict's column that is missing has the value of a positive row."""
    rows = len(next(iter(columns.values())))
    verdicts = {
        field.name: pa.array(columns.pop(field.name, [_POSITIVE[field.name]] * rows), field.type) for field in VERDICT
    }
    return pa.table({**columns, **verdicts})

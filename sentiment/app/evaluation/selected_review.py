"""The explanation of the review selected in a table, beneath it, with the reviews nearest to it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from sentiment.app.evaluation import neighbours
from sentiment.app.shared import current_run, explained_review


def show(text: str, label: str, name: str, pool: Callable[[], neighbours.Pool | None], id: str) -> None:
    """Explains a text by the chosen model.

    Args:
        text: the review.
        label: its true label.
        name: name of the table, in letters.
        pool: the reviews among which the nearest are found.
        id: the review's own id in the pool.
    """
    explained_review.show(text, current_run.classifier(), name, title="Selected", label=label)
    nearest = st.expander("Nearest reviews", icon=":material/hub:", key=f"nearest_{name}", on_change="rerun")
    if nearest.open:
        with nearest:
            neighbours.show(text, id, pool)

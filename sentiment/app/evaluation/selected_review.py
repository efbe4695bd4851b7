"""The explanation of the review selected in a table, with the reviews nearest to it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from sentiment.app.evaluation import neighbours
from sentiment.app.shared import current_run, explained_review


def show(text: str, label: str, name: str, pool: Callable[[], neighbours.Pool | None], id: str) -> None:
    """Explains the chosen model's prediction for a review.

    Args:
        text: the review.
        label: its true label.
        name: name of the table, for the keys.
        pool: returns the reviews among which to find the nearest.
        id: the review's own ID in the pool.
    """
    explained_review.show(text, current_run.classifier(), name, title="Selected", label=label)
    nearest = st.expander("Nearest reviews", icon=":material/hub:", key=f"nearest_{name}", on_change="rerun")
    if nearest.open:
        with nearest:
            neighbours.show(text, id, pool)

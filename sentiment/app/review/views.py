"""The names of the explanation's tabs, and which one is open; a light module, so the verdict need not wait for them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

KEY = "reasons_view"
TOP_WORDS, WHAT_IF, NEGATION = NAMES = ("Top words", "What if?", "Negation")
OTHER_TEXTS = (WHAT_IF, NEGATION)  # tabs that score other texts, for which they need the model that made the analysis


def open_view(names: Sequence[str] = NAMES) -> str:
    """Returns the open tab; the first of ``names`` if none of them was opened."""
    chosen: str | None = st.session_state.get(KEY)
    return names[0] if chosen is None or chosen not in names else chosen


def leave_what_if() -> None:
    """Opens the first tab; for callbacks."""
    st.session_state[KEY] = NAMES[0]

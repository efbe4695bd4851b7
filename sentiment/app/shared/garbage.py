"""Keeps garbage collections short, because all sessions wait while one runs."""

from __future__ import annotations

import gc

import streamlit as st


@st.cache_resource(show_spinner=False)
def exempt_loaded(page: str) -> None:
    """Exempts all loaded objects from garbage collection, once per process and page.

    Streamlit collects garbage after every script run. Most of the objects it would scan belong to modules, which stay
    loaded anyway.
    """
    gc.collect()
    gc.freeze()

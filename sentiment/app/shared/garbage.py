"""Keeps garbage collections short, because all sessions wait while one runs."""

from __future__ import annotations

import gc

import streamlit as st


@st.cache_resource(show_spinner=False)
def exempt_loaded(page: str) -> None:
    """Exempts what is loaded now from collection; once in this process for each page.

    Streamlit collects after every run of a script. The modules that a page needs are most of what there is to look
    through, and they stay loaded anyway.
    """
    gc.collect()
    gc.freeze()

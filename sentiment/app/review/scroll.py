"""Scrolls the page to its top, so that a user further down sees a change there."""

from __future__ import annotations

from time import time

import streamlit as st

_SCRIPT = """
export default function () {
  document.querySelector("[data-testid=stMain]")?.scrollTo({ top: 0 })
}
"""
_COMPONENT = st.components.v2.component("sentiment_scroll_to_top", js=_SCRIPT)


def to_top() -> None:
    """Scrolls to the top after the page is drawn."""
    _COMPONENT(data=time())  # new data makes the script run again

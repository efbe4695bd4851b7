"""Scrolls what the user should see into view."""

from __future__ import annotations

from time import time

import streamlit as st

_TO_TOP = """
export default function () {
  document.querySelector("[data-testid=stMain]")?.scrollTo({ top: 0 })
}
"""
# The script's own element takes no room: Streamlit would put a gap before the tabs' content.
_TO_OPEN_TAB = """
export default function ({ parentElement }) {
  parentElement.host.closest("[data-testid=stElementContainer]").style.position = "absolute"
  const tab = document.querySelector("[data-testid=stMain] [role=tab][aria-selected=true]")
  tab?.scrollIntoView({ block: "nearest", inline: "center" })
}
"""
_TOP = st.components.v2.component("sentiment_scroll_to_top", js=_TO_TOP)
_OPEN_TAB = st.components.v2.component("sentiment_scroll_to_open_tab", js=_TO_OPEN_TAB)


def to_top() -> None:
    """Scrolls the page to its top, so that a user further down sees a change there."""
    _TOP(data=time())  # new data makes the script run again


def to_open_tab() -> None:
    """Scrolls a row of tabs, which is wider than a phone, to the open one. Call it after the tabs."""
    _OPEN_TAB(key="open_tab")

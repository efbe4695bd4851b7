"""Tabs that the address names, so that links and the browser's Back button lead to them. Hidden tabs do not run.

Streamlit's own binding would add an address without the tab to the browser's history whenever a page is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from sentiment.app.shared import scroll

if TYPE_CHECKING:
    from streamlit.elements.lib.mutable_tab_container import TabContainer

KEY = "tab"  # session state and query parameter; all pages share it, and each ignores the tabs of the others


def show_tabs(names: Sequence[str], default: str | None = None) -> Sequence[TabContainer]:
    """Shows tabs; the one that the address names is open.

    Args:
        names: the names of the tabs.
        default: the tab to open if the address names none of them; by default the first.
    """
    asked = st.query_params.get(KEY, "").casefold()
    named = (name for name in names if name.casefold() == asked)
    st.session_state[KEY] = opened = next(named, default or names[0])
    shown = st.tabs(names, key=KEY, on_change=_write_address)
    if opened != names[0]:
        scroll.to_open_tab()
    return shown


def open_tab(name: str) -> None:
    """Opens a tab; for callbacks."""
    st.query_params[KEY] = name


def _write_address() -> None:
    open_tab(st.session_state[KEY])

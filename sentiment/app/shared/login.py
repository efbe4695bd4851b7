"""Login through Streamlit's OpenID Connect; off unless ``secrets.toml`` has a section ``[auth]``."""

from __future__ import annotations

import streamlit as st


def require() -> None:
    """Stops the page for visitors who are not logged in, if login is configured."""
    if "is_logged_in" not in st.user:  # the key exists only with [auth]
        return
    if st.user.is_logged_in:
        st.sidebar.button("Log out", on_click=st.logout, icon=":material/logout:")
        return
    st.title("Please log in")
    st.button("Log in", on_click=st.login, icon=":material/login:")
    st.stop()

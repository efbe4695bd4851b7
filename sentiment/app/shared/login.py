"""Login by Streamlit's own OpenID Connect; off unless ``secrets.toml`` has a section ``[auth]``."""

from __future__ import annotations

import streamlit as st


def require() -> None:
    """Where login is on, ends the page of who has not logged in; elsewhere everybody may go on."""
    if "is_logged_in" not in st.user:  # it is there only where [auth] is
        return
    if st.user.is_logged_in:
        st.sidebar.button("Log out", on_click=st.logout, icon=":material/logout:")
        return
    st.title("Please log in")
    st.button("Log in", on_click=st.login, icon=":material/login:")
    st.stop()

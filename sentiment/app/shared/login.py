"""Login through Streamlit's OpenID Connect; off unless ``secrets.toml`` has a section ``[auth]``."""

from __future__ import annotations

import streamlit as st

from sentiment.app.shared.buttons import primary_label


def is_on() -> bool:
    """Returns whether visitors have to log in; also works outside a page."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def require() -> None:
    """Stops the page for visitors who are not logged in, if login is configured."""
    if "is_logged_in" not in st.user:  # the key exists only with [auth]
        return
    if st.user.is_logged_in:
        st.sidebar.button("Sign out", on_click=st.logout, icon=":material/logout:")
        return
    st.title("Sign in")
    st.button(primary_label("Sign in", ":material/login:"), on_click=st.login, type="primary")
    st.stop()

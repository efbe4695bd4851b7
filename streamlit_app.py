"""Serves the app and its API: ``streamlit run streamlit_app.py``."""

import streamlit as st

from sentiment.app import server

app = st.App(server.PAGES, **server.options())

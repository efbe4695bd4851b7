"""Serves the app on Streamlit Community Cloud, which installs the ``requirements.txt`` next to this file."""

import sys
from pathlib import Path

import streamlit as st

_HOME = str(Path(__file__).resolve().parents[2])
if _HOME not in sys.path:
    sys.path.insert(0, _HOME)

from sentiment.app import server  # noqa: E402 - needs the path

app = st.App(server.PAGES, **server.options())

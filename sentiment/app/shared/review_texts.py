"""The texts of the data set, if the app was started with it; a run's folder has none."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import streamlit as st

from sentiment.app.shared import analyses, navigation
from sentiment.dataset import DatasetError, load

_VARIABLE = "SENTIMENT_DATA"  # environment variable with the path to the data
_KEY = "texts"

Texts = Mapping[str, str]  # fingerprint -> text


def show_toggle() -> None:
    """Shows the toggle for texts if the app was started with the data, otherwise a hint."""
    if _path():
        st.toggle("Show texts", key=_KEY, help="Reads the data that the app was started with; takes a while once.")
    else:
        st.caption("The review texts are not included. Start the app with `make app DATA=...` to see and open them.")


def load_texts() -> Texts | None:
    """Returns every labelled text by fingerprint; None if texts are off or unavailable."""
    path = _path()
    if not path or not st.session_state.get(_KEY):
        return None
    try:
        return _texts(path)
    except DatasetError as error:
        st.error(str(error), icon=":material/error:")
        return None


def show_open_button(text: str, name: str) -> None:
    """Shows a button that opens a text on the Review page; ``name`` is that of its table."""
    if not isinstance(text, str):
        return
    if len(text) > analyses.MAX_CHARACTERS:
        st.caption(f"Too long for the Review page, which takes {analyses.MAX_CHARACTERS:,} characters.")
    elif st.button("Open on the Review page", key=f"open_{name}", icon=":material/rate_review:"):
        analyses.show(text)
        navigation.open_page("review")


def _path() -> str | None:
    """Returns the path after ``-- --data`` on the command line, or else from the environment."""
    options = sys.argv[1:]
    if "--data" in options[:-1]:
        return options[options.index("--data") + 1]
    return os.environ.get(_VARIABLE)


@st.cache_resource(max_entries=1, show_spinner="Reading the data")
def _texts(path: str) -> Texts:
    data = load(path)
    return {
        print: text
        for part in (data.train, data.validation, data.test)
        for print, text in zip(part["fingerprint"], part["text"], strict=True)
    }

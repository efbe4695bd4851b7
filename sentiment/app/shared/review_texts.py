"""The review texts of the data set, if the app was started with it; a run's folder has no texts."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import streamlit as st

from sentiment import budget
from sentiment.app.shared import analyses, navigation
from sentiment.app.shared.uploads import escape_markdown
from sentiment.dataset import DatasetError, load

_VARIABLE = "SENTIMENT_DATA"  # environment variable with the path to the data

HELP = "To show the texts, start the app with `make app DATA=path/to/the/reviews`."

Texts = Mapping[str, str]  # fingerprint -> text


def show_hint() -> None:
    """Says that tables have no review texts, if the app was started without them."""
    if not _path():
        st.caption("This server has no review texts, so the tables show only their data.", help=HELP)


def load_texts() -> Texts | None:
    """Returns every labelled text by fingerprint; None if the app was started without them."""
    path = _path()
    if not path:
        return None
    try:
        return _texts(path)
    except DatasetError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None


def show_open_button(text: str, name: str) -> None:
    """Shows a button that opens a text on the page Analyse a review; ``name`` is the name of its table, for the key."""
    if not isinstance(text, str):
        return
    if len(text) > budget.TEXT_CHARACTERS:
        st.caption(f"Too long for “Analyse a review”, which takes at most {budget.TEXT_CHARACTERS:,} characters.")
    elif st.button("Open in “Analyse a review”", key=f"open_{name}", icon=":material/rate_review:"):
        analyses.show(text)
        navigation.open_page("review")


def _path() -> str | None:
    """Returns the path of the data from the command line (``-- --data PATH``), or else from the environment."""
    options = sys.argv[1:]
    if "--data" in options[:-1]:
        return options[options.index("--data") + 1]
    return os.environ.get(_VARIABLE)


@st.cache_resource(max_entries=1, show_spinner="Loading the review texts, once")
def _texts(path: str) -> Texts:
    data = load(path)
    return {
        fingerprint: text
        for part in (data.train, data.validation, data.test)
        for fingerprint, text in zip(part["fingerprint"], part["text"], strict=True)
    }

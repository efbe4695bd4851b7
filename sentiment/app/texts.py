"""The review texts themselves, where whoever serves the app has the data; a run's folder holds none."""

from __future__ import annotations

import os
from collections.abc import Mapping

import streamlit as st

from sentiment.app import analyses, navigation
from sentiment.dataset import DatasetError, load

_VARIABLE = "SENTIMENT_DATA"  # names what ``--data`` of the scripts would


def offered() -> bool:
    """Whether texts are wanted: the environment names the data, and the user has asked to see them."""
    if not os.environ.get(_VARIABLE):
        return False
    return st.toggle(
        "Show texts", key="texts", help="Reads the data that the app was started with; takes a while once."
    )


def by_fingerprint() -> Mapping[str, str]:
    """Every labelled text by its fingerprint; empty, with a sentence on the page, where the data cannot be used."""
    try:
        return _texts(os.environ[_VARIABLE])
    except DatasetError as error:
        st.error(str(error), icon=":material/error:")
        return {}


def offer_opening(text: str) -> None:
    """A button that opens a text on the Review page."""
    if st.button("Open on the Review page", icon=":material/rate_review:"):
        analyses.open_elsewhere(text)
        navigation.go("review")


@st.cache_resource(max_entries=1, show_spinner="Reading the data")
def _texts(path: str) -> Mapping[str, str]:
    data = load(path)
    return {
        print: text
        for part in (data.train, data.validation, data.test)
        for print, text in zip(part["fingerprint"], part["text"], strict=True)
    }

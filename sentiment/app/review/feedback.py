"""Feedback on predictions, kept in the session as labels of the reviews and offered as a labelled CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import cast

import pandas as pd
import streamlit as st

from sentiment import budget
from sentiment.app.shared.analyses import Analysis
from sentiment.app.shared.chart_block import escaped_csv
from sentiment.formatting import counted
from sentiment.types import Label

_LABELS = "feedback"  # key of the labels: text -> label
_CHOICE = "feedback_choice"
_FULL = "feedback_full"
_QUESTION = "Is this right?"
_CORRECT, _INCORRECT = ":material/thumb_up: Yes", ":material/thumb_down: No"


@st.fragment
def show(analysis: Analysis, show_share: Callable[[], None]) -> None:
    """Asks whether the prediction is correct, and offers to undo the answer and to save all of them.

    Args:
        analysis: the analysis.
        show_share: draws the button at the end of the row.
    """
    predicted = analysis.prediction.label
    if predicted is None:
        return
    label = labels().get(analysis.text)
    st.session_state[_CHOICE] = None if label is None else _CORRECT if label == predicted else _INCORRECT
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.caption(_QUESTION, width="content")
        st.pills(
            _QUESTION,
            [_CORRECT, _INCORRECT],
            key=_CHOICE,
            label_visibility="collapsed",
            on_change=_answer,
            args=(analysis.text, predicted),
        )
        show_share()
    if labels():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _label_actions(analysis.text, label)
    if st.session_state.pop(_FULL, False):
        st.warning("There is no room for more labels. Download them, then clear the history.")


def _label_actions(text: str, label: Label | None) -> None:
    """Shows the label of this text with a button to undo it, and the download of all labels."""
    if label:
        st.caption(f"Labelled {label}.", width="content")
        st.button(
            "Undo",
            key="feedback_undo",
            type="tertiary",
            icon=":material/undo:",
            on_click=_set_label,
            args=(text, None),
        )
    st.download_button(
        f"{counted(len(labels()), 'label')} (CSV)",
        partial(as_csv, labels()),  # bound here, because the session's state cannot be read on click
        "sentiment-labels.csv",
        "text/csv",
        key="feedback_csv",
        type="tertiary",
        icon=":material/download:",
        on_click="ignore",
        help="For Score a file and train.py; the columns are review and sentiment. Kept for this session only.",
    )


def labels() -> dict[str, Label]:
    """Returns the labels given in this session, by text."""
    return cast(dict[str, Label], st.session_state.get(_LABELS, {}))


def delete_all() -> None:
    """Deletes all labels; for callbacks."""
    st.session_state.pop(_LABELS, None)


def as_csv(given: Mapping[str, Label]) -> bytes:
    """Returns labels by text as UTF-8 CSV with the columns ``review`` and ``sentiment``; formulas are escaped."""
    frame = pd.DataFrame({"review": list(given), "sentiment": list(given.values())})
    return escaped_csv(frame).encode("utf-8", "replace")


def _answer(text: str, predicted: Label) -> None:
    opposite: Label = "negative" if predicted == "positive" else "positive"
    choice = st.session_state[_CHOICE]
    _set_label(text, None if choice is None else predicted if choice == _CORRECT else opposite)


def _set_label(text: str, label: Label | None) -> None:
    others = {known: given for known, given in labels().items() if known != text}
    if label and sum(map(len, others)) + len(text) > budget.SESSION_CHARACTERS:
        st.session_state[_FULL] = True
        return
    st.session_state[_LABELS] = {**others, **({text: label} if label else {})}

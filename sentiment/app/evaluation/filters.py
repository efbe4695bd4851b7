"""The filter of the Errors tab. Clicks on charts and tables in other tabs set it and open the Errors tab."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from sentiment.app.shared import tabs
from sentiment.app.shared.scored_reviews import CELLS, EVERYTHING, RIGHT, SURE_ERRORS, VERDICTS, WRONG
from sentiment.evaluation.metrics import HISTOGRAM_BINS

ERRORS = "Errors"  # the tab that has the filter
SOURCE = "source"  # key of what the tab lists
REVIEWS, EXAMPLES = "Reviews", "Example sentences"
OUTCOME, SLICE, BETWEEN, CAUSE = "verdicts", "slice", "between", "cause"  # keys of the filter
_WHOLE = (0.0, 1.0)
_DEFAULTS: dict[str, Any] = {OUTCOME: WRONG, SLICE: EVERYTHING, BETWEEN: _WHOLE, CAUSE: EVERYTHING}
_NAMES = {
    EVERYTHING: "All",
    WRONG: "Errors",
    RIGHT: "Correct",
    SURE_ERRORS: "High-confidence errors",
    **{cell: cell.capitalize() for cell in CELLS},
}


def open_errors(**filter: Any) -> None:
    """Opens the Errors tab with this filter and no other; for callbacks.

    Args:
        filter: values of the filter, by key.
    """
    st.session_state.update({**_DEFAULTS, **filter, SOURCE: REVIEWS})
    tabs.open_tab(ERRORS)
    for key, value in filter.items():  # a control that was never drawn does not write its value into the address
        with suppress(StreamlitAPIException):  # a control that was drawn writes its value itself
            st.query_params[key] = list(map(str, value)) if isinstance(value, tuple) else shown_name(value)


def clicked(chart: str, parameter: str) -> list[dict[str, Any]]:
    """Returns the points that a click in a chart selected; none if the click cleared the selection."""
    return list(st.session_state[chart].selection.get(parameter, []))


def shown_name(option: str) -> str:
    """Returns the displayed name of an option of the filter."""
    return _NAMES.get(option, option)


def accept_any_case(key: str, options: Sequence[str]) -> None:
    """Accepts an option's name or displayed name in the address, in any case. Call it before the widget is drawn."""
    asked = st.query_params.get(key, "").casefold()
    if key in st.session_state:
        return
    for option in options:
        if asked in (option.casefold(), shown_name(option).casefold()):
            st.session_state[key] = option


def choose_outcome() -> str:
    """Shows the selection of the outcome; returns one of ``VERDICTS``."""
    accept_any_case(OUTCOME, VERDICTS)
    outcome: str = st.selectbox(
        "Outcome",
        VERDICTS,
        index=VERDICTS.index(WRONG),
        format_func=shown_name,
        key=OUTCOME,
        bind="query-params",
        width=190,
    )
    return outcome


def choose(slices: list[str], causes: list[str]) -> tuple[str, str, tuple[float, float], str]:
    """Shows the filter; returns outcome, slice, bounds on P(positive), and cause.

    Args:
        slices: the names of the slices.
        causes: the causes of errors that were assigned by hand; without any, the filter is not shown.
    """
    outcome = choose_outcome()
    part = st.selectbox(
        "Slice", [EVERYTHING, *slices], format_func=shown_name, key=SLICE, bind="query-params", width=220
    )
    between = st.slider("P(positive)", *_WHOLE, _WHOLE, 1 / HISTOGRAM_BINS, key=BETWEEN, bind="query-params", width=160)
    cause = EVERYTHING
    if causes:
        cause = st.selectbox(
            "Cause",
            [EVERYTHING, *causes],
            format_func=shown_name,
            key=CAUSE,
            bind="query-params",
            width=150,
            help="Assigned by a human reader to high-confidence errors.",
        )
    st.button("Reset", on_click=open_errors, icon=":material/filter_alt_off:", help="Show all errors.")
    return outcome, part, between, cause

"""The Evaluation page: a header with the metrics, and tabs with details. Only the open tab is computed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from sentiment.app.evaluation import (
    calibration,
    comparison,
    errors,
    explanations,
    filters,
    header,
    overview,
    robustness,
    slices,
    thresholds,
    words,
)
from sentiment.app.evaluation.header import Evaluated
from sentiment.app.shared import chart_block, current_run, tabs

_TABS: dict[str, tuple[Callable[[Evaluated], None], str]] = {
    "Overview": (overview.show, "test_predictions.parquet"),
    filters.ERRORS: (errors.show, "test_predictions.parquet"),
    "Slices": (slices.show, "test_predictions.parquet"),
    "Thresholds": (thresholds.show, "test_predictions.parquet"),
    "Calibration": (calibration.show, "test_predictions.parquet"),
    "Compare": (comparison.show, "test_predictions.parquet"),
    "Robustness": (robustness.show, "behaviour.json"),
    "Explanations": (explanations.show, "explanations.json"),
    "Words": (words.show, "words.json"),
}  # name -> the function that shows it, and the file that it reads
_TAB_OF_PARAMETER = {filters.OUTCOME: filters.ERRORS, filters.SLICE: filters.ERRORS, "compare": "Compare"}

_IMPLIED = "implied_tab"  # key of the tab that the last link implied


def page() -> None:
    """Shows the header and the open tab."""
    st.title("Evaluation")
    run = current_run.run()
    evaluated = None
    with chart_block.report_malformed_file(run.name, "test_predictions.parquet"):
        evaluated = header.show(run)
    if evaluated is None:
        return
    shown = tabs.show_tabs(list(_TABS), _implied_tab())
    for tab, (show, part) in zip(shown, _TABS.values(), strict=True):
        if tab.open:
            with tab, chart_block.report_malformed_file(run.name, part):
                show(evaluated)


def _implied_tab() -> str | None:
    """Returns the tab to open for a link that does not name one, by its other parameters; None for the first."""
    implied = [tab for key, tab in _TAB_OF_PARAMETER.items() if key in st.query_params]
    if implied:
        st.session_state[_IMPLIED] = implied[-1]  # a filter that is reset leaves the address, but its tab stays open
    last: str | None = st.session_state.get(_IMPLIED)
    return last

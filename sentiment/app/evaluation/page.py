"""The Evaluation page: a header with the metrics, and a tab for each view of them. Hidden tabs do not compute."""

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
}  # name -> what draws it, and the file that it reads
_LEADS = {filters.OUTCOME: filters.ERRORS, filters.SLICE: filters.ERRORS, "compare": "Compare"}

_LED = "led_to_tab"


def page() -> None:
    """Shows the header and the open tab."""
    st.title("Evaluation")
    run = current_run.run()
    evaluated = None
    with chart_block.report_malformed_file(run.name, "test_predictions.parquet"):
        evaluated = header.show(run)
    if evaluated is None:
        return
    shown = tabs.show_tabs(list(_TABS), _meant_tab())
    for tab, (show, part) in zip(shown, _TABS.values(), strict=True):
        if tab.open:
            with tab, chart_block.report_malformed_file(run.name, part):
                show(evaluated)


def _meant_tab() -> str | None:
    """Returns the tab that a link without one is about, by its other parameters."""
    meant = [tab for key, tab in _LEADS.items() if key in st.query_params]
    if meant:
        st.session_state[_LED] = meant[-1]  # a filter that is taken back leaves the address, but its tab stays open
    led: str | None = st.session_state.get(_LED)
    return led

"""The Overview tab: three findings that lead to their tabs, the confusion matrix, and the score distribution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import streamlit as st

from sentiment.app.evaluation import filters
from sentiment.app.evaluation.header import Evaluated
from sentiment.app.shared import chart_block, charts, evaluation_charts, tabs
from sentiment.app.shared.scored_reviews import EVERYTHING, SURE_ERRORS, ScoredReviews, cell_name
from sentiment.formatting import counted, percent

_CELLS, _BINS = "cells", "bins"  # keys of the charts
_HEIGHT = 260  # of both charts in pixels, so that they fit on the first screen


class Finding(NamedTuple):
    """A sentence about the predictions, and the tab that shows more; ``filter`` is that of the Errors tab."""

    title: str
    sentence: str
    tab: str
    filter: dict[str, Any]


def show(evaluated: Evaluated) -> None:
    """Shows the findings and both charts; a click in a chart lists its reviews in the Errors tab."""
    scored = evaluated.scored
    with st.grid(3, min_column_width=260):
        for finding in findings(scored):
            with st.container(border=True, gap=None, height="stretch"):
                with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                    st.markdown(f"**{finding.title}**", width="stretch")
                    st.button(
                        finding.tab,
                        on_click=_follow,
                        args=(finding,),
                        type="tertiary",
                        icon=":material/arrow_forward:",
                        icon_position="right",
                        key=f"finding_{finding.title}",
                        help=f"Open the {finding.tab} tab.",
                    )
                st.markdown(finding.sentence)
    counts, cells, bins = scored.confusion, scored.cells(), scored.histogram()
    left, right = st.columns([2, 3])
    with left:
        chart_block.show_chart(
            "Confusion matrix",
            evaluation_charts.confusion(cells).properties(height=_HEIGHT),
            cells,
            f"{counts.tp} true and {counts.fp} false positives, {counts.tn} true and {counts.fn} false negatives; "
            "a click lists the reviews of a cell",
            key=_CELLS,
            on_select=_list_cell,
        )
    with right:
        chart_block.show_chart(
            "Score distribution by class",
            charts.probabilities(bins, scored.threshold, title="True label").properties(height=_HEIGHT),
            bins,
            "Reviews of each class by P(positive); a click lists the reviews of a bar",
            key=_BINS,
            on_select=_list_bin,
        )
    st.caption("Click a cell or a bar to list its reviews.")


def findings(scored: ScoredReviews) -> Iterator[Finding]:
    """Yields three findings: the weakest slice, the accuracy of confident predictions, and the errors."""
    weakest = scored.weakest_slice()
    if weakest is None:
        sentence = "No slice is significantly below the rest."
    else:
        sentence = f"{weakest['slice']} – {percent(weakest['accuracy'])} correct ({counted(weakest['n'], 'review')})."
    yield Finding("Weakest slice", sentence, "Slices", {})
    sure = scored.confidence == "confident"
    n, errors = int(sure.sum()), int(scored.sure_errors.sum())
    correct = f"{percent(1 - errors / n)} correct when confident" if n else "Never confident"
    yield Finding("Confidence", f"{correct} ({percent(float(sure.mean()))} of reviews).", "Calibration", {})
    wrong = counted(int((~scored.right).sum()), "error")
    yield Finding(
        "Errors", f"{wrong}, {errors:,} of them high-confidence.", filters.ERRORS, {filters.OUTCOME: SURE_ERRORS}
    )


def _follow(finding: Finding) -> None:
    if finding.tab == filters.ERRORS:
        filters.open_errors(**finding.filter)
    else:
        tabs.open_tab(finding.tab)


def _list_cell() -> None:
    for cell in filters.clicked(_CELLS, "cell"):
        filters.open_errors(**{filters.OUTCOME: cell_name(cell)})


def _list_bin() -> None:
    bins = filters.clicked(_BINS, "bin")
    if bins:
        ends = (min(each["low"] for each in bins), max(each["high"] for each in bins))
        filters.open_errors(**{filters.OUTCOME: EVERYTHING, filters.BETWEEN: ends})

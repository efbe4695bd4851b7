"""The tab Evaluation: measures the predictions against the file's labels, and compares them with another model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from sentiment.app.bulk.loading import Scored
from sentiment.app.shared import current_run, evaluation_charts, job_errors, tabs, uploads, wording
from sentiment.app.shared.scored_reviews import CELLS, EVERYTHING, WRONG, ScoredReviews, cell_name
from sentiment.budget import Settings
from sentiment.bulk.jobs import maintenance
from sentiment.bulk.jobs.job import find_job
from sentiment.bulk.left_out import left_out_rows
from sentiment.bulk.results import Filter
from sentiment.evaluation.comparison import compare
from sentiment.evaluation.predictions import length_bands
from sentiment.formatting import counted, interval, percent
from sentiment.model.decision import DecisionRule

THRESHOLD = "cut"  # key of the threshold
_LOWEST, _HIGHEST = 0.01, 0.99  # thresholds that can be set
ORDER, WORST_FIRST = "order", "worst errors first"  # key of the rows' order, and the order that needs labels
_OUTCOME = "only_verdicts"  # key of the outcomes that the table lists
_ERRORS = (CELLS["false positives"], CELLS["false negatives"])
_OUTCOMES = {EVERYTHING: (), WRONG: _ERRORS, **{name: (cell,) for name, cell in CELLS.items()}}  # name -> cells
_OUTCOME_NAMES = {EVERYTHING: "All", WRONG: "Errors"}
_NO_OTHER_FILTER: dict[str, Any] = {  # key of a control of the rows -> its default
    "only_text": "",
    "only_sentiment": [],
    "only_confidence": [],
    "only_status": [],
    "only_mislabelled": False,
    "bulk_page": 1,
}
_DRAWING, _MARKED = "bulk_cells_turn", "bulk_cells_marked"  # keys of the matrix's number and of its first marks
_METRIC_STYLE: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off", "border": True}
_HEIGHT = 230  # of a chart, in pixels


def threshold(scored: Scored) -> float:
    """Returns the decision threshold that was set last, by default the model's own."""
    return float(st.session_state.get(THRESHOLD, _own_threshold(scored)))


def _own_threshold(scored: Scored) -> float:
    return min(_HIGHEST, max(_LOWEST, scored.threshold))


def show(scored: Scored) -> None:
    """Shows metrics, curves and slices at a threshold, and the comparison with another model."""
    results = scored.results
    with st.container(horizontal=True, vertical_alignment="bottom"):
        bounds = (_LOWEST, _HIGHEST, _own_threshold(scored), 0.01)
        cut = st.slider("Decision threshold", *bounds, key=THRESHOLD, width=320, persist_state="page")
        cost = st.number_input(
            "Cost ratio (false positive : false negative)",
            0.01,
            100.0,
            1.0,
            key="bulk_cost",
            width=320,
            persist_state="page",
        )
    labelled = results.labelled
    reviews = ScoredReviews.from_predictions(
        labelled.rename(columns={"tokens_read": "length", "p_positive": "probability"}), DecisionRule(), cut
    )
    _figures(reviews, cost)
    st.caption(
        f"{counted(len(labelled), 'labelled row')}. {_contradictions(len(results.likely_mislabelled()))} "
        + left_out_rows(results.left_out()),
        help="Confident learning (Northcutt et al. 2021). To list them, use the filters in the tab Rows.",
    )
    _charts(reviews)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _slices(reviews, scored)
    with right:
        _other_run(scored, labelled)


def _contradictions(n: int) -> str:
    """Returns a sentence on the rows whose label or prediction should be checked."""
    if n == 1:
        return "1 confident prediction contradicts its label: check it."
    if n:
        return f"{n:,} confident predictions contradict their labels: check them."
    return "No confident prediction contradicts its label."


def _figures(scored: ScoredReviews, cost: float) -> None:
    counts = scored.confusion
    with st.grid(5, min_column_width=150):
        st.metric("Accuracy", percent(counts.accuracy), interval(scored.interval), **_METRIC_STYLE)
        st.metric("F1", f"{counts.f1:.3f}", f"P {counts.precision:.3f} · R {counts.recall:.3f}", **_METRIC_STYLE)
        if _has_both_classes(scored):
            st.metric("ROC AUC", f"{scored.sweep.auc:.3f}", "chance 0.5", **_METRIC_STYLE)
            ece = percent(scored.reliability.error, 2)
            st.metric("ECE", ece, "0 is best", help="Expected calibration error.", **_METRIC_STYLE)
            st.metric("Cost-optimal threshold", *_cheapest(scored.sweep.cheapest(cost)), **_METRIC_STYLE)


def _cheapest(threshold: float) -> tuple[str, str]:
    """Returns the cheapest threshold and a note, in words; an infinite one predicts no row positive."""
    return (f"{threshold:.2f}", "at this cost ratio") if np.isfinite(threshold) else ("> 1", "predict all negative")


def _charts(scored: ScoredReviews) -> None:
    """Shows the confusion matrix, which filters the rows, and the threshold curves if both classes occur."""
    counts = scored.confusion
    grid = st.grid(4, min_column_width=220)
    with grid.cell():
        st.subheader("Confusion matrix")
        st.altair_chart(
            _with_height(evaluation_charts.confusion(scored.cells(), _marked_cells())),
            key=_matrix_key(),
            on_select=_filter_by_cell,
            alt=f"{counts.tp} true and {counts.fp} false positives, {counts.tn} true and {counts.fn} false negatives; "
            "a click lists the rows",
        )
    if not _has_both_classes(scored):
        return
    curve, bins = scored.curve(), scored.reliability
    false_positive_rate = counts.fp / max(1, counts.fp + counts.tn)
    curves = [
        (
            "Reliability diagram",
            evaluation_charts.reliability(scored.calibration()),
            f"Expected calibration error {bins.error:.3f}",
        ),
        (
            "ROC curve",
            evaluation_charts.roc(curve, false_positive_rate, counts.recall),
            f"ROC AUC {scored.sweep.auc:.3f}",
        ),
        (
            "Precision-recall curve",
            evaluation_charts.precision_recall(curve, counts.recall, counts.precision),
            f"Average precision {scored.sweep.average_precision:.3f}",
        ),
    ]
    for title, chart, alt_text in curves:
        with grid.cell():
            st.subheader(title)
            st.altair_chart(_with_height(chart), alt=alt_text)


def _with_height(chart: alt.LayerChart) -> alt.LayerChart:
    return chart.properties(height=_HEIGHT)


def choose_outcome() -> tuple[tuple[str, str], ...]:
    """Shows the selectbox for the outcome, which a click in the matrix also sets.

    Returns:
        The label and the verdict of each confusion cell to list; empty for all rows.
    """
    chosen = st.selectbox(
        "Outcome",
        list(_OUTCOMES),
        format_func=lambda name: _OUTCOME_NAMES.get(name, name.capitalize()),
        key=_OUTCOME,
        on_change=_redraw,
        width=160,
        persist_state="page",
    )
    return _OUTCOMES[chosen]


def _matrix_key() -> str:
    """Returns the widget key of the confusion matrix; a new one drops the selection in the browser."""
    return f"bulk_cells_{st.session_state.setdefault(_DRAWING, 0)}"


def _marked_cells() -> list[dict[str, str]]:
    """Returns the cells that the matrix marks when first drawn. Later the chart keeps its own selection."""
    if _matrix_key() not in st.session_state:
        cells = _OUTCOMES[st.session_state.get(_OUTCOME, EVERYTHING)]
        st.session_state[_MARKED] = [{"label": label, "verdict": verdict} for label, verdict in cells]
    return list(st.session_state[_MARKED])


def _filter_by_cell() -> None:
    """Filters the rows by the clicked cell, and opens their tab."""
    cells = st.session_state[_matrix_key()].selection.get("cell", [])
    name = cell_name(cells[0]) if cells else EVERYTHING
    if name != st.session_state.get(_OUTCOME, EVERYTHING):
        if cells:
            _open_rows(name)  # the matrix is gone; when it is drawn again, it marks the cell
        else:
            st.session_state[_OUTCOME] = name


def show_errors(scored: Scored) -> None:
    """Shows how many predictions agree with their label, and a button that lists the others."""
    results, cut = scored.results, threshold(scored)
    labelled, wrong = len(results.labelled), len(scored.cached("select", errors_only(scored)))
    of = f"{labelled:,}" if labelled == results.rows else counted(labelled, "labelled row")
    at = "" if cut == _own_threshold(scored) else f" at a threshold of {cut:.2f}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{labelled - wrong:,} of {of} correct** · {counted(wrong, 'error')}{at}", width="content")
        if wrong:
            st.button("Show errors", on_click=_list_errors, icon=":material/arrow_downward:")


def errors_only(scored: Scored) -> Filter:
    """Returns the filter that lists the errors at the threshold, and nothing else."""
    return Filter(cells=_ERRORS, threshold=threshold(scored))


def _open_rows(outcome: str) -> None:
    """Opens the tab Rows with an outcome and no other filter."""
    st.session_state.update({**_NO_OTHER_FILTER, _OUTCOME: outcome})
    tabs.open_tab("Rows")
    _redraw()


def _list_errors() -> None:
    st.session_state[ORDER] = WORST_FIRST
    _open_rows(WRONG)


def _redraw() -> None:
    st.session_state[_DRAWING] = st.session_state.get(_DRAWING, 0) + 1


def _slices(reviews: ScoredReviews, scored: Scored) -> None:
    """Shows the accuracy of each slice, those that differ most from the whole first."""
    st.subheader("Accuracy by slice")
    parts = reviews.by_slice(_slices_of(reviews.table, scored))
    order = (parts["accuracy"] - reviews.confusion.accuracy).abs().sort_values(ascending=False, kind="stable").index
    parts = parts.loc[order]
    table = pd.DataFrame(
        {
            "Slice": parts["slice"],
            "Rows": parts["n"],
            "Accuracy": 100 * parts["accuracy"],
            "95% CI": [interval(bounds) for bounds in zip(parts["low"], parts["high"], strict=True)],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        column_config={"Accuracy": st.column_config.NumberColumn(format="%.1f%%")},
        alt=f"Accuracy by slice, from {percent(parts['accuracy'].min())} to {percent(parts['accuracy'].max())}",
    )


def _slices_of(table: pd.DataFrame, scored: Scored) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """Yields slices by length, by confidence, and by each column of the file with few distinct values."""
    for _, value, mask in length_bands(table["length"].to_numpy()):
        yield f"length in tokens: {value}", mask
    for level in table["confidence"].cat.categories:
        yield f"confidence: {level}", (table["confidence"] == level).to_numpy()
    for place in map(int, scored.inspection["values"]):
        if place != scored.results.label:
            values = scored.results.column(place)[table.index]
            for value in values.dropna().unique():
                yield f"{scored.names[place]}: {value}", (values == value).to_numpy()


def _other_run(scored: Scored, labelled: pd.DataFrame) -> None:
    """Offers to score the file with another model, and compares the two when both are done."""
    job, this = scored.job, scored.task["run"]
    runs = {path.name: str(path.resolve()) for path in current_run.run_paths()}  # absolute, as in the job
    others = {name: path for name, path in runs.items() if path != this}
    if not others:
        return
    st.subheader("Compare with another model")
    name = st.selectbox(
        "Compare with", list(others), index=None, key="bulk_compare", label_visibility="collapsed", persist_state="page"
    )
    if name is None:
        return
    other_job = job.comparison_job(others[name])
    if other_job is None:
        st.button(
            f"Also score with {uploads.escape_markdown(name)}",
            on_click=job_errors.run_action,
            args=(job.score_with_other_run, others[name]),
        )
    elif other_job.state != "done":
        _wait_for_scores(other_job.id)
    else:
        others_labelled = Scored.of(other_job).results.labelled
        common = labelled.index.intersection(others_labelled.index)
        result = compare(*(_correct(rows.loc[common]) for rows in (others_labelled, labelled)))
        st.write(uploads.escape_markdown(wording.run_comparison(result, name, Path(this).name)))
        st.caption(uploads.escape_markdown(wording.run_comparison_details(result, name, Path(this).name)))


@st.fragment(run_every=1.0)
@job_errors.show_disk_errors()
def _wait_for_scores(job_id: str) -> None:
    settings = Settings.from_environment()
    maintenance.run_maintenance(settings)
    other_job = find_job(settings, job_id)
    if other_job is None or other_job.state == "done":
        st.rerun()
    if other_job.state == "failed":
        st.error(uploads.escape_markdown(other_job.read("error")), icon=":material/error:")
        return
    progress = other_job.read("progress") or {"done": 0, "rows": 0}
    share = min(1.0, progress["done"] / progress["rows"]) if progress["rows"] else 0.0
    st.progress(share, text=f"{counted(progress['done'], 'row')} done")


def _has_both_classes(scored: ScoredReviews) -> bool:
    return len(np.unique(scored.labels)) == 2


def _correct(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    return ((rows["sentiment"] == "positive") == (rows["label"] == 1)).to_numpy()

"""Measures the predictions against labels in the uploaded file, and compares them with another run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from sentiment.app.shared import current_run, evaluation_charts, job_errors, uploads, wording
from sentiment.app.shared.scored_reviews import CELLS, EVERYTHING, ScoredReviews, cell_name
from sentiment.bulk.jobs import maintenance
from sentiment.bulk.jobs.job import Job, find_job
from sentiment.bulk.jobs.settings import Settings
from sentiment.bulk.left_out import left_out_rows
from sentiment.bulk.parts import Parts
from sentiment.bulk.results import Results
from sentiment.evaluation import metrics
from sentiment.evaluation.predictions import length_bands
from sentiment.formatting import counted, interval, percent
from sentiment.model.decision import DecisionRule
from sentiment.tables.columns import column_choices

THRESHOLD = "cut"  # key of the threshold
_VERDICTS = "only_verdicts"  # key of the confusion cell that the table lists
_DRAWING, _MARKED = "bulk_cells_turn", "bulk_cells_marked"
_METRIC_STYLE: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off", "border": True}


def show(job: Job, results: Results, inspection: dict[str, Any], threshold: float) -> None:
    """Shows metrics, curves and slices at a threshold, and the comparison with another run.

    Args:
        job: the job that scored the file.
        results: its rows; some have both a verdict and a label.
        inspection: the inspection of the file.
        threshold: that of the run, with which the page begins.
    """
    st.header("Against the labels of the file")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        bounds = (0.01, 0.99, min(0.99, max(0.01, threshold)), 0.01)
        threshold = st.slider("“Positive” from this probability on", *bounds, key=THRESHOLD, width=320)
        cost = st.number_input("Cost of a false positive, a missed one being 1", 0.01, 100.0, 1.0, width=320)
    labelled = results.labelled
    scored = ScoredReviews.from_predictions(
        labelled.rename(columns={"tokens_read": "length", "p_positive": "probability"}), DecisionRule(), threshold
    )
    _figures(scored, cost)
    doubtful = results.likely_mislabelled()
    rows, labels = counted(len(labelled), "row"), counted(len(doubtful), "label")
    st.caption(
        f"{rows} with a verdict and a label. {labels} probably wrong: there the model contradicts the label as surely "
        "as it is usually right (confident learning). The table can list them."
    )
    if note := left_out_rows(results.left_out()):
        st.caption(note)
    _charts(scored)
    _slices(scored, results, inspection)
    _other_run(job, results, labelled)


def _figures(scored: ScoredReviews, cost: float) -> None:
    counts = scored.confusion
    with st.grid(5, min_column_width=150):
        st.metric("Accuracy", percent(counts.accuracy, 2), interval(scored.interval), **_METRIC_STYLE)
        st.metric("F1", f"{counts.f1:.4f}", f"P {counts.precision:.3f} · R {counts.recall:.3f}", **_METRIC_STYLE)
        if _has_both_classes(scored):
            st.metric("ROC area", f"{scored.sweep.auc:.4f}", "a coin has 0.5", **_METRIC_STYLE)
            st.metric("Calibration", percent(scored.reliability.error, 2), "mean gap", **_METRIC_STYLE)
            st.metric("Cheapest threshold", *_cheapest(scored.sweep.cheapest(cost)), **_METRIC_STYLE)


def _cheapest(threshold: float) -> tuple[str, str]:
    """Returns the cheapest threshold in words; it exceeds every score if the highest-scoring row is negative."""
    return (f"{threshold:.2f}", "at this cost") if np.isfinite(threshold) else ("over 1", "call none positive")


def _charts(scored: ScoredReviews) -> None:
    """Shows the confusion matrix, which filters the table, and the threshold curves if both classes occur."""
    counts = scored.confusion
    grid = st.grid(2, min_column_width=300)
    with grid.cell():
        st.subheader("Where verdicts and labels meet")
        st.altair_chart(
            evaluation_charts.confusion(scored.cells(), _marked()),
            key=_key(),
            on_select=_filter_by_cell,
            alt=f"{counts.tp} true and {counts.fp} false positives, {counts.tn} true and {counts.fn} false negatives; "
            "a click filters the table",
        )
    if not _has_both_classes(scored):
        return
    curve, bins = scored.curve(), scored.reliability
    fallout = counts.fp / max(1, counts.fp + counts.tn)
    curves = [
        (
            "Stated against observed",
            evaluation_charts.reliability(scored.calibration()),
            f"Calibration error {percent(bins.error, 2)}",
        ),
        ("ROC", evaluation_charts.roc(curve, fallout, counts.recall), f"Area under the curve {scored.sweep.auc:.4f}"),
        (
            "Precision and recall",
            evaluation_charts.precision_recall(curve, counts.recall, counts.precision),
            f"Average precision {scored.sweep.average_precision:.4f}",
        ),
    ]
    for title, chart, alt in curves:
        with grid.cell():
            st.subheader(title)
            st.altair_chart(chart, alt=alt)


def choose_cell() -> tuple[str, str] | None:
    """Shows the selectbox for a confusion cell and returns its label and verdict; a click in the matrix sets it too."""
    return CELLS.get(st.selectbox("Verdicts", [EVERYTHING, *CELLS], key=_VERDICTS, on_change=_redraw, width=220))


def _key() -> str:
    return f"bulk_cells_{st.session_state.setdefault(_DRAWING, 0)}"


def _marked() -> list[dict[str, str]]:
    """Returns the cells that the matrix marks when first drawn. Later the chart keeps its own selection."""
    if _key() not in st.session_state:
        cell = CELLS.get(st.session_state.get(_VERDICTS, EVERYTHING))
        st.session_state[_MARKED] = [{"label": cell[0], "verdict": cell[1]}] if cell else []
    return list(st.session_state[_MARKED])


def _filter_by_cell() -> None:
    cells = st.session_state[_key()].selection.get("cell", [])
    st.session_state[_VERDICTS] = cell_name(cells[0]) if cells else EVERYTHING


def _redraw() -> None:
    st.session_state[_DRAWING] += 1


def _slices(scored: ScoredReviews, results: Results, inspection: dict[str, Any]) -> None:
    st.subheader("On which rows it errs")
    parts = scored.by_slice(_slices_of(scored.table, results, inspection))
    st.altair_chart(
        evaluation_charts.slices(parts, scored.confusion.accuracy),
        alt=f"Accuracy by slice, from {percent(parts['accuracy'].min())} to {percent(parts['accuracy'].max())}",
    )


def _slices_of(
    table: pd.DataFrame, results: Results, inspection: dict[str, Any]
) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """Yields slices by length, by confidence, and by each column of the file with few distinct values."""
    for _, value, mask in length_bands(table["length"].to_numpy()):
        yield f"length in tokens: {value}", mask
    for level in table["confidence"].cat.categories:
        yield f"confidence: {level}", (table["confidence"] == level).to_numpy()
    names = column_choices(inspection["columns"])
    for place in map(int, inspection["values"]):
        if place != results.label:
            values = results.column(place)[table.index]
            for value in values.dropna().unique():
                yield f"{names[place]}: {value}", (values == value).to_numpy()


def _other_run(job: Job, results: Results, labelled: pd.DataFrame) -> None:
    """Offers to score the file with another run, and compares the two when both are done."""
    this = job.read("task")["run"]
    runs = {path.name: str(path.resolve()) for path in current_run.run_paths()}  # absolute, as in the job
    others = {name: path for name, path in runs.items() if path != this}
    if not others:
        return
    st.subheader("Against another run")
    name = st.selectbox("Compare with", list(others), index=None, key="bulk_compare", width=320)
    if name is None:
        return
    other_job = job.comparison_job(others[name])
    if other_job is None:
        st.button(
            f"Score the file with {name}, too",
            on_click=job_errors.run_action,
            args=(job.score_with_other_run, others[name]),
        )
    elif other_job.state != "done":
        _wait_for_scores(other_job.id)
    else:
        task = other_job.read("task")
        columns = tuple(job.read("inspection")["columns"])
        other_results = _load_results(
            str(other_job.parts.folder), columns, task["text"], task["label"], task.get("labels")
        ).labelled
        common = labelled.index.intersection(other_results.index)
        result = metrics.compare(*(_correct(rows.loc[common]) for rows in (other_results, labelled)))
        st.write(wording.run_comparison(result, name, Path(this).name))


@st.cache_resource(max_entries=1, scope="session", show_spinner="Loading the results")
def _load_results(
    folder: str,
    columns: tuple[str, ...],
    text: int | list[int],
    label: int | None,
    labels: dict[str, int | None] | None,
) -> Results:
    return Results(Parts(Path(folder)), list(columns), text, label, labels)


def clear_cache() -> None:
    """Removes the cached results of the other run."""
    _load_results.clear()


@st.fragment(run_every=1.0)
@job_errors.show_disk_errors()
def _wait_for_scores(id: str) -> None:
    settings = Settings.from_environment()
    maintenance.run_maintenance(settings)
    other_job = find_job(settings, id)
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

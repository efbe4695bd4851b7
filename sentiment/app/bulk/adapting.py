"""The tab Adapt: the gain from the labels of the file, the predictions that change, and the adapted model."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sentiment.adapt.curve import Point, advice
from sentiment.adapt.from_file import FileAdaptation, with_head
from sentiment.adapt.head import LEAST_LABELS
from sentiment.app.bulk import charts, own_labels, own_model
from sentiment.app.bulk.loading import Scored
from sentiment.app.shared import chart_block, explained_review, job_errors, tabs, uploads
from sentiment.budget import Settings
from sentiment.bulk.jobs import maintenance
from sentiment.bulk.jobs.job import find_job
from sentiment.bulk.labelling import Labelling
from sentiment.formatting import counted, interval, percent, signed

_BALANCED = "adapt_balanced"  # key of the switch that weights both classes equally
_MAX_LISTED = 50  # rows whose prediction changes
_MAX_CELL = 300  # characters
_MODELS = {"head": "Adapted", "start": "Original", "words": "Words only (TF-IDF)", "majority": "Majority class"}

_LABELLED = "The original model on your labelled rows. The rows it is least sure of are harder than most."
_HELD_OUT = "Each row is predicted by a model trained on the other rows only."
_POOL = "Rows without a label for which the adapted model predicts the other class."
_COST = "Accuracy on the {n:,} validation reviews of the model: {before} before, {after} after."


@st.fragment
@job_errors.show_disk_errors()
def show(scored: Scored) -> None:
    """Shows the gain of the adapted model, its cost, the predictions that change, and the model itself."""
    job_errors.show_stored_error()
    labelling = own_labels.load_labelling(scored)
    if len(labelling.labelled) < own_labels.MIN_LABELS:
        st.info(_missing(labelling), icon=":material/label:")
        if st.button("Label rows", on_click=tabs.open_tab, args=("Label",), icon=":material/arrow_back:"):
            st.rerun()
        return
    own_labels.request_states(scored, labelling)
    if own_labels.load_states(scored, labelling) is None:
        _wait(scored)
        return
    balanced = bool(st.session_state.get(_BALANCED, False))
    adaptation = own_labels.load_adaptation(scored, labelling, balanced=balanced)
    if adaptation is None:
        st.info("Label at least two positive and two negative rows.", icon=":material/label:")
        return
    _verdict(scored, labelling, adaptation, balanced=balanced)
    _figures(labelling, adaptation)
    left, right = st.columns(2, gap="medium")
    with left:
        _curve(scored, labelling, adaptation)
    with right:
        chosen = _changed(scored, labelling, adaptation)
    if chosen is not None:
        _explain_with_both(scored, labelling, adaptation, chosen)


def _missing(labelling: Labelling) -> str:
    """Returns how many labels an adaptation needs, and where they can come from."""
    labelled, rows = len(labelling.labelled), len(labelling.pool.rows)
    if rows < own_labels.MIN_LABELS:
        return f"An adapted model needs {LEAST_LABELS} labels. This file has {counted(rows, 'row')} to label."
    wanted = counted(own_labels.MIN_LABELS - labelled, "more row" if labelled else "row")
    known = int((labelling.pool.known >= 0).sum())
    is_enough = known >= own_labels.MIN_LABELS and not labelling.from_file
    given = f", or use the {known:,} labels in your file," if is_enough else ""
    return f"Label {wanted}{given} to see what the model learns."


def _wait(scored: Scored) -> None:
    """Says that the states are being computed, or why they could not be."""
    if problem := scored.job.states_problem:
        st.error(uploads.escape_markdown(problem), icon=":material/error:")
        st.button("Try again", on_click=job_errors.run_action, args=(scored.job.request_states,))
        return
    _progress(scored.job.id)


@st.fragment(run_every=1.0)
@job_errors.show_disk_errors()
def _progress(job_id: str) -> None:
    settings = Settings.from_environment()
    job = find_job(settings, job_id)
    if job is None or not job.states_requested:
        st.rerun()
    maintenance.run_maintenance(settings)
    st.info("The model is reading the file again. This takes a moment.", icon=":material/hourglass_top:")


def _verdict(scored: Scored, labelling: Labelling, adaptation: FileAdaptation, *, balanced: bool) -> None:
    """Shows whether the adapted model is adopted, with its buttons."""
    found = adaptation.found
    message, icon = (st.success, "check_circle") if found.adopted else (st.info, "info")
    message(found.reason, icon=f":material/{icon}:")
    with st.container(horizontal=True, vertical_alignment="center"):
        own_model.show(scored, labelling, adaptation, balanced=balanced)
        st.toggle(
            "Weight both classes equally",
            key=_BALANCED,
            persist_state="page",
            help="For files with few positive or few negative rows.",
        )


def _figures(labelling: Labelling, adaptation: FileAdaptation) -> None:
    """Shows accuracy before and after, the cost on the model's validation reviews, and the changed predictions."""
    found, cost = adaptation.found, adaptation.cost
    before, after = found.before, found.after
    unlabelled = int((labelling.labels < 0).sum())
    change = f"{signed(100 * (after.accuracy - before.accuracy), 1)} points"
    with st.grid(5, min_column_width=150):
        _metric("Accuracy before", percent(before.accuracy), f"95% CI {interval(before.interval)}", _LABELLED)
        _metric("Accuracy after", percent(after.accuracy), f"95% CI {interval(after.interval)}", _HELD_OUT)
        _metric("Change", change, _points(found.interval), "On the same rows, with a paired bootstrap.")
        _metric("Rows changed", f"{len(adaptation.changed):,}", f"of {unlabelled:,} without a label", _POOL)
        if cost:
            lost = f"{signed(100 * (cost.after - cost.before), 1)} points"
            both = _COST.format(n=cost.n, before=percent(cost.before), after=percent(cost.after))
            _metric("On its validation set", lost, _points(cost.interval), both)
        else:
            _metric("On its validation set", "unknown", "not stored", "This model has no stored validation reviews.")
    recalls = [
        f"{side} {percent(before.recalls[at])} → {percent(after.recalls[at])}"
        for at, side in ((1, "positive"), (0, "negative"))
    ]
    st.caption(
        f"Recall: {', '.join(recalls)} · balanced accuracy {percent(before.balanced_accuracy)} → "
        f"{percent(after.balanced_accuracy)} · MCC {before.mcc:.2f} → {after.mcc:.2f} · majority baseline "
        f"{percent(found.majority)}"
    )


def _metric(label: str, value: str, note: str, help: str) -> None:
    st.metric(label, value, note, delta_color="off", delta_arrow="off", border=True, help=help, height="stretch")


def _points(bounds: tuple[float, float]) -> str:
    low, high = (signed(100 * bound, 1) for bound in bounds)
    return f"95% CI {low} to {high}"


def _curve(scored: Scored, labelling: Labelling, adaptation: FileAdaptation) -> None:
    """Shows accuracy by the number of labels, compared with simple baselines on the same rows."""
    points = own_labels.load_curve(scored, labelling, adaptation)
    table = pd.DataFrame(
        [(point.n, name, getattr(point, key)) for key, name in _MODELS.items() for point in points],
        columns=["n", "model", "accuracy"],
    )
    title = "Should I label more?"
    if not points:
        st.header(title)
        too_many = len(adaptation.labels) > own_labels.MAX_CURVE_LABELS
        st.caption(
            f"The learning curve is limited to {own_labels.MAX_CURVE_LABELS:,} labels."
            if too_many
            else "A learning curve needs five labels of each class."
        )
        return
    chart_block.show_chart(title, charts.learning_curve(table), table, _alt_text(points))
    st.caption(advice(points))


def _alt_text(points: list[Point]) -> str:
    last = points[-1]
    return f"Learning curve; with {last.n:,} labels the adapted model is {percent(last.head)} accurate"


def _changed(scored: Scored, labelling: Labelling, adaptation: FileAdaptation) -> int | None:
    """Lists the rows whose prediction changes, largest change first; returns the list index of the selected one."""
    title = "Changed predictions"
    if not len(adaptation.changed):
        st.header(title)
        st.caption("The predictions for the rows without a label stay the same.")
        return None
    rows = labelling.pool.rows[adaptation.changed[:_MAX_LISTED]]
    texts = [str(text)[:_MAX_CELL] for text in scored.results.read_texts(rows)]
    table = pd.DataFrame(
        {
            "row": rows + 1,
            "before": adaptation.before[:_MAX_LISTED],
            "after": adaptation.after[:_MAX_LISTED],
            "text": texts,
        }
    )
    chart_block.show_heading(title, table)
    event = st.dataframe(
        table,
        hide_index=True,
        key=f"adapt_changed_{len(adaptation.labels)}",
        on_select="rerun",
        selection_mode="single-row",
        alt="Rows whose prediction changes, with P(positive) before and after",
        column_config={
            "row": st.column_config.NumberColumn("row", width=50),
            "before": st.column_config.NumberColumn("P before", format="%.2f", width=75),
            "after": st.column_config.NumberColumn("P after", format="%.2f", width=75),
            "text": st.column_config.TextColumn("text", width="large"),
        },
    )
    if len(adaptation.changed) > _MAX_LISTED:
        st.caption(f"The {_MAX_LISTED} largest of {len(adaptation.changed):,} changes. Select a row to see why.")
    else:
        st.caption("P(positive) before and after. Select a row to see why.")
    chosen = [row for row in event.selection.rows if row < len(table)]
    return chosen[0] if chosen else None


def _explain_with_both(scored: Scored, labelling: Labelling, adaptation: FileAdaptation, chosen: int) -> None:
    """Explains a row with the original and the adapted model, side by side."""
    row = int(labelling.pool.rows[adaptation.changed[chosen]])
    [text] = scored.results.read_texts([row])
    classifier = scored.classifier()
    models = {"original": classifier, "adapted": with_head(classifier, adaptation.found.head)}
    for column, (name, model) in zip(st.columns(2, gap="medium"), models.items(), strict=True):
        with column:
            explained_review.show(text, model, f"adapt_{name}", title=f"Row {row + 1:,}, {name}")

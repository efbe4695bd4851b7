"""The results of a job, in tabs: rows, summary, words, groups and time, evaluation, labelling and adaptation."""

from __future__ import annotations

import streamlit as st

from sentiment.app.bulk import adapting, labelling, labels, rows, summary
from sentiment.app.bulk.loading import Scored
from sentiment.app.shared import job_errors, tabs, uploads
from sentiment.bulk.jobs.job import Job
from sentiment.bulk.left_out import are_mostly_unknown, left_out_rows, unknown_words
from sentiment.formatting import counted
from sentiment.tables.columns import doubtful_columns


def show(job: Job) -> None:
    """Shows the results of a finished or stopped job."""
    scored = Scored.of(job)
    if job.state == "cancelled":
        _stopped(scored)
    if not scored.results.rows:
        st.info("There are no rows to show.")
        return
    _doubts(scored)
    if scored.has_labels:
        labels.show_errors(scored)
    views = {"Rows": rows.show, "Summary": summary.show, "Words": summary.show_words}
    if scored.groups and len(scored.results.predicted):
        views["Groups and time"] = summary.show_groups
    if scored.has_labels:
        views["Evaluation"] = labels.show
    if len(scored.results.predicted):
        views |= {"Label": labelling.show, "Adapt": adapting.show}
    for name, tab in zip(views, tabs.show_tabs(list(views)), strict=True):
        if tab.open:
            with tab:
                views[name](scored)


def _stopped(scored: Scored) -> None:
    """Says how much is done, and offers to score the rest."""
    with st.container(horizontal=True, vertical_alignment="center"):
        rows = counted(scored.inspection["survey"]["rows"], "row")
        st.warning(f"Stopped after {scored.results.rows:,} of {rows}.", icon=":material/stop_circle:")
        st.button(
            "Resume",
            on_click=job_errors.run_action,
            args=(scored.job.submit, scored.task),
            icon=":material/play_arrow:",
        )


def _doubts(scored: Scored) -> None:
    """Warns if the scored column does not look like reviews that the model can read, or if no label is usable."""
    inspection, results = scored.inspection, scored.results
    for place in doubtful_columns(inspection["columns"], inspection["sample"], results.texts):
        st.warning(
            f"“{uploads.escape_markdown(scored.names[place])}” was scored, but doesn't look like review text.",
            icon=":material/help:",
        )
    statuses = results.counts("status")
    if are_mostly_unknown(statuses):
        st.warning(unknown_words(statuses), icon=":material/help:")
    if scored.task["label"] is not None and not scored.has_labels:
        st.info(f"No row has both a prediction and a known label. {left_out_rows(results.left_out())}")

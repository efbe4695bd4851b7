"""The tabs Summary, Words, and Groups and time."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sentiment.app.bulk import charts
from sentiment.app.bulk.loading import Scored
from sentiment.app.shared import chart_block, job_errors
from sentiment.bulk.left_out import are_mostly_unknown, unknown_words
from sentiment.bulk.prevalence import adjusted_count, error_rates
from sentiment.formatting import counted, percent

_LEFT_OUT = "Empty or unreadable rows, and rows of mostly unknown words."
_ADJUSTED = (
    "Adjusted count: the predicted share, corrected for the model's error rates on reviews with known labels, with its "
    "95% confidence interval. It assumes the same error rates here."
)
_WIDE = 0.05  # the width of an interval that is given without decimals


def show(scored: Scored) -> None:
    """Shows the counts of outcomes, the distribution of the probability, and the share of positive reviews."""
    outcomes = scored.results.outcomes()
    with st.grid(5, min_column_width=120):
        st.metric("Rows", f"{scored.results.rows:,}", border=True, height="stretch")
        for name, n in outcomes.items():
            st.metric(
                name.capitalize(),
                f"{n:,}",
                percent(n / scored.results.rows),
                delta_color="off",
                delta_arrow="off",
                help=_LEFT_OUT if name == "left out" else None,
                height="stretch",
                border=True,
            )
    statuses = scored.results.counts("status")
    if not are_mostly_unknown(statuses) and (note := unknown_words(statuses)):
        st.caption(note)
    if not len(scored.results.predicted):
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        bins = scored.cached("histogram")
        chart_block.show_chart(
            "Score distribution", charts.distribution(bins, scored.threshold), bins, "Rows by probability of “positive”"
        )
    with right:
        st.header("Share of positive reviews")
        st.markdown(_share(scored), help=_ADJUSTED)
        counts = {kind: scored.results.counts(kind) for kind in ("confidence", "status")}
        rows = [(kind, value, n) for kind, values in counts.items() for value, n in values.items()]
        table = pd.DataFrame(rows, columns=["Field", "Value", "Rows"])
        st.dataframe(table, hide_index=True, alt="Rows by confidence and by status")


def _share(scored: Scored) -> str:
    """Returns the share of positive reviews as predicted, and adjusted for the errors of the model."""
    predicted = scored.results.predicted
    positive = int((predicted["sentiment"] == "positive").sum())
    unsure = ", unsure ones included" if (predicted["confidence"] == "unsure").any() else ""
    sentence = f"**{percent(positive / len(predicted))}** of the reviews are predicted positive{unsure}."
    rates = error_rates(scored.run) if scored.run else None
    share = adjusted_count(positive, len(predicted), rates) if rates else None
    if share is None:
        return sentence
    digits = 0 if share.high - share.low > _WIDE else 1
    return (
        f"{sentence} Allowing for the model's known errors, the true share is probably between "
        f"**{percent(share.low, digits)} and {percent(share.high, digits)}**."
    )


def show_words(scored: Scored) -> None:
    """Shows the words with the largest total contributions, in a chart for each side."""
    if not scored.task["explain"]:
        st.caption("This file was scored without explanations, so word contributions are not available.")
        task = {**scored.task, "explain": True}
        st.button(
            "Score again with explanations",
            on_click=job_errors.run_action,
            args=(scored.job.submit, task),
            icon=":material/refresh:",
        )
        return
    words = scored.cached("words")
    st.caption("Total contribution of each word over all rows, from the strongest words of each row.")
    for column, side in zip(st.columns(2, gap="medium"), ("positive", "negative"), strict=True):
        rows = words[words["side"] == side]
        rows = rows.loc[rows["push"].abs().sort_values(ascending=False).index]
        with column:
            title = f"Most {side} words"
            if len(rows):
                chart_block.show_chart(title, charts.words(rows), rows, f"{title}, the strongest first")
            else:
                st.caption(f"No word makes a prediction more {side}.")


def show_groups(scored: Scored) -> None:
    """Shows the share of positive reviews by a category or a date column of the file."""
    names = scored.names
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.selectbox(
            "Group by", scored.groups, format_func=names.__getitem__, key="group", width=300, persist_state="page"
        )
    if place in scored.inspection["dates"]:
        points = scored.cached("over_time", place)
        title, chart = "Predicted positive over time", charts.over_time(points, names[place])
        chart_block.show_chart(title, chart, points, "Share of predicted positive by date")
        if undated := len(scored.results.predicted) - int(points["n"].sum()):
            st.caption(f"Left out: {counted(undated, 'row')} without a readable date.")
        if doubt := scored.cached("date_doubt", place):
            st.caption(doubt)
    else:
        groups = scored.cached("by_group", place)
        title, chart = "Predicted positive by group", charts.shares(groups, names[place])
        chart_block.show_chart(title, chart, groups, "Share of predicted positive by group")

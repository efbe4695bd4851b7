"""Results of a job: figures, charts and the table of all rows; ``downloads.py`` offers them as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.bulk import charts as bulk_charts
from sentiment.app.bulk import downloads, labels
from sentiment.app.shared import charts, job_errors, review_texts, uploads
from sentiment.artifacts import ArtifactError, Run, open_run
from sentiment.bulk.jobs.job import Job
from sentiment.bulk.left_out import are_mostly_unknown, left_out_rows, unknown_words
from sentiment.bulk.parts import Parts
from sentiment.bulk.prevalence import adjusted_count, error_rates
from sentiment.bulk.results import Filter, Results
from sentiment.formatting import counted, interval, percent
from sentiment.model.decision import read_rule
from sentiment.tables.columns import column_choices, doubtful_columns
from sentiment.tables.joining import join_cells

_PAGE_ROWS = 50
_MAX_COLUMNS = 12
_MAX_NAME = 80  # characters of a column's name
_MAX_CELL = 300
_MAX_SEARCH = 200  # characters
_MAX_CACHED = 16  # results per session
_ORDERS = {
    "as in the file": ("row", False),
    "most positive first": ("probability", True),
    "most negative first": ("probability", False),
    "longest first": ("length", True),
}
_ERRORS_FIRST = {"worst confident errors first": ("error", False)}
_VERDICT = ("sentiment", "p_positive", "confidence", "status")
_SIDES = ("positive", "negative")


def show(job: Job) -> None:
    """Shows the results of a finished or stopped job."""
    inspection, task = job.read("inspection"), job.read("task")
    done = len(list(job.parts.folder.glob("part-*.parquet")))
    made_from = json.dumps(job.parts.state())
    key = (str(job.parts.folder), made_from, done)
    results = _load(*key, tuple(inspection["columns"]), task["text"], task["label"], task.get("labels"))
    if job.state == "cancelled":
        st.warning(
            f"Stopped after {results.rows:,} of {counted(inspection['survey']['rows'], 'row')}.",
            icon=":material/stop_circle:",
        )
        st.button("Go on", on_click=job_errors.run_action, args=(job.submit, task), icon=":material/play_arrow:")
    if not results.rows:
        st.info("There are no rows to show.")
        return
    downloads.show(job, inspection)
    _doubts(results, inspection)
    run = _run(task["run"])
    threshold = read_rule(run).threshold if run else 0.5
    _figures(results, run, threshold)
    judged = len(results.judged) > 0
    if judged:
        _groups(key, results, inspection)
    if judged and task["explain"]:
        st.header("Which words pushed the whole file")
        st.altair_chart(bulk_charts.words(_cached(key, "words", results)), alt="Words by what they added over all rows")
    labelled = task["label"] is not None and len(results.labelled) > 0
    if labelled:
        labels.show(job, results, inspection, threshold)
    elif task["label"] is not None:
        st.info(f"No row has both a verdict and a known label. {left_out_rows(results.left_out())}")
    _table(key, results, labelled)


@st.cache_resource(max_entries=1, scope="session", show_spinner="Loading the results")
def _load(
    folder: str,
    made_from: str,
    done: int,
    columns: tuple[str, ...],
    text: int | list[int],
    label: int | None,
    labels: dict[str, int | None] | None,
) -> Results:
    """Loads the results. ``made_from`` and ``done`` are only cache keys: they change when the parts change."""
    return Results(Parts(Path(folder)), list(columns), text, label, labels)


@st.cache_data(max_entries=_MAX_CACHED, scope="session", show_spinner="Calculating")
def _cached(key: tuple[str, str, int], name: str, _results: Results, *arguments: Any) -> Any:
    """Returns the result of a method of the results, cached under ``key``."""
    return getattr(_results, name)(*arguments)


def clear_cache() -> None:
    """Removes all cached results."""
    _load.clear()
    _cached.clear()
    labels.clear_cache()


def _run(path: str) -> Run | None:
    try:
        return open_run(path)
    except ArtifactError:
        return None


def _doubts(results: Results, inspection: dict[str, Any]) -> None:
    """Says whether the scored column looks like reviews, and how many rows the model cannot read."""
    names = column_choices(inspection["columns"])
    for place in doubtful_columns(inspection["columns"], inspection["sample"], results.texts):
        st.warning(
            f"“{uploads.escape_markdown(names[place])}” was scored, but does not look like reviews.",
            icon=":material/help:",
        )
    statuses = results.counts("status")
    if are_mostly_unknown(statuses):
        st.warning(unknown_words(statuses), icon=":material/help:")
    elif note := unknown_words(statuses):
        st.caption(note)


def _figures(results: Results, run: Run | None, threshold: float) -> None:
    """Shows the counts, the distribution of probabilities, and the share of positive reviews."""
    judged = results.judged
    sentiment, confidence = (judged[name].value_counts() for name in ("sentiment", "confidence"))
    with st.grid(5, min_column_width=150):
        st.metric("Rows", f"{results.rows:,}", border=True)
        for name in _SIDES:
            st.metric(name.capitalize(), f"{sentiment.get(name, 0):,}", border=True)
        st.metric("Unsure", f"{confidence.get('unsure', 0):,}", border=True)
        st.metric("Not judged", f"{results.rows - len(judged):,}", border=True)
    if not len(judged):
        return
    left, right = st.columns([3, 2])
    with left:
        st.header("How far apart they stand")
        st.altair_chart(
            charts.probabilities(results.histogram(), threshold, title="Predicted"),
            alt="Rows of each sentiment by probability of “positive”",
        )
    with right:
        st.header("How many are positive")
        _share(results, run)
        named = [(kind, value, n) for kind in ("confidence", "status") for value, n in results.counts(kind).items()]
        counts = pd.DataFrame(named, columns=["of", "value", "rows"])
        st.dataframe(counts, hide_index=True, alt="Rows by confidence and by status")


def _share(results: Results, run: Run | None) -> None:
    judged = results.judged
    positive = int((judged["sentiment"] == "positive").sum())
    rates = error_rates(run) if run else None
    share = adjusted_count(positive, len(judged), rates) if rates else None
    if share is None:
        st.metric("Share called positive", percent(positive / len(judged)), border=True)
        return
    st.metric(
        "Share of positive, corrected",
        percent(share.corrected),
        f"95 % interval {interval((share.low, share.high))}",
        delta_color="off",
        delta_arrow="off",
        border=True,
    )
    st.caption(
        f"{percent(share.raw)} are called positive. Where few are, or nearly all, errors do not cancel out; corrected "
        "for the rates at which the model erred on reviews with known labels (adjusted count), supposing it errs here "
        "as it did there."
    )


def _groups(key: tuple[str, str, int], results: Results, inspection: dict[str, Any]) -> None:
    """Shows sentiment by a category or date column of the file."""
    names = column_choices(inspection["columns"])
    categories = {int(place): names[int(place)] for place in inspection["values"]}
    dates = {place: names[place] for place in inspection["dates"]}
    places = [*dates, *(place for place in categories if place not in dates and place != results.label)]
    if not places:
        return
    st.header("Sentiment by group and over time")
    place = st.selectbox("By", places, format_func=names.__getitem__, key="group", width=300)
    if place in dates:
        points = _cached(key, "over_time", results, place)
        st.altair_chart(bulk_charts.over_time(points, names[place]), alt="Share of positive by date")
        if undated := len(results.judged) - int(points["n"].sum()):
            st.caption(f"{counted(undated, 'row')} without a readable date left out.")
        if doubt := _cached(key, "date_doubt", results, place):
            st.caption(doubt)
    else:
        groups = _cached(key, "by_group", results, place)
        st.altair_chart(bulk_charts.shares(groups, names[place]), alt="Share of positive by group")


def _table(key: tuple[str, str, int], results: Results, labelled: bool) -> None:
    """Shows a page of the rows. They are filtered, searched and sorted on the server."""
    st.header("Every row")
    wanted, order = _controls(results, labelled)
    rows = _cached(key, "select", results, wanted, *order)
    pages = max(1, -(-len(rows) // _PAGE_ROWS))
    number = st.number_input(f"Page, of {pages:,}", 1, pages, 1, key="bulk_page", width=160)
    shown = rows[(number - 1) * _PAGE_ROWS : number * _PAGE_ROWS]
    texts = results.texts
    places = [*texts, *(i for i in range(len(results.columns)) if i not in texts)][: max(_MAX_COLUMNS, len(texts))]
    frame = results.read(shown, places, _MAX_CELL)
    keys = {f"c{place}": results.columns[place][:_MAX_NAME] or f"column {place + 1}" for place in places}
    shown_texts, others = list(keys)[: len(texts)], list(keys)[len(texts) :]
    event = st.dataframe(
        frame,
        hide_index=True,
        column_order=[  # a phone shows the verdict first
            "row",
            "sentiment",
            "p_positive",
            *shown_texts,
            "confidence",
            "status",
            *others,
            "tokens_read",
            "problem",
        ],
        key=f"rows-{number}",
        on_select="rerun",
        selection_mode="single-row",
        alt="The rows the filter lets through",
        column_config={
            **{key: st.column_config.TextColumn(name) for key, name in keys.items()},
            "row": st.column_config.NumberColumn("row", pinned=True, width=50),
            "sentiment": st.column_config.TextColumn(width=80),
            "p_positive": st.column_config.ProgressColumn(
                "P(positive)", min_value=0, max_value=1, format="percent", width=100
            ),
            "tokens_read": st.column_config.NumberColumn("tokens read"),
        },
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{len(rows):,} of {counted(results.rows, 'row')}. Mark a row to open it.", width="stretch")
        downloads.show_selection(results, rows)
        if chosen := [row for row in event.selection.rows if row < len(frame)]:
            whole = results.read(shown[chosen[:1]], texts)[shown_texts].iloc[0]
            review_texts.show_open_button(whole.iloc[0] if len(texts) == 1 else join_cells(whole), "bulk")


def _controls(results: Results, labelled: bool) -> tuple[Filter, tuple[str, bool]]:
    """Shows the controls of the table; returns the filter and the sort order."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sentiments = st.multiselect("Sentiment", _SIDES, key="only_sentiment", width=220)
        confidences = st.multiselect("Confidence", list(results.counts("confidence")), key="only_confidence", width=220)
        statuses = st.multiselect("Status", list(results.counts("status")), key="only_status", width=220)
        search = st.text_input("Text holds", key="only_text", width=220, max_chars=_MAX_SEARCH)
        cell = labels.choose_cell() if labelled else None
        doubtful = labelled and st.checkbox("Labels that are probably wrong", key="only_mislabelled")
        orders = _ORDERS | (_ERRORS_FIRST if labelled else {})
        order = st.selectbox("Order", list(orders), key="order", width=240)
    wanted = Filter(
        tuple(sentiments),
        tuple(confidences),
        tuple(statuses),
        search=search,
        cell=cell,
        threshold=st.session_state[labels.THRESHOLD] if labelled else 0.5,
        mislabelled=doubtful,
    )
    return wanted, orders[order]

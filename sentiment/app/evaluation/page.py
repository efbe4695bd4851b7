"""The Evaluation page: how good the served run is, and on which reviews it errs.

One threshold applies to every metric and chart. One filter selects the reviews in the table; its controls and clicks
on a confusion cell, a bin or a slice set it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from sentiment.app.evaluation import behaviour, comparison, edited, faithfulness, mistakes, review_table
from sentiment.app.shared import chart_block, charts, current_run, evaluation_charts, review_texts, uploads
from sentiment.app.shared.scored_reviews import CELLS, EVERYTHING, VERDICTS, ScoredReviews, cell_name
from sentiment.artifacts import Run
from sentiment.behaviour import card as behaviour_card
from sentiment.behaviour import edited as edited_reviews
from sentiment.evaluation.metrics import BINS, HISTOGRAM_BINS
from sentiment.faithfulness import card as faithfulness_card
from sentiment.formatting import counted, interval, percent
from sentiment.model.decision import read_rule

_SPLITS = {"test": "test_predictions.parquet", "validation": "predictions.parquet", "train": "predictions.parquet"}
_LIST_ANCHOR = "listed-reviews"  # the anchor of the list
_MARKS = "evaluation_marks"  # key of the marked filter, and of the number of redraws


def page() -> None:
    """Shows metrics, charts, slices, and the reviews behind them."""
    st.title("How good is it?")
    run = current_run.run()
    splits = [split for split, part in _SPLITS.items() if run.has(part)]
    if not splits:
        st.info(f"The run {run.name} has no predictions to judge it by.")
        return
    split, threshold, other = _controls(splits, run)
    with chart_block.report_malformed_file(run.name, _SPLITS[split]):
        _evaluation(run, split, threshold, other)
    with chart_block.report_malformed_file(run.name, faithfulness_card.PART):
        faithfulness.show(run)
    with chart_block.report_malformed_file(run.name, behaviour_card.PART):
        behaviour.show(run)
    with chart_block.report_malformed_file(run.name, edited_reviews.PART):
        edited.show(run)


def _evaluation(run: Run, split: str, threshold: float, path: Path | None) -> None:
    """Shows everything derived from the predictions on one split, and the comparison with another run if chosen."""
    scored = _load_scored(run, split, threshold)
    if scored.table.empty:
        st.info(f"The run {run.name} has no {split} predictions.")
        return
    _proposal(scored)
    _figures(scored, f"{counted(len(scored.table), split + ' review')}, judged by {run.name}")
    other = _open_other(path, split) if path else None
    pair = comparison.summary(_load_scored(other, split, threshold), other, scored, run) if other else None
    _mistakes(scored)
    _curves(scored)
    _calibration(scored)
    if pair and other:
        comparison.details(pair, other, run)
    mistakes.show(scored)


def _controls(splits: list[str], run: Run) -> tuple[str, float, Path | None]:
    """Shows the controls; returns the split, the threshold, and the folder of the run to compare with."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.segmented_control(
            "Reviews",
            splits,
            default=splits[0],
            key="split",
            bind="query-params",
            required=True,
            help="Test reviews were used neither to train nor to choose the model.",
        )
        threshold = st.slider(
            "Threshold for “positive”",
            *(0.01, 0.99, min(0.99, max(0.01, read_rule(run).threshold)), 0.01),
            key="threshold",
            bind="query-params",
            width=230,
            help="From this probability on, the verdict is “positive”.",
        )
        st.number_input(
            "Cost of a false positive",
            *(0.01, 100.0, 1.0, 0.5),
            key="cost",
            bind="query-params",
            width=190,
            help="A missed positive costs 1. With calibrated probabilities, the cheapest threshold for costs of c is "
            "near c / (1 + c).",
        )
        other = comparison.choose_run(run)
    return split, threshold, other


def _proposal(scored: ScoredReviews) -> None:
    """Offers the cheapest threshold at the given costs, and shows its savings."""
    cost, sweep = st.session_state["cost"], scored.sweep
    cheapest, counts = _slider_value(sweep.cheapest(cost)), scored.confusion
    now = 100 * (counts.fn + cost * counts.fp) / len(scored.table)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Set the cheapest, {cheapest:.2f}",
            on_click=_set_threshold,
            args=(cheapest,),
            icon=":material/savings:",
            disabled=cheapest == scored.threshold,
        )
        st.caption(
            f"With false positives at {cost:g} and missed ones at 1, 100 reviews cost {now:.2f} at the threshold of "
            f"{scored.threshold:.2f}, and {100 * sweep.cost(cost).min():.2f} at the cheapest there is."
        )


def _set_threshold(threshold: float) -> None:
    st.session_state["threshold"] = threshold


def _slider_value(threshold: float) -> float:
    """Rounds a threshold to a value that the slider allows."""
    return min(0.99, max(0.01, round(threshold, 2)))


def _load_scored(run: Run, split: str, threshold: float) -> ScoredReviews:
    predictions = current_run.read_table(_SPLITS[split], run)
    rows = predictions[predictions["split"] == split].reset_index(drop=True)
    return ScoredReviews.from_predictions(rows, read_rule(run), threshold)


def _figures(scored: ScoredReviews, of_what: str) -> None:
    """Shows the metrics in a row, those that depend on the threshold first."""
    counts, sweep = scored.confusion, scored.sweep
    figures = [
        ("Accuracy", percent(counts.accuracy, 2), interval(scored.interval), "With its 95 % interval."),
        ("F1", f"{counts.f1:.4f}", f"P {counts.precision:.3f} · R {counts.recall:.3f}", "With precision and recall."),
        ("AUC", f"{sweep.auc:.4f}", f"AP {sweep.average_precision:.4f}", "With average precision."),
        ("Log loss", f"{scored.log_loss:.4f}", "coin: 0.6931", "Of the calibrated probabilities, in nats."),
        (
            "Calibration",
            percent(scored.reliability.error, 2),
            "mean gap",
            f"Stated against observed, in {BINS} equal bins.",
        ),
    ]
    with st.grid(5, min_column_width=140):
        for name, value, detail, meaning in figures:
            st.metric(name, value, detail, delta_color="off", delta_arrow="off", border=True, help=meaning)
    st.caption(f"{of_what}; {int(scored.labels.sum()):,} of them positive.")


def _distribution(scored: ScoredReviews) -> None:
    """Shows the confusion matrix and the histogram; a click in either sets the filter."""
    counts, cells, bins = scored.confusion, scored.cells(), scored.histogram()
    marks = _marks()
    left, right = st.columns([2, 3])
    with left:
        chart_block.show_chart(
            "Where verdicts and labels meet",
            evaluation_charts.confusion(cells, marks["cells"]),
            cells,
            f"{counts.tp} true and {counts.fp} false positives, {counts.tn} true and {counts.fn} false negatives",
            key=_key("cells"),
            on_select=_filter_by_cell,
        )
    with right:
        chart_block.show_chart(
            "How far apart the classes stand",
            charts.probabilities(bins, scored.threshold, marks["bins"]),
            bins,
            "Reviews of each class by probability of “positive”",
            key=_key("bins"),
            on_select=_filter_by_bin,
        )


def _mistakes(scored: ScoredReviews) -> None:
    """Shows the clickable charts, the filter, and the filtered reviews.

    The filter is drawn first, although it is below the charts, because the charts mark it.
    """
    parts = scored.by_slice()
    above = st.container()
    st.header("The reviews themselves", anchor=_LIST_ANCHOR)
    verdicts, part, between = _filter([EVERYTHING, *parts["slice"]])
    rows = scored.select(verdicts, part, between)
    review_table.show(rows, "reviews", "the most confident mistakes first")
    with above:
        st.markdown(
            f":material/filter_alt: {_filtered(len(rows), verdicts, part, between)} · [Show the list](#{_LIST_ANCHOR})"
        )
        _distribution(scored)
    chart_block.show_chart(
        "On which reviews it errs",
        evaluation_charts.slices(parts, scored.confusion.accuracy, _marks()["parts"]),
        parts,
        f"Accuracy by slice, from {percent(parts['accuracy'].min())} to {percent(parts['accuracy'].max())}",
        key=_key("parts"),
        on_select=_filter_by_slice,
    )
    st.caption("The line is the 95 % interval, the number in parentheses that of the reviews.")


def _filtered(n: int, verdicts: str, part: str, between: tuple[float, float]) -> str:
    """Returns the filter in words, with the number of reviews that pass it."""
    conditions = [verdicts] if verdicts != EVERYTHING else []
    conditions += [part] if part != EVERYTHING else []
    if between != (0.0, 1.0):
        conditions.append(f"probability of “positive” from {between[0]:.2f} to {between[1]:.2f}")
    return f"{counted(n, 'review')} in the list: **{uploads.escape_markdown('; '.join(conditions) or 'no filter')}**"


def _filter(slices: list[str]) -> tuple[str, str, tuple[float, float]]:
    """Shows the filter's controls, which clicks on a cell, a bin or a slice set too; returns the filter."""
    st.caption("Click a cell, a bin or a slice in the charts, or choose here.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        verdicts = st.selectbox(
            "Verdicts", VERDICTS, index=1, key="verdicts", bind="query-params", width=180, on_change=_store_marks
        )
        part = st.selectbox("Slice", slices, key="slice", bind="query-params", width=250, on_change=_store_marks)
        between = st.slider(
            "Probability of “positive”",
            *(0.0, 1.0, (0.0, 1.0), 1 / HISTOGRAM_BINS),
            key="between",
            bind="query-params",
            width=200,
            on_change=_store_marks,
        )
        st.button("Clear", on_click=_clear_filter, icon=":material/filter_alt_off:")
    review_texts.show_toggle()
    return verdicts, part, between


def _curves(scored: ScoredReviews) -> None:
    """Shows the metrics and the cost at every threshold."""
    counts, sweep, cost = scored.confusion, scored.sweep, st.session_state["cost"]
    fallout = counts.fp / max(1, counts.fp + counts.tn)
    curve = scored.curve().assign(cost=100 * sweep.thin().cost(cost))
    grid = st.grid(2, min_column_width=300)
    with grid.cell():
        chart_block.show_chart(
            "Finding more costs false alarms (ROC)",
            evaluation_charts.roc(curve, fallout, counts.recall),
            curve[["threshold", "false_positive_rate", "recall"]],
            f"Area under the curve {sweep.auc:.4f}; at the threshold {percent(counts.recall)} found, "
            f"{percent(fallout)} alarmed",
        )
    with grid.cell():
        chart_block.show_chart(
            "Finding more costs precision",
            evaluation_charts.precision_recall(curve, counts.recall, counts.precision),
            curve[["threshold", "recall", "precision"]],
            f"Average precision {sweep.average_precision:.4f}; at the threshold {percent(counts.precision)} are right",
        )
    chart_block.show_chart(
        "What errors cost at each threshold",
        evaluation_charts.cost(curve, scored.threshold, sweep.cheapest(cost)),
        curve[["threshold", "cost"]],
        f"Cost of 100 reviews by threshold, least {100 * sweep.cost(cost).min():.2f}",
    )


def _calibration(scored: ScoredReviews) -> None:
    """Shows the calibration of the probabilities, for all reviews and by length."""
    bins, bands = scored.calibration(), scored.calibration_by_length()
    grid = st.grid(2, min_column_width=300)
    with grid.cell():
        chart_block.show_chart(
            "What it says comes true (calibration)",
            evaluation_charts.reliability(bins, scored.threshold),
            bins,
            f"Stated against observed probability; calibration error {percent(scored.reliability.error, 2)}",
        )
    with grid.cell():
        chart_block.show_chart(
            "Whether it does so at every length",
            evaluation_charts.calibration_by_length(bands),
            bands,
            f"Calibration error by length in tokens, from {percent(bands['error'].min(), 2)} to "
            f"{percent(bands['error'].max(), 2)}",
        )
        st.caption(
            "Bars: what chance alone can do to so few reviews (95th percentile), and what it usually does (tick). "
            "In brackets, the number of reviews."
        )


def _open_other(path: Path, split: str) -> Run | None:
    """Opens the run to compare with; returns None, after a message, if it has no predictions on the split."""
    other = current_run.open_path(path)
    if other.has(_SPLITS[split]):
        return other
    st.info(f"The run {other.name} has no {split} predictions.")
    return None


def _marks() -> dict[str, list[dict[str, Any]]]:
    """Returns what the charts mark when first drawn: the filter at that time.

    Later they keep their own selection, and their callbacks update the filter. If the filter is set in another way, the
    charts are redrawn under a new key.
    """
    marks = st.session_state.get(_MARKS)
    if marks is None or (marks["drawn"] and _key("cells") not in st.session_state):  # the user left the page meanwhile
        _store_marks()
        marks = st.session_state[_MARKS]
    marks["drawn"] = True
    return marks


def _store_marks() -> None:
    """Stores the current filter so that the charts are redrawn with it marked; used as a callback."""
    cell = CELLS.get(st.session_state.get("verdicts", ""))
    part = st.session_state.get("slice", EVERYTHING)
    low, high = st.session_state.get("between", (0.0, 1.0))
    edges = [tuple(round((step + end) / HISTOGRAM_BINS, 3) for end in (0, 1)) for step in range(HISTOGRAM_BINS)]
    within = [{"low": start, "high": end} for start, end in edges if low <= start and end <= high]
    st.session_state[_MARKS] = {
        "turn": st.session_state.get(_MARKS, {"turn": 0})["turn"] + 1,
        "drawn": False,
        "cells": [{"label": cell[0], "verdict": cell[1]}] if cell else [],
        "bins": within if len(within) < len(edges) else [],
        "parts": [{"slice": part}] if part != EVERYTHING else [],
    }


def _key(chart: str) -> str:
    return f"{chart}_{st.session_state[_MARKS]['turn']}"


def _clicked(chart: str, parameter: str) -> list[dict[str, Any]]:
    """Returns the points selected in a chart."""
    return list(st.session_state[_key(chart)].selection.get(parameter, []))


def _filter_by_cell() -> None:
    cells = _clicked("cells", "cell")
    st.session_state["verdicts"] = cell_name(cells[0]) if cells else EVERYTHING


def _filter_by_bin() -> None:
    bins = _clicked("bins", "bin")
    ends = (min(each["low"] for each in bins), max(each["high"] for each in bins)) if bins else (0.0, 1.0)
    st.session_state["between"] = ends


def _filter_by_slice() -> None:
    parts = _clicked("parts", "part")
    st.session_state["slice"] = parts[0]["slice"] if parts else EVERYTHING


def _clear_filter() -> None:
    st.session_state["verdicts"] = st.session_state["slice"] = EVERYTHING
    st.session_state["between"] = (0.0, 1.0)
    _store_marks()

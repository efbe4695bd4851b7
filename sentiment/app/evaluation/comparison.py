"""The Compare tab: two models on the same reviews, by metric, slice and review, with paired tests."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.evaluation import columns, errors, filters, header, review_table
from sentiment.app.evaluation.header import Evaluated
from sentiment.app.shared import chart_block, current_run, evaluation_charts, uploads, wording
from sentiment.app.shared.scored_reviews import EVERYTHING, Pair
from sentiment.artifacts import Run
from sentiment.evaluation.comparison import Change
from sentiment.formatting import percent, signed

_METRICS = {
    "accuracy": ("Accuracy ↑", "more"),
    "f1": ("F1 ↑", "more"),
    "auc": ("ROC AUC ↑", "more"),
    "log_loss": ("Log loss ↓", "less"),
    "calibration_error": ("ECE ↓", "less"),
}  # key of ``evaluation.comparison.changes`` -> name, and which direction is better
_SHARES = ("accuracy", "calibration_error")  # metrics shown in percent, as in the header
_KINDS: dict[str, tuple[bool | None, bool | None]] = {
    "they disagree": (None, None),
    "only the run shown is right": (True, False),
    "only the other run is right": (False, True),
    "both are wrong": (False, False),
    "both are right": (True, True),
}  # value in links -> whether the model shown and the other model are correct, None if they differ
_AGREEMENT = "agreement"  # key
_MAX_SLICES = 7  # in the chart


def show(evaluated: Evaluated) -> None:
    """Shows the selection of the other model, and the comparison with it."""
    run = evaluated.run
    others = {path.name: path for path in current_run.run_paths() if path.name != run.name}
    if not others:
        st.info("There is no other model to compare with.")
        return
    name = st.selectbox(
        "Compare with",
        list(others),
        key="compare",
        bind="query-params",
        width=260,
        help="Compare two models on the same reviews (paired tests).",
    )
    other = _open_other(others[name], evaluated.split)
    if other is None:
        return
    scored = header.load_scored(other, evaluated.split, evaluated.scored.threshold)
    pair = Pair.match(scored, evaluated.scored) if len(scored.table) else None
    if pair is None:
        st.info(f"The models {uploads.escape_markdown(name)} and {uploads.escape_markdown(run.name)} share no reviews.")
        return
    _comparison(pair, other, evaluated)


def _comparison(pair: Pair, other: Run, evaluated: Evaluated) -> None:
    run = evaluated.run
    st.markdown(f"**{uploads.escape_markdown(wording.run_comparison(pair.test, other.name, run.name))}**")
    st.caption(uploads.escape_markdown(wording.run_comparison_details(pair.test, other.name, run.name)))
    left, right = st.columns([5, 3], gap="medium")
    with left:
        _metrics(pair, other, run)
    with right:
        _slices(pair, other.name, run.name)
    _disagreements(pair, other.name, evaluated)


def _metrics(pair: Pair, other_run: Run, run: Run) -> None:
    """Shows a row for each metric: both models, the difference, its interval, and which is significantly better."""
    first, second = other_run.name, run.name
    split = str(pair.second.table["split"].iloc[0])
    with st.spinner("Bootstrapping …"):
        changes = _changes(pair, other_run.manifest["files"], run.manifest["files"], split, pair.second.threshold)
    rows = []
    for key, (name, better) in _METRICS.items():
        change = changes[key]
        low, high = pair.test.interval if key == "accuracy" else change.interval  # that of the sentence above
        gain = change.difference if better == "more" else -change.difference
        conclusion = (second if gain > 0 else first) if low * high > 0 else "Not significant"
        rows.append((name, conclusion, change.second, change.first, change.difference, _interval(key, low, high)))
    table = pd.DataFrame(rows, columns=["metric", "better", second, first, "difference", "interval"])
    chart_block.show_heading("Metrics", table)
    number = st.column_config.NumberColumn(width=72)
    shares = [row for row, key in enumerate(_METRICS) if key in _SHARES]
    shown = columns.typographic(table, {second: ".4f", first: ".4f", "difference": "+.4f"})
    shown = shown.format(_percent, na_rep="–", subset=(shares, [second, first]))
    shown = shown.format(_points, na_rep="–", subset=(shares, ["difference"]))
    st.dataframe(
        shown,
        hide_index=True,
        alt=f"Metrics of {second} and {first} side by side",
        column_config={
            "metric": st.column_config.TextColumn("Metric", width=82),
            second: number,
            first: number,
            "difference": st.column_config.NumberColumn("Difference", width=80),
            "interval": st.column_config.TextColumn("95% CI", width=150),
            "better": st.column_config.TextColumn("Better model", width=95),
        },
    )
    st.caption("95% CI of the difference: paired bootstrap. pp: percentage points.")


def _percent(share: Any) -> str:
    return percent(share, 2)


def _points(share: Any) -> str:
    return f"{signed(100 * share)} pp"


def _interval(metric: str, low: float, high: float) -> str:
    if isnan(low):  # undefined if a class is missing
        return "–"
    if metric in _SHARES:
        return f"{signed(100 * low)} to {signed(100 * high)} pp"
    return f"{signed(low, 4)} to {signed(high, 4)}"


@st.cache_data(max_entries=32, show_spinner=False)
def _changes(_pair: Pair, first: Any, second: Any, split: str, threshold: float) -> dict[str, Change]:
    """Returns ``Pair.changes``, cached because it takes a second or two. The other arguments are the cache key."""
    return _pair.changes()


def _slices(pair: Pair, first: str, second: str) -> None:
    """Shows the slices with the largest significant differences in accuracy."""
    parts = pair.by_slice()
    parts = parts[(parts["low"] > 0) | (parts["high"] < 0)].copy()
    parts = parts.loc[parts["difference"].abs().nlargest(_MAX_SLICES).index].sort_values("difference")
    if parts.empty:
        chart_block.show_heading("Accuracy difference by slice")
        st.caption("The models do not differ significantly on any slice.")
        return
    chart_block.show_chart(
        "Accuracy difference by slice",
        evaluation_charts.slice_changes(parts),
        pair.by_slice,
        f"Accuracy of {second} minus that of {first} by slice, from {signed(100 * parts['difference'].min(), 1)} to "
        f"{signed(100 * parts['difference'].max(), 1)} points",
    )
    st.caption(f"The largest significant differences, at most {_MAX_SLICES}. The CSV has all slices.")


def _disagreements(pair: Pair, first: str, evaluated: Evaluated) -> None:
    second, test = evaluated.run.name, pair.test
    counts = {(row["second"], row["first"]): row["n"] for row in pair.agreement().to_dict("records")}
    names = {
        "they disagree": f"Disagree ({test.first_only + test.second_only:,})",
        "only the run shown is right": f"Only {second} correct ({test.second_only:,})",
        "only the other run is right": f"Only {first} correct ({test.first_only:,})",
        "both are wrong": f"Both incorrect ({counts['incorrect', 'incorrect']:,})",
        "both are right": f"Both correct ({counts['correct', 'correct']:,})",
    }
    st.header("Disagreements")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = st.selectbox(
            "Show", list(_KINDS), format_func=names.__getitem__, key=_AGREEMENT, bind="query-params", width=300
        )
        parts = [EVERYTHING, *(name for name, mask in pair.second.parts() if mask.any())]
        part = st.selectbox(
            "Slice",
            parts,
            format_func=filters.shown_name,
            key="agreement_slice",
            bind="query-params",
            width=220,
        )
    rows = pair.select(*_KINDS[which], part)
    review_table.show(
        rows,
        "disagreements",
        "largest difference first",
        lambda: errors.pool_of(evaluated.scored, evaluated.split),
        other=first,
    )


def _open_other(path: Path, split: str) -> Run | None:
    """Opens the model to compare with; shows a message and returns None if it has no predictions on the split."""
    other = current_run.open_path(path)
    if other.has(header.PARTS[split]):
        return other
    st.info(f"{uploads.escape_markdown(other.name)} has no {split} predictions.")
    return None

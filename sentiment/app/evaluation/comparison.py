"""The Compare tab: two models on the same reviews, by metric, slice and review, with paired tests."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.evaluation import errors, filters, header, review_table
from sentiment.app.evaluation.header import Evaluated
from sentiment.app.shared import chart_block, current_run, evaluation_charts, uploads, wording
from sentiment.app.shared.scored_reviews import EVERYTHING, Pair
from sentiment.artifacts import Run
from sentiment.evaluation.comparison import SAMPLES, Change
from sentiment.formatting import signed

_METRICS = {
    "accuracy": ("Accuracy ↑", "more"),
    "f1": ("F1 ↑", "more"),
    "auc": ("ROC AUC ↑", "more"),
    "log_loss": ("Log loss ↓", "less"),
    "calibration_error": ("ECE ↓", "less"),
}  # key of ``evaluation.comparison.changes`` -> name, and which direction is better
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
        low, high = change.interval
        gain = change.difference if better == "more" else -change.difference
        conclusion = (second if gain > 0 else first) if low * high > 0 else "Not significant"
        span = "–" if isnan(low) else f"{signed(low, 4)} to {signed(high, 4)}"  # undefined if a class is missing
        rows.append((name, change.second, change.first, change.difference, span, conclusion))
    table = pd.DataFrame(rows, columns=["metric", second, first, "difference", "interval", "better"])
    chart_block.show_heading("Metrics", table)
    number = st.column_config.NumberColumn(format="%.4f", width=72)
    st.dataframe(
        table,
        hide_index=True,
        alt=f"Metrics of {second} and {first} side by side",
        column_config={
            "metric": st.column_config.TextColumn("Metric", width=82),
            second: number,
            first: number,
            "difference": st.column_config.NumberColumn("Difference", format="%+.4f", width=80),
            "interval": st.column_config.TextColumn("95% CI", width=140),
            "better": st.column_config.TextColumn("Better model", width=100),
        },
    )
    st.caption(f"Paired bootstrap, {SAMPLES} resamples.")


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

"""Two runs on the same reviews: metrics side by side, a paired test, and where they disagree."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.evaluation import review_table
from sentiment.app.shared import chart_block, current_run, evaluation_charts, uploads, wording
from sentiment.app.shared.scored_reviews import EVERYTHING, Pair, ScoredReviews
from sentiment.artifacts import Run
from sentiment.evaluation.metrics import SAMPLES, Change

_FIGURES = {
    "accuracy": ("Accuracy", "more"),
    "f1": ("F1", "more"),
    "auc": ("AUC", "more"),
    "log_loss": ("Log loss", "less"),
    "calibration_error": ("Calibration error", "less"),
}  # key of ``metrics.changes`` -> name, and which direction is better
_KINDS: dict[str, tuple[bool | None, bool | None]] = {
    "they disagree": (None, None),
    "only the run shown is right": (True, False),
    "only the other run is right": (False, True),
    "both are wrong": (False, False),
    "both are right": (True, True),
}  # name -> whether the shown run and the other run are right
_CELLS = "agreement_cells"
_WHICH = "agreement"
_DIFFERENCES = "differences"  # anchor of the details


def choose_run(run: Run) -> Path | None:
    """Shows the selectbox for another run; returns its folder, None if there is none or none is chosen."""
    others = {path.name: path for path in current_run.run_paths() if path.name != run.name}
    if not others:
        return None
    name = st.selectbox(
        "Compare with",
        list(others),
        index=None,
        placeholder="no other run",
        key="compare",
        bind="query-params",
        width=200,
        help="The same reviews under another run, with a paired test.",
    )
    return others[name] if name else None


def summary(other: ScoredReviews, other_run: Run, scored: ScoredReviews, run: Run) -> Pair | None:
    """Shows the comparison in a sentence and a table; returns None, after a message, without common reviews."""
    st.header(f"How it fares against {uploads.escape_markdown(other_run.name)}")
    pair = Pair.match(other, scored)
    if pair is None:
        st.info(f"The runs {other_run.name} and {run.name} have none of these reviews in common.")
        return None
    sentence = wording.run_comparison(pair.test, other_run.name, run.name)
    st.markdown(f"{uploads.escape_markdown(sentence)} [Show where they differ](#{_DIFFERENCES})")
    _figures(pair, other_run, run)
    return pair


def details(pair: Pair, other_run: Run, run: Run) -> None:
    """Shows where two runs agree, on which slices they differ, and the reviews they disagree on."""
    st.header("Where they differ", anchor=_DIFFERENCES)
    left, right = st.columns([2, 3])
    with left:
        _agreement(pair, other_run.name, run.name)
    with right:
        parts = pair.by_slice()
        chart_block.show_chart(
            "Where the difference comes from",
            evaluation_charts.slice_changes(parts),
            parts,
            f"Change of accuracy from {other_run.name} to {run.name} by slice, from "
            f"{100 * parts['difference'].min():+.1f} to {100 * parts['difference'].max():+.1f} points",
        )
    _list(pair, other_run.name, run.name)


def _figures(pair: Pair, other_run: Run, run: Run) -> None:
    """Shows a row for each metric: both runs, the difference, its interval, and whether it is significant."""
    first, second = other_run.name, run.name
    split = str(pair.second.table["split"].iloc[0])
    with st.spinner("Drawing reviews anew"):
        changes = _changes(pair, other_run.manifest["files"], run.manifest["files"], split, pair.second.threshold)
    rows = []
    for key, (name, better) in _FIGURES.items():
        change = changes[key]
        low, high = change.interval
        gain = change.difference if better == "more" else -change.difference
        conclusion = f"{second if gain > 0 else first} is better" if low * high > 0 else "no significant difference"
        span = "–" if isnan(low) else f"{low:+.4f} to {high:+.4f}"  # undefined if a class is missing
        rows.append((f"{name} ({better} is better)", change.second, change.first, change.difference, span, conclusion))
    table = pd.DataFrame(rows, columns=["figure", second, first, "difference", "95 % interval", "so"])
    number = st.column_config.NumberColumn(format="%.4f")
    st.dataframe(
        table,
        hide_index=True,
        alt=f"Figures of {second} and {first} side by side",
        column_config={
            "figure": st.column_config.TextColumn(width="medium"),
            second: number,
            first: number,
            "difference": st.column_config.NumberColumn(format="%+.4f"),
        },
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Intervals by a paired bootstrap: both judged on the same reviews, drawn anew {SAMPLES} times.")
        chart_block.show_csv_button(table, "figures_side_by_side")


@st.cache_data(max_entries=32, show_spinner=False)
def _changes(_pair: Pair, first: Any, second: Any, split: str, threshold: float) -> dict[str, Change]:
    """Returns ``Pair.changes``, cached because it takes a second or two. The other arguments are the cache key."""
    return _pair.changes()


def _agreement(pair: Pair, first: str, second: str) -> None:
    cells = pair.agreement()
    counts = {(row["second"], row["first"]): row["n"] for row in cells.to_dict("records")}
    chart_block.show_chart(
        "Where the two agree",
        evaluation_charts.agreement(cells, first, second),
        cells,
        f"Both right {counts['right', 'right']:,}, only {second} {counts['right', 'wrong']:,}, only {first} "
        f"{counts['wrong', 'right']:,}, none {counts['wrong', 'wrong']:,}; a click filters the list below",
        key=_CELLS,
        on_select=_filter,
    )


def _list(pair: Pair, first: str, second: str) -> None:
    st.header("Reviews on which they differ")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = st.selectbox("Reviews where", list(_KINDS), key=_WHICH, bind="query-params", width=260)
        parts = [EVERYTHING, *(name for name, mask in pair.second.parts() if mask.any())]
        part = st.selectbox("Slice", parts, key="agreement_slice", bind="query-params", width=260)
    rows = pair.select(*_KINDS[which], part)
    review_table.show(rows, "disagreements", f"{second} and {first} differing most come first", first)


def _filter() -> None:
    """Filters the list by the clicked cell of the agreement matrix."""
    points = st.session_state[_CELLS].selection.get("cell", [])
    cell = tuple(points[0][side] == "right" for side in ("second", "first")) if points else (None, None)
    st.session_state[_WHICH] = next(name for name, kind in _KINDS.items() if kind == cell)

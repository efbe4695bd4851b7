"""The Evaluation page: how good the served run is, and on which reviews it errs.

One threshold moves every figure and chart; one filter, set in its row or by a click on a confusion cell, a bin or a
slice, decides which reviews the table lists.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment import readings
from sentiment.app import behaviour, charts, evaluation_charts, evidence, mistakes, serving, tables, texts, wording
from sentiment.app.judged import EVERYTHING, VERDICTS, Judged, causes, cell_name, compare
from sentiment.artifacts import Run
from sentiment.figures import percent

_SPLITS = {"test": "test_predictions.parquet", "validation": "predictions.parquet", "train": "predictions.parquet"}
_LISTED = 1_000  # rows the table shows at most


def page() -> None:
    """Figures, charts, slices, and the reviews behind them."""
    st.title("How good is it?")
    run = serving.run()
    splits = [split for split, part in _SPLITS.items() if run.has(part)]
    if not splits:
        st.info(f"The run {run.name} has no predictions to judge it by.")
        return
    split, threshold = _controls(splits, run)
    with serving.sentences():
        judged = _judge(run, split, threshold)
    _figures(judged, f"{len(judged.table):,} {split} reviews, judged by {run.name}")
    _spread(judged)
    _curves(judged)
    _mistakes(judged)
    mistakes.show(judged)
    _comparison(judged, run, split)
    evidence.show(run)
    behaviour.show(run)


def _controls(splits: list[str], run: Run) -> tuple[str, float]:
    """Which reviews, and the threshold: set by hand, or the cheapest one at a ratio of costs."""
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
            *(0.01, 0.99, 0.5, 0.01),
            key="threshold",
            bind="query-params",
            width=270,
            help="From this probability on, the verdict is “positive”.",
        )
        st.number_input(
            "Cost of a false positive",
            *(0.01, 100.0, 1.0),
            key="cost",
            bind="query-params",
            width=190,
            help="A missed positive costs 1. With calibrated probabilities, the cheapest is near c / (1 + c).",
        )
        st.button("Set the cheapest", on_click=_set_cheapest, args=(run, split), icon=":material/savings:")
    return split, threshold


def _set_cheapest(run: Run, split: str) -> None:
    cheapest = _judge(run, split, 0.5).sweep.cheapest(st.session_state["cost"])
    st.session_state["threshold"] = min(0.99, max(0.01, round(cheapest, 2)))


def _judge(run: Run, split: str, threshold: float) -> Judged:
    predictions = serving.table(_SPLITS[split], run)
    rows = predictions[predictions["split"] == split].reset_index(drop=True)
    return Judged.of(rows, run.json("config.json")["temperature"], threshold)


def _figures(judged: Judged, of_what: str) -> None:
    """The figures in a row; those that follow the threshold first."""
    counts, sweep, (low, high) = judged.confusion, judged.sweep, judged.interval
    figures = [
        ("Accuracy", percent(counts.accuracy, 2), f"{100 * low:.1f} to {100 * high:.1f} %", "With its 95 % interval."),
        ("F1", f"{counts.f1:.4f}", f"P {counts.precision:.3f} · R {counts.recall:.3f}", "With precision and recall."),
        ("AUC", f"{sweep.auc:.4f}", f"AP {sweep.average_precision:.4f}", "With average precision."),
        ("Log loss", f"{judged.log_loss:.4f}", "coin: 0.6931", "Of the calibrated probabilities, in nats."),
        ("Calibration", percent(judged.reliability.error, 2), "mean gap", "Stated against observed, in 15 equal bins."),
    ]
    with st.grid(5, min_column_width=140):
        for name, value, detail, meaning in figures:
            st.metric(name, value, detail, delta_color="off", delta_arrow="off", border=True, help=meaning)
    st.caption(f"{of_what}; {int(judged.labels.sum()):,} are positive.")


def _spread(judged: Judged) -> None:
    """Confusion matrix and histogram; a click in either sets the filter."""
    counts = judged.confusion
    left, right = st.columns([2, 3])
    with left:
        st.header("Where verdicts and labels meet")
        st.altair_chart(
            evaluation_charts.confusion(judged.cells()),
            key="cells",
            on_select=_filter_by_cell,
            alt=f"{counts.tp} true and {counts.fp} false positives, {counts.tn} true and {counts.fn} false negatives",
        )
    with right:
        st.header("How far apart the classes stand")
        st.altair_chart(
            charts.probabilities(judged.histogram(), judged.threshold),
            key="bins",
            on_select=_filter_by_bin,
            alt="Reviews of each class by probability of “positive”",
        )


def _curves(judged: Judged) -> None:
    """What other thresholds would give, and whether probabilities are to be believed."""
    counts, thin = judged.confusion, judged.sweep.thin()
    fallout = counts.fp / max(1, counts.fp + counts.tn)
    curve = pd.DataFrame(
        {
            "recall": thin.recall,
            "false_positive_rate": thin.false_positive_rate,
            "precision": thin.precision,
            "threshold": thin.thresholds.clip(max=1.0),
        }
    )
    bins = judged.reliability
    agreement = pd.DataFrame({"stated": bins.stated, "observed": bins.observed, "n": bins.count})
    shown = [
        ("ROC", evaluation_charts.roc(curve, fallout, counts.recall), f"Area under the curve {judged.sweep.auc:.4f}"),
        (
            "Precision and recall",
            evaluation_charts.precision_recall(curve, counts.recall, counts.precision),
            f"Average precision {judged.sweep.average_precision:.4f}",
        ),
        (
            "Stated against observed",
            evaluation_charts.reliability(agreement),
            f"Calibration error {percent(bins.error, 2)}",
        ),
    ]
    grid = st.grid(3, min_column_width=280)
    for title, chart, alt in shown:
        with grid.cell():
            st.header(title)
            st.altair_chart(chart, alt=alt)


def _mistakes(judged: Judged) -> None:
    """Accuracy by slice, the filter, and the reviews it lets through."""
    parts = judged.by_slice()
    st.header("On which reviews it errs")
    left, right = st.columns([2, 3])
    with left:
        st.altair_chart(
            evaluation_charts.slices(parts, judged.confusion.accuracy),
            key="parts",
            on_select=_filter_by_slice,
            alt=f"Accuracy by slice, from {parts['accuracy'].min():.1%} to {parts['accuracy'].max():.1%}",
        )
        st.caption("The line is the 95 % interval. Click a point here, a cell or a bin above, to filter the list.")
    with right:
        _list(judged.chosen(*_filter([EVERYTHING, *parts["slice"]])))


def _filter(slices: list[str]) -> tuple[str, str, tuple[float, float]]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        verdicts = st.selectbox("Verdicts", VERDICTS, index=1, key="verdicts", bind="query-params", width=180)
        part = st.selectbox("Slice", slices, key="slice", bind="query-params", width=250)
        between = st.slider(
            "Probability of “positive”",
            *(0.0, 1.0, (0.0, 1.0), 0.04),
            key="between",
            bind="query-params",
            width=200,
        )
        st.button("Clear", on_click=_clear_filter, icon=":material/filter_alt_off:")
    return verdicts, part, between


def _list(rows: pd.DataFrame) -> None:
    """The reviews, with their texts where the app has the data; one of them can be opened on the Review page."""
    frame = _frame(rows.head(_LISTED))
    event = st.dataframe(
        frame,
        hide_index=True,
        height=460,
        on_select="rerun",
        selection_mode="single-row",
        alt="Reviews the filter lets through, confident mistakes first",
        column_config={
            "probability": st.column_config.ProgressColumn("P(positive)", min_value=0, max_value=1, format="percent"),
            "text": st.column_config.TextColumn(width="large"),
            "cause": st.column_config.TextColumn(
                "main cause", help="Why the model erred, where someone read the review."
            ),
            "causes": st.column_config.TextColumn("may mislead", help="What in the review may have misled the model."),
            "length": st.column_config.NumberColumn("tokens"),
            "film": st.column_config.LinkColumn("film", display_text=r"(tt\d+)"),
        },
    )
    more = f"; the first {_LISTED:,} are shown" if len(rows) > _LISTED else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{len(rows):,} reviews, the most confident mistakes first{more}.")
        st.download_button("CSV", lambda: tables.csv(_frame(rows)), "reviews.csv", "text/csv", on_click="ignore")
        if "text" in frame and event.selection.rows:
            texts.offer_opening(frame["text"].iloc[event.selection.rows[0]])


def _frame(rows: pd.DataFrame) -> pd.DataFrame:
    """What the list says of each review."""
    with serving.sentences():
        read = rows["fingerprint"].map(readings.causes()).where(~rows["right"]).fillna("")
    frame = pd.DataFrame(
        {
            "label": rows["label"].map({1: "positive", 0: "negative"}),
            "probability": rows["probability"],
            "rating": rows["rating"].replace(0, pd.NA),
            "length": rows["length"],
            "cause": read,
            "causes": causes(rows),
            "film": rows["film"].map(lambda film: f"https://www.imdb.com/title/{film}/" if film else None),
            "fingerprint": rows["fingerprint"],
        }
    )
    if texts.offered():
        frame.insert(2, "text", rows["fingerprint"].map(texts.by_fingerprint()))
    return frame


def _comparison(judged: Judged, run: Run, split: str) -> None:
    """Another run on the same reviews, with a paired test."""
    others = {path.name: path for path in serving.paths() if path.name != run.name}
    if not others:
        return
    st.header("Against another run")
    name = st.selectbox("Compare with", list(others), index=None, key="compare", bind="query-params", width=320)
    if name is None:
        return
    with serving.sentences():
        other = serving.open_path(others[name])
        if not other.has(_SPLITS[split]):
            st.info(f"The run {name} has no {split} predictions.")
            return
        result = compare(_judge(other, split, judged.threshold), judged)
    if result is None:
        st.info(f"The runs {name} and {run.name} have no {split} review in common.")
    else:
        st.write(wording.difference(result, name, run.name))


def _clicked(key: str, parameter: str) -> dict[str, Any] | None:
    """What was clicked in a chart; None when the selection was cleared."""
    points = st.session_state[key].selection.get(parameter, [])
    return points[0] if points else None


def _filter_by_cell() -> None:
    cell = _clicked("cells", "cell")
    st.session_state["verdicts"] = cell_name(cell) if cell else EVERYTHING


def _filter_by_bin() -> None:
    clicked = _clicked("bins", "bin")
    st.session_state["between"] = (clicked["low"], clicked["high"]) if clicked else (0.0, 1.0)


def _filter_by_slice() -> None:
    clicked = _clicked("parts", "part")
    st.session_state["slice"] = clicked["slice"] if clicked else EVERYTHING


def _clear_filter() -> None:
    st.session_state["verdicts"] = st.session_state["slice"] = EVERYTHING
    st.session_state["between"] = (0.0, 1.0)

"""The header of the Evaluation page, above all tabs: split, decision threshold and metrics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import streamlit as st

from sentiment.app.evaluation import own_slices
from sentiment.app.shared import current_run, segments, uploads
from sentiment.app.shared.scored_reviews import ScoredReviews
from sentiment.artifacts import Run
from sentiment.evaluation.metrics import BALANCED, BINS, Confusion
from sentiment.formatting import counted, interval, percent
from sentiment.model.decision import read_rule

PARTS = {"test": "test_predictions.parquet", "validation": "predictions.parquet", "train": "predictions.parquet"}
_THRESHOLD, _COST = "threshold", "cost"  # keys

_Metric = tuple[str, str, str, str]  # name, value, detail, and meaning


@dataclass(frozen=True)
class Evaluated:
    """A model's predictions on one split, which the tabs show.

    Attributes:
        run: the model.
        split: "test", "validation" or "train".
        scored: its predictions at the chosen threshold.
        cost: the cost of a false positive; that of a false negative is 1.
    """

    run: Run
    split: str
    scored: ScoredReviews
    cost: float

    def read_part(self, part: str, content: str, option: str) -> dict[str, Any] | None:
        """Reads a JSON file that ``evaluate.py`` writes. If it is missing, says how to create it and returns None.

        Args:
            part: name of the file.
            content: describes its content in the message.
            option: the option of ``evaluate.py`` that writes it.
        """
        if not self.run.has(part):
            st.info(
                f"No {content} saved for {uploads.escape_markdown(self.run.name)}. Run `python scripts/evaluate.py "
                f"{option} --data PATH --artifacts RUN_FOLDER`."
            )
            return None
        with current_run.stop_on_artifact_error():
            return current_run.read_json(part)


def show(run: Run) -> Evaluated | None:
    """Shows the header; shows a message and returns None if there is nothing to evaluate."""
    splits = [split for split, part in PARTS.items() if run.has(part)]
    if not splits:
        st.info(f"No predictions saved for {uploads.escape_markdown(run.name)}.")
        return None
    caption = st.empty()
    with st.container(horizontal=True, vertical_alignment="center"):
        split = segments.choose(
            "Split",
            splits,
            default=splits[0],
            key="split",
            bind="query-params",
            label_visibility="collapsed",
        )
        with st.popover(f"Threshold {_digits(_threshold(run))}", icon=":material/tune:", key="threshold_popover"):
            threshold, cost = _choose_threshold(run)
            scored = load_scored(run, split, threshold)
            if not scored.table.empty:
                _offer_optimal(scored, cost)
    name = uploads.escape_markdown(run.name)
    if scored.table.empty:
        st.info(f"{name} has no {split} predictions.")
        return None
    reviews, positive = counted(len(scored.table), f"{split} review"), int(scored.labels.sum())
    unseen = ". The test set was not used for training or model selection." if split == "test" else ""
    caption.caption(f"{reviews} ({positive:,} positive), model: {name}{unseen}")
    _metrics(scored)
    return Evaluated(run, split, scored, cost)


def load_scored(run: Run, split: str, threshold: float) -> ScoredReviews:
    """Returns the model's predictions on a split, with the user-defined slices."""
    predictions = current_run.read_table(PARTS[split], run)
    rows = predictions[predictions["split"] == split].reset_index(drop=True)
    return ScoredReviews.from_predictions(rows, read_rule(run), threshold, own=own_slices.finders())


def _threshold(run: Run) -> float:
    """Returns the chosen threshold before its slider is drawn, because the label of the popover around it names it."""
    if _THRESHOLD in st.session_state:
        return float(st.session_state[_THRESHOLD])
    try:
        asked = float(st.query_params.get(_THRESHOLD, "nan"))
    except ValueError:
        asked = math.nan
    return asked if 0.01 <= asked <= 0.99 else _default(run)


def _default(run: Run) -> float:
    """Returns the model's own threshold, rounded to a value that the slider allows."""
    return slider_value(read_rule(run).threshold)


def _choose_threshold(run: Run) -> tuple[float, float]:
    """Shows the controls of threshold and cost; returns their values."""
    threshold = st.slider(
        "Decision threshold",
        min_value=0.01,
        max_value=0.99,
        value=_default(run),
        step=0.001,
        format="%.3f",
        key=_THRESHOLD,
        bind="query-params",
        help="Predict positive when P(positive) is at or above this.",
    )
    cost = st.number_input(
        "Cost ratio (false positive : false negative)",
        min_value=0.01,
        max_value=100.0,
        value=1.0,
        step=0.5,
        key=_COST,
        bind="query-params",
        help="Cost of a false positive relative to a false negative. The optimal threshold is about c / (1 + c).",
    )
    return threshold, cost


def _offer_optimal(scored: ScoredReviews, cost: float) -> None:
    """Offers the threshold with the lowest expected cost, and shows that cost."""
    optimal = slider_value(scored.sweep.cheapest(cost))
    now, least = (scored.cost_per_100(threshold, cost) for threshold in (scored.threshold, optimal))
    st.button(
        f"Use cost-optimal ({_digits(optimal)})",
        on_click=lambda: st.session_state.update({_THRESHOLD: optimal}),
        disabled=optimal == scored.threshold,
    )
    st.caption(f"Expected cost per 100 reviews: {now:.2f} (now), {least:.2f} (optimal).")


def slider_value(threshold: float) -> float:
    """Rounds a threshold to a value that the slider allows."""
    return min(0.99, max(0.01, round(threshold, 3)))


def _digits(threshold: float) -> str:
    """Formats a threshold of the slider, with a third decimal only if it is needed: "0.50", "0.467"."""
    return f"{threshold:.3f}" if round(threshold, 3) != round(threshold, 2) else f"{threshold:.2f}"


def _metrics(scored: ScoredReviews) -> None:
    """Shows the metrics in a row; balanced accuracy and the majority baseline only if the classes are imbalanced."""
    shown = _usual_metrics(scored)
    if scored.confusion.majority > BALANCED:
        shown[1:1] = _imbalance_metrics(scored.confusion)
    with st.grid(len(shown), min_column_width=130):
        for name, value, detail, meaning in shown:
            st.metric(name, value, detail, delta_color="off", delta_arrow="off", border=True, help=meaning)


def _usual_metrics(scored: ScoredReviews) -> list[_Metric]:
    counts, sweep = scored.confusion, scored.sweep
    return [
        (
            "Accuracy",
            percent(counts.accuracy),
            interval(scored.interval),
            "Share of correct predictions, with its 95% confidence interval.",
        ),
        (
            "F1",
            f"{counts.f1:.3f}",
            f"P {counts.precision:.3f} · R {counts.recall:.3f}",
            "Harmonic mean of precision (P) and recall (R).",
        ),
        (
            "ROC AUC",
            f"{sweep.auc:.3f}",
            f"AP {sweep.average_precision:.3f}",
            "Area under the ROC curve, with average precision (AP).",
        ),
        (
            "ECE",
            percent(scored.reliability.error, 2),
            "calibration error",
            "Expected calibration error: the mean gap between predicted probability and observed frequency, in "
            f"{BINS} bins of equal size.",
        ),
        (
            "Reviews",
            f"{len(scored.table):,}",
            counted(counts.fp + counts.fn, "error"),
            "Number of reviews, with the number of incorrect predictions.",
        ),
    ]


def _imbalance_metrics(counts: Confusion) -> list[_Metric]:
    return [
        (
            "Balanced",
            percent(counts.balanced_accuracy),
            f"MCC {counts.mcc:.3f}",
            "Balanced accuracy, the mean recall of both classes, with Matthews' correlation (MCC).",
        ),
        (
            "Baseline",
            percent(counts.majority),
            "the larger class",
            "Majority baseline: the accuracy of always predicting the more frequent class.",
        ),
    ]

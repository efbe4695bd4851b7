"""The Thresholds tab: ROC and precision-recall curves, expected cost, and operating points."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from sentiment.app.evaluation import columns
from sentiment.app.evaluation.header import Evaluated
from sentiment.app.shared import chart_block, evaluation_charts
from sentiment.app.shared.scored_reviews import ScoredReviews
from sentiment.evaluation.metrics import confusion
from sentiment.formatting import percent

_MAX_FPR, _MIN_RECALL = 0.05, 0.95  # of two operating points


def show(evaluated: Evaluated) -> None:
    """Shows three curves side by side, and the metrics at other thresholds."""
    scored, cost = evaluated.scored, evaluated.cost
    counts, sweep = scored.confusion, scored.sweep
    fallout = counts.fp / max(1, counts.fp + counts.tn)
    curve = scored.curve().assign(cost=100 * sweep.thin().cost(cost))
    grid = st.grid(3, min_column_width=280)
    with grid.cell():
        chart_block.show_chart(
            "ROC curve",
            evaluation_charts.roc(curve, fallout, counts.recall),
            curve[["threshold", "false_positive_rate", "recall"]],
            f"ROC AUC {sweep.auc:.4f}; at the threshold TPR {percent(counts.recall)}, FPR {percent(fallout)}",
        )
    with grid.cell():
        chart_block.show_chart(
            "Precision-recall curve",
            evaluation_charts.precision_recall(curve, counts.recall, counts.precision),
            curve[["threshold", "recall", "precision"]],
            f"Average precision {sweep.average_precision:.4f}; at the threshold precision {percent(counts.precision)}, "
            f"recall {percent(counts.recall)}",
        )
    with grid.cell():
        chart_block.show_chart(
            "Expected cost",
            evaluation_charts.cost(curve, scored.threshold, sweep.cheapest(cost)),
            curve[["threshold", "cost"]],
            f"Cost per 100 reviews by threshold, at least {100 * sweep.cost(cost).min():.2f}",
        )
    st.caption("◆ Current threshold. In the cost curve, ◆ is the optimum and the dashed line the current threshold.")
    _operating_points(operating_points(scored, cost), cost)


def _operating_points(points: pd.DataFrame, cost: float) -> None:
    chart_block.show_heading("Operating points", points)
    distinct = points["threshold"].unique()
    digits = next(n for n in range(3, 9) if n == 8 or len({round(each, n) for each in distinct}) == len(distinct))
    shares = {"accuracy": "Accuracy", "precision": "Precision", "recall": "Recall", "fpr": "FPR"}
    st.dataframe(
        columns.in_percent(points, shares),
        hide_index=True,
        alt="Metrics at several thresholds",
        column_config={
            "threshold": st.column_config.NumberColumn("Threshold", format=f"%.{digits}f"),
            **{name: columns.share(title) for name, title in shares.items()},
            "f1": st.column_config.NumberColumn("F1", format="%.3f"),
            "cost": st.column_config.NumberColumn("Cost per 100", format="%.2f", help=f"At a cost ratio of {cost:g}."),
            "point": "Operating point",
        },
    )


def operating_points(scored: ScoredReviews, cost: float) -> pd.DataFrame:
    """Returns the metrics at the current threshold and at other common operating points.

    Returns:
        Columns ``point``, ``threshold``, ``accuracy``, ``precision``, ``recall``, ``fpr``, ``f1`` and ``cost``.
    """
    sweep = scored.sweep
    predicted = sweep.tp + sweep.fp
    f1 = 2 * sweep.tp / np.maximum(predicted + sweep.tp[-1], 1)
    allowed = np.flatnonzero(sweep.false_positive_rate <= _MAX_FPR)
    found = np.flatnonzero(sweep.recall >= _MIN_RECALL)
    wanted = {
        "Current": scored.threshold,
        "Cost-optimal": sweep.cheapest(cost),
        "Best F1": float(sweep.thresholds[f1.argmax()]),
        f"FPR at most {percent(_MAX_FPR, 0)}": float(sweep.thresholds[allowed[-1]]),
        f"Recall at least {percent(_MIN_RECALL, 0)}": float(sweep.thresholds[found[0]]) if len(found) else np.inf,
    }
    rows = []
    for name, threshold in wanted.items():
        counts = confusion(scored.probabilities, scored.labels, threshold)
        rows.append(
            {
                "point": name,
                "threshold": min(threshold, 1.0),
                "accuracy": counts.accuracy,
                "precision": counts.precision,
                "recall": counts.recall,
                "fpr": counts.fp / max(1, counts.fp + counts.tn),
                "f1": counts.f1,
                "cost": scored.cost_per_100(threshold, cost),
            }
        )
    return pd.DataFrame(rows)

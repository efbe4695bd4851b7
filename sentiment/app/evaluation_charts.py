"""Charts of the Evaluation page; see ``charts`` for what all charts share."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sentiment.app.charts import SIDES, inked, names, over, rules, side_colour

_MANY = 30  # reviews from which a slice decides how wide the axis is


def confusion(cells: pd.DataFrame) -> alt.LayerChart:
    """The confusion matrix; a click on a cell selects it as ``cell``.

    Args:
        cells: columns ``label``, ``verdict``, ``n``, ``share``, ``right``.
    """
    chosen = alt.selection_point(name="cell", fields=["label", "verdict"])
    base = alt.Chart(cells).encode(
        x=alt.X("verdict:N", sort=SIDES, title="Verdict", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("label:N", sort=SIDES, title="Label"),
        tooltip=["label:N", "verdict:N", alt.Tooltip("n:Q", format=","), alt.Tooltip("share:Q", format=".1%")],
    )
    squares = (
        base.mark_rect(cursor="pointer", stroke="gray")
        .encode(
            fill=alt.Fill("right:N", scale=alt.Scale(domain=[True, False]), legend=None),
            fillOpacity=alt.FillOpacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.08, 0.5]), legend=None),
            strokeWidth=alt.condition(chosen, alt.value(1), alt.value(0)),
        )
        .add_params(chosen)
    )
    counts = base.mark_text(fontSize=18, fontWeight=600, baseline="bottom").encode(text=alt.Text("n:Q", format=","))
    shares = base.mark_text(fontSize=13, baseline="top", dy=4).encode(text=alt.Text("share:Q", format=".1%"))
    return over(squares, inked(counts), inked(shares))


def roc(curve: pd.DataFrame, x: float, y: float) -> alt.LayerChart:
    """The ROC curve, with the point of the threshold that is set.

    Args:
        curve: columns ``false_positive_rate``, ``recall``, ``threshold``.
        x: false positive rate at the threshold.
        y: recall at the threshold.
    """
    diagonal = alt.Chart(pd.DataFrame({"x": [0, 1], "y": [0, 1]})).mark_line(
        strokeDash=[4, 4], color="gray", strokeWidth=1
    )
    line = _share_line(curve, "false_positive_rate", "False positive rate", "recall", "Recall (true positive rate)")
    return over(diagonal.encode(x="x:Q", y="y:Q"), line, _point(x, y))


def precision_recall(curve: pd.DataFrame, x: float, y: float) -> alt.LayerChart:
    """Precision against recall, with the point of the threshold that is set.

    Args:
        curve: columns ``recall``, ``precision``, ``threshold``.
        x: recall at the threshold.
        y: precision at the threshold.
    """
    line = _share_line(curve, "recall", "Recall", "precision", "Precision")
    return over(line, _point(x, y))


def reliability(bins: pd.DataFrame) -> alt.LayerChart:
    """Stated probability against observed share of positive; on the dashed line the two agree.

    Args:
        bins: columns ``stated``, ``observed``, ``n``.
    """
    diagonal = alt.Chart(pd.DataFrame({"x": [0, 1], "y": [0, 1]})).mark_line(
        strokeDash=[4, 4], color="gray", strokeWidth=1
    )
    line = (
        alt.Chart(bins)
        .mark_line(point=alt.OverlayMarkDef(size=50, filled=True))
        .encode(
            x=alt.X("stated:Q", title="Stated probability", scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("observed:Q", title="Observed share of positive", scale=alt.Scale(domain=[0, 1])),
            tooltip=[
                alt.Tooltip("stated:Q", format=".1%"),
                alt.Tooltip("observed:Q", format=".1%"),
                alt.Tooltip("n:Q", title="reviews", format=","),
            ],
        )
    )
    return over(diagonal.encode(x="x:Q", y="y:Q"), line)


def slices(parts: pd.DataFrame, overall: float) -> alt.LayerChart:
    """Accuracy of each slice with its interval; a click on a point selects it as ``part``.

    Args:
        parts: columns ``slice``, ``by``, ``n``, ``accuracy``, ``low``, ``high``.
        overall: the accuracy over all reviews, drawn as a rule.
    """
    chosen = alt.selection_point(name="part", fields=["slice"])
    base = alt.Chart(parts).encode(
        y=names("slice"),
        opacity=alt.condition(chosen, alt.value(1), alt.value(0.35)),
        tooltip=[
            "slice:N",
            alt.Tooltip("n:Q", title="reviews", format=","),
            alt.Tooltip("accuracy:Q", format=".2%"),
            alt.Tooltip("low:Q", title="from", format=".2%"),
            alt.Tooltip("high:Q", title="to", format=".2%"),
        ],
    )
    usual = parts[parts["n"] >= _MANY]  # a handful of reviews has an interval that would squeeze all others
    low = float(usual["low"].min()) if len(usual) else 0.0
    scale = alt.Scale(domain=[low, 1.0], zero=False, clamp=True)
    accuracy = alt.X("accuracy:Q", title="Accuracy", scale=scale, axis=alt.Axis(format="%"))
    spread = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title="Accuracy", scale=scale), x2="high:Q")
    points = base.mark_point(filled=True, size=90, cursor="pointer").encode(x=accuracy).add_params(chosen)
    return over(rules([overall], "x", scale), inked(spread), inked(points), height=alt.Step(20))


def causes(rows: pd.DataFrame) -> alt.Chart:
    """Mistakes by their cause, and of which class they are.

    Args:
        rows: columns ``cause``, ``label``, ``n``, in the order to show.
    """
    return (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            y=names("cause"),
            x=alt.X("n:Q", title="Confident mistakes"),
            color=side_colour("label", "Label"),
            tooltip=["cause:N", "label:N", alt.Tooltip("n:Q", title="mistakes", format=",")],
        )
        .properties(height=alt.Step(20))
    )


def erasure(rows: pd.DataFrame) -> alt.LayerChart:
    """Comprehensiveness and sufficiency of each method of explanation, with intervals.

    Args:
        rows: columns ``method``, ``measure``, ``value``, ``low``, ``high``.
    """
    measures = rows["measure"].unique().tolist()
    base = alt.Chart(rows).encode(
        y=names("method"),
        yOffset="measure:N",
        color=alt.Color(
            "measure:N",
            scale=alt.Scale(domain=[*SIDES, *measures]),  # neither takes the colour of a class
            legend=alt.Legend(orient="top", title=None, values=measures),
        ),
        tooltip=[
            "method:N",
            "measure:N",
            *(alt.Tooltip(f"{name}:Q", format="+.3f") for name in ("value", "low", "high")),
        ],
    )
    spread = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title="Change of the probability"), x2="high:Q")
    points = base.mark_point(filled=True, size=80).encode(x="value:Q")
    return over(rules([0.0], "x"), spread, points, height=alt.Step(20))


def _share_line(curve: pd.DataFrame, x: str, x_title: str, y: str, y_title: str) -> alt.Chart:
    unit = alt.Scale(domain=[0, 1])
    return (
        alt.Chart(curve)
        .mark_line(interpolate="linear")
        .encode(
            x=alt.X(f"{x}:Q", title=x_title, scale=unit),
            y=alt.Y(f"{y}:Q", title=y_title, scale=unit),
            order=alt.Order("threshold:Q", sort="descending"),
            tooltip=[
                alt.Tooltip(f"{name}:Q", title=title, format=".3f")
                for name, title in ((x, x_title), (y, y_title), ("threshold", "Threshold"))
            ],
        )
    )


def _point(x: float, y: float) -> alt.Chart:
    """The point of the threshold that is set."""
    mark = alt.Chart(pd.DataFrame({"x": [x], "y": [y]})).mark_point(
        size=120, filled=True, shape="diamond", color="gray"
    )
    return mark.encode(x="x:Q", y="y:Q", tooltip=[alt.Tooltip("x:Q", format=".3f"), alt.Tooltip("y:Q", format=".3f")])

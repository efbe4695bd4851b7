"""Charts of predictions against labels, built on ``shared.charts``."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from sentiment.app.shared.charts import CLASSES, class_colour, in_text_colour, layer, name_axis, rules
from sentiment.evaluation.metrics import wilson_interval

_MIN_SCALED = 30  # reviews; smaller slices do not affect the axis range


def confusion(cells: pd.DataFrame, marked: Sequence[dict[str, str]] = ()) -> alt.LayerChart:
    """Draws the confusion matrix, tinted by share; a click on a cell selects it as ``cell``.

    Args:
        cells: columns ``label``, ``verdict``, ``n``, ``share``, ``right``.
        marked: the initially selected cells, by ``label`` and ``verdict``.
    """
    chosen = alt.selection_point(name="cell", fields=["label", "verdict"], value=list(marked) or alt.Undefined)
    base = alt.Chart(cells).encode(
        x=alt.X("verdict:N", sort=CLASSES, title="Predicted", axis=alt.Axis(labelAngle=0, labelFlush=False)),
        y=alt.Y("label:N", sort=CLASSES, title="True label", axis=alt.Axis(labelFlush=False, labelBaseline="middle")),
        tooltip=[
            alt.Tooltip("label:N", title="True label"),
            alt.Tooltip("verdict:N", title="Predicted"),
            alt.Tooltip("n:Q", title="reviews", format=","),
            alt.Tooltip("share:Q", title="% of true class", format=".1%"),
        ],
    )
    squares = (
        base.mark_rect(cursor="pointer", stroke="gray")
        .encode(
            fill=alt.Fill("right:N", scale=alt.Scale(domain=[True, False]), legend=None),
            fillOpacity=alt.FillOpacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.08, 0.5]), legend=None),
            strokeWidth=alt.condition(chosen, alt.value(3), alt.value(1), empty=False),
        )
        .add_params(chosen)
    )
    counts = base.mark_text(fontSize=18, fontWeight=600, baseline="bottom").encode(text=alt.Text("n:Q", format=","))
    shares = base.mark_text(fontSize=13, baseline="top", dy=4).encode(text=alt.Text("share:Q", format=".1%"))
    return layer(squares, in_text_colour(counts), in_text_colour(shares))


def roc(curve: pd.DataFrame, x: float, y: float) -> alt.LayerChart:
    """Draws the ROC curve, with the point of the current threshold.

    Args:
        curve: columns ``false_positive_rate``, ``recall``, ``threshold``.
        x: false positive rate at the threshold.
        y: recall at the threshold.
    """
    line = _share_line(curve, "false_positive_rate", "False positive rate", "recall", "Recall (true positive rate)")
    return layer(_diagonal(), line, _point(x, y))


def precision_recall(curve: pd.DataFrame, x: float, y: float) -> alt.LayerChart:
    """Draws precision against recall, with the point of the current threshold.

    Args:
        curve: columns ``recall``, ``precision``, ``threshold``.
        x: recall at the threshold.
        y: precision at the threshold.
    """
    line = _share_line(curve, "recall", "Recall", "precision", "Precision")
    return layer(line, _point(x, y))


def cost(curve: pd.DataFrame, threshold: float, cheapest: float) -> alt.LayerChart:
    """Draws the cost at each threshold, with the current threshold and the cheapest one.

    Args:
        curve: columns ``threshold``, ``cost`` (per 100 reviews; a false negative costs 1).
        threshold: the decision threshold, drawn as a dashed rule.
        cheapest: the threshold with the lowest cost, marked with a diamond.
    """
    x = alt.X("threshold:Q", title="Decision threshold", scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("cost:Q", title="Cost per 100 reviews", scale=alt.Scale(domainMin=0))
    tooltip = [
        alt.Tooltip("threshold:Q", title="Threshold", format=".3f"),
        alt.Tooltip("cost:Q", title="Cost per 100 reviews", format=".2f"),
    ]
    line = alt.Chart(curve).mark_line().encode(x=x, y=y, tooltip=tooltip)
    least = curve.iloc[[int((curve["threshold"] - cheapest).abs().argmin())]]
    mark = alt.Chart(least).mark_point(size=120, filled=True, shape="diamond", color="gray", opacity=1)
    return layer(line, rules([threshold], "x"), mark.encode(x=x, y=y, tooltip=tooltip))


def reliability(bins: pd.DataFrame, threshold: float | None = None) -> alt.LayerChart:
    """Draws observed against predicted probability with 95% intervals; the dashed line is perfect calibration.

    Args:
        bins: columns ``stated``, ``observed``, ``n``.
        threshold: the decision threshold, drawn as a dashed rule.
    """
    ends = [wilson_interval(round(share * n), int(n)) for share, n in zip(bins["observed"], bins["n"], strict=True)]
    bins = bins.assign(low=[low for low, _ in ends], high=[high for _, high in ends])
    line = (
        alt.Chart(bins)
        .mark_line(point=alt.OverlayMarkDef(size=50, filled=True))
        .encode(
            x=alt.X("stated:Q", title="Predicted probability", scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("observed:Q", title="Observed frequency", scale=alt.Scale(domain=[0, 1])),
            tooltip=[
                alt.Tooltip("stated:Q", title="predicted", format=".1%"),
                alt.Tooltip("observed:Q", title="observed", format=".1%"),
                alt.Tooltip("low:Q", title="from", format=".1%"),
                alt.Tooltip("high:Q", title="to", format=".1%"),
                alt.Tooltip("n:Q", title="reviews", format=","),
            ],
        )
    )
    spread = alt.Chart(bins).mark_rule(strokeWidth=2, color="gray")
    spread = spread.encode(x="stated:Q", y=alt.Y("low:Q", title="Observed frequency"), y2="high:Q")
    at = [] if threshold is None else [rules([threshold], "x")]
    return layer(_diagonal(), spread, line, *at)


def counts(bins: pd.DataFrame) -> alt.LayerChart:
    """Draws the number of reviews by predicted probability, as the small histogram under a reliability diagram.

    Args:
        bins: columns ``low``, ``high``, ``n``, a row for each class.
    """
    total = bins.groupby(["low", "high"], as_index=False)["n"].sum()
    bars = alt.Chart(total).mark_bar(binSpacing=1, color="gray", opacity=0.6)
    bars = bars.encode(
        x=alt.X("low:Q", bin="binned", title=None, scale=alt.Scale(domain=[0, 1])),
        x2="high:Q",
        y=alt.Y("n:Q", title="Reviews", axis=alt.Axis(tickCount=2)),
        tooltip=["low:Q", "high:Q", alt.Tooltip("n:Q", title="reviews", format=",")],
    )
    return layer(bars, height=130)


def calibration_by_length(bands: pd.DataFrame) -> alt.LayerChart:
    """Draws the calibration error by length, over a bar of the error expected by chance.

    Args:
        bands: columns ``length``, ``n``, ``error``, ``chance``, ``high``, in the order to show.
    """
    bands = bands.assign(name=[f"{length}  ({n:,})" for length, n in zip(bands["length"], bands["n"], strict=True)])
    base = alt.Chart(bands).encode(
        y=name_axis("name"),
        tooltip=[
            alt.Tooltip("length:N", title="tokens"),
            alt.Tooltip("n:Q", title="reviews", format=","),
            alt.Tooltip("error:Q", title="ECE", format=".2%"),
            alt.Tooltip("chance:Q", title="by chance, median", format=".2%"),
            alt.Tooltip("high:Q", title="by chance, 95th percentile", format=".2%"),
        ],
    )
    title = "ECE"
    chance = base.mark_bar(color="gray", opacity=0.25, size=16).encode(x=alt.X("high:Q", title=title))
    median = base.mark_tick(color="gray", thickness=2, size=16).encode(x=alt.X("chance:Q", title=title))
    place = alt.X("error:Q", title=title, axis=alt.Axis(format=".1%"))
    points = base.mark_point(filled=True, size=90, opacity=1).encode(x=place)
    return layer(chance, median, in_text_colour(points))


def slices(parts: pd.DataFrame, overall: float, marked: Sequence[dict[str, str]] = ()) -> alt.LayerChart:
    """Draws the accuracy of each slice with its interval; a click on a point selects it as ``part``.

    Args:
        parts: columns ``slice``, ``n``, ``accuracy``, ``low``, ``high``.
        overall: the accuracy over all reviews, drawn as a rule.
        marked: the initially selected slices, by ``slice``.
    """
    usual = parts[parts["n"] >= _MIN_SCALED]  # the wide interval of a small slice would squeeze all others
    low = float(usual["low"].min()) if len(usual) else 0.0
    scale = alt.Scale(domain=[low, 1.0], zero=False, clamp=True)
    return _by_slice(parts, "accuracy", "Accuracy", overall, scale, "%", ".2%", marked)


def slice_changes(parts: pd.DataFrame) -> alt.LayerChart:
    """Draws the difference in accuracy between two runs by slice, with 95% intervals.

    Args:
        parts: columns ``slice``, ``n``, ``difference`` (shares), ``low``, ``high``.
    """
    scale = alt.Scale(domain=[min(0.0, float(parts["low"].min())), max(0.0, float(parts["high"].max()))])
    return _by_slice(parts, "difference", "Accuracy difference", 0.0, scale, "+%", "+.2%", ())


def _by_slice(
    parts: pd.DataFrame,
    field: str,
    title: str,
    reference: float,
    scale: alt.Scale,
    ticks: str,
    exact: str,
    marked: Sequence[dict[str, str]],
) -> alt.LayerChart:
    """Draws a point and its interval for each slice, with its size; a click selects it as ``part``."""
    parts = parts.assign(name=[f"{name}  ({n:,})" for name, n in zip(parts["slice"], parts["n"], strict=True)])
    chosen = alt.selection_point(name="part", fields=["slice"], nearest=True, value=list(marked) or alt.Undefined)
    base = alt.Chart(parts).encode(
        y=name_axis("name", limit=230),
        opacity=alt.condition(chosen, alt.value(1), alt.value(0.35)),
        tooltip=[
            "slice:N",
            alt.Tooltip("n:Q", title="reviews", format=","),
            alt.Tooltip(f"{field}:Q", title=title.lower(), format=exact),
            alt.Tooltip("low:Q", title="from", format=exact),
            alt.Tooltip("high:Q", title="to", format=exact),
        ],
    )
    place = alt.X(f"{field}:Q", title=title, scale=scale, axis=alt.Axis(format=ticks))
    spread = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=title, scale=scale), x2="high:Q")
    points = base.mark_point(filled=True, size=90, cursor="pointer").encode(x=place).add_params(chosen)
    return layer(rules([reference], "x", scale), in_text_colour(spread), in_text_colour(points), height=alt.Step(20))


def causes(rows: pd.DataFrame) -> alt.LayerChart:
    """Draws errors by cause and class; a click on a bar selects its cause as ``cause``.

    Args:
        rows: columns ``cause``, ``label``, ``n``, ``meaning``, in the order to show.
    """
    chosen = alt.selection_point(name="cause", fields=["cause"])
    bars = (
        alt.Chart(rows)
        .mark_bar(cursor="pointer")
        .encode(
            y=name_axis("cause"),
            x=alt.X("n:Q", title="High-confidence errors"),
            color=class_colour("label", "True label"),
            opacity=alt.condition(chosen, alt.value(1), alt.value(0.35)),
            tooltip=[
                "cause:N",
                alt.Tooltip("label:N", title="true label"),
                alt.Tooltip("n:Q", title="errors", format=","),
                "meaning:N",
            ],
        )
        .add_params(chosen)
    )
    return layer(bars, height=alt.Step(20))


def erasure(rows: pd.DataFrame) -> alt.LayerChart:
    """Draws comprehensiveness and sufficiency of each attribution method, with intervals.

    Args:
        rows: columns ``method``, ``measure``, ``value``, ``low``, ``high``.
    """
    measures = rows["measure"].unique().tolist()
    base = alt.Chart(rows).encode(
        y=name_axis("method"),
        yOffset="measure:N",
        color=alt.Color(
            "measure:N",
            scale=alt.Scale(domain=[*CLASSES, *measures]),  # skips the colours of the classes
            # one column, because a phone would cut a single row
            legend=alt.Legend(orient="top", title=None, values=measures, columns=1),
        ),
        tooltip=[
            "method:N",
            "measure:N",
            *(alt.Tooltip(f"{name}:Q", format="+.3f") for name in ("value", "low", "high")),
        ],
    )
    spread = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title="Change in probability"), x2="high:Q")
    points = base.mark_point(filled=True, size=80).encode(x="value:Q")
    return layer(rules([0.0], "x"), spread, points, height=alt.Step(14))


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


def _diagonal() -> alt.Chart:
    """Draws a dashed line from 0 to 1."""
    ends = pd.DataFrame({"x": [0, 1], "y": [0, 1]})
    return alt.Chart(ends).mark_line(strokeDash=[4, 4], color="gray", strokeWidth=1).encode(x="x:Q", y="y:Q")


def _point(x: float, y: float) -> alt.Chart:
    """Marks the point of the current threshold."""
    mark = alt.Chart(pd.DataFrame({"x": [x], "y": [y]})).mark_point(
        size=120, filled=True, shape="diamond", color="gray"
    )
    return mark.encode(x="x:Q", y="y:Q", tooltip=[alt.Tooltip("x:Q", format=".3f"), alt.Tooltip("y:Q", format=".3f")])


def words(rows: pd.DataFrame, by: str) -> alt.LayerChart:
    """Draws the contribution of each word as a bar.

    Args:
        rows: columns ``word``, ``count``, ``mean``, ``total``, ``side``, in the order to show.
        by: the column that the bars show, ``mean`` or ``total``.
    """
    titles = {"mean": "Mean contribution (logits)", "total": "Total contribution (logits)"}
    bars = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            y=name_axis("word"),
            x=alt.X(f"{by}:Q", title=titles[by]),
            color=class_colour("side", "Direction"),
            tooltip=[
                "word:N",
                alt.Tooltip("mean:Q", title="mean contribution", format="+.3f"),
                alt.Tooltip("count:Q", title="occurrences", format=","),
                alt.Tooltip("total:Q", title="total", format="+,.0f"),
            ],
        )
    )
    return layer(bars, height=alt.Step(17))


def words_against_data(rows: pd.DataFrame) -> alt.LayerChart:
    """Draws a point for each word: its mean contribution against its log-odds in the data.

    Args:
        rows: columns ``word``, ``count``, ``mean``, ``side``, ``log_odds``, ``z``.
    """
    points = (
        alt.Chart(rows)
        .mark_circle(opacity=0.6)
        .encode(
            x=alt.X("log_odds:Q", title="Log-odds in the training data"),
            y=alt.Y("mean:Q", title="Mean contribution (logits)"),
            size=alt.Size("count:Q", scale=alt.Scale(type="log", range=[12, 220]), legend=None),
            color=class_colour("side", "Direction"),
            tooltip=[
                "word:N",
                alt.Tooltip("mean:Q", title="mean contribution", format="+.3f"),
                alt.Tooltip("log_odds:Q", title="log-odds", format="+.2f"),
                alt.Tooltip("count:Q", title="occurrences", format=","),
            ],
        )
    )
    return layer(rules([0.0], "x"), rules([0.0], "y"), points, height=320)

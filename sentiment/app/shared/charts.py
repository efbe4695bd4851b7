"""Charts and chart styles that several pages use: units on axes, blue for positive, orange for negative.

Each function takes aggregated tidy data and returns an Altair chart. Colours come from the theme, so that charts work
in light and dark; its first two categorical colours are blue and orange.
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

CLASSES = ["positive", "negative"]
HEIGHT = 300


def layer(*layers: alt.Chart, height: int | alt.Step = HEIGHT) -> alt.LayerChart:
    """Layers charts, the first at the bottom. The labels of an axis stay at their ticks, also the outermost ones."""
    config = alt.Config(axis=alt.AxisConfig(labelFlush=False))
    return alt.LayerChart(layer=list(layers), height=height, config=config, padding={"right": 12})


def class_colour(field: str, title: str | None = None, *, legend: bool = True) -> alt.Color:
    """Encodes a field with "positive" and "negative" in the theme's first two colours."""
    key = alt.Legend(title=title, orient="top") if legend else None
    return alt.Color(f"{field}:N", scale=alt.Scale(domain=CLASSES), legend=key)


def name_axis(field: str, *, limit: int = 220) -> alt.Y:
    """Returns a vertical axis with a row for each name, in the given order, with every label shown."""
    axis = alt.Axis(labelLimit=limit, labelOverlap=False, labelBaseline="middle")
    return alt.Y(f"{field}:N", sort=None, title=None, axis=axis)


def in_text_colour(chart: alt.Chart) -> alt.Chart:
    """Draws a chart in the theme's fifth categorical colour, which contrasts with light and dark backgrounds."""
    scale = alt.Scale(domain=[*CLASSES, "third", "fourth", "ink"])
    return chart.transform_calculate(ink="'ink'").encode(color=alt.Color("ink:N", scale=scale, legend=None))


def waterfall(steps: pd.DataFrame) -> alt.LayerChart:
    """Draws the steps from the baseline to the score.

    Args:
        steps: columns ``name`` (unique), ``start``, ``end``, ``value`` (logits), ``side``, in order.
    """
    base = alt.Chart(steps).encode(
        y=name_axis("name", limit=170),
        tooltip=[
            alt.Tooltip("name:N", title="Step"),
            alt.Tooltip("value:Q", title="Contribution", format="+.3f"),
            alt.Tooltip("end:Q", title="Running total", format="+.3f"),
        ],
    )
    bars = base.mark_bar(height={"band": 0.7}).encode(
        x=alt.X("start:Q", title="Score (logits)"), x2="end:Q", color=class_colour("side", "Direction")
    )
    return layer(rules([0.0], "x"), bars, height=alt.Step(26))


def probabilities(
    bins: pd.DataFrame,
    threshold: float | None = None,
    marked: Sequence[dict[str, float]] = (),
    title: str = "Label",
) -> alt.LayerChart:
    """Draws a histogram of the probability of "positive"; a click on a bar selects its bin as ``bin``.

    Args:
        bins: columns ``low``, ``high``, ``label``, ``n``.
        threshold: the decision threshold, drawn as a rule.
        marked: the initially selected bins, by ``low`` and ``high``.
        title: the legend's title, for a label or a prediction.
    """
    chosen = alt.selection_point(name="bin", fields=["low", "high"], value=list(marked) or alt.Undefined)
    bars = (
        alt.Chart(bins)
        .mark_bar(cursor="pointer", binSpacing=1)
        .encode(
            x=alt.X("low:Q", bin="binned", title="P(positive)", scale=alt.Scale(domain=[0, 1])),
            x2="high:Q",
            y=alt.Y("n:Q", title="Reviews", stack="zero"),
            color=class_colour("label", title),
            opacity=alt.condition(chosen, alt.value(1), alt.value(0.35)),
            tooltip=[
                alt.Tooltip("label:N", title=title.lower()),
                alt.Tooltip("low:Q", title="from"),
                alt.Tooltip("high:Q", title="to"),
                alt.Tooltip("n:Q", title="reviews", format=","),
            ],
        )
        .add_params(chosen)
    )
    rule = rules([threshold] if threshold is not None else [], "x")
    return layer(bars, rule)


def rules(places: Sequence[float], axis: str, scale: alt.Scale | alt.UndefinedType = alt.Undefined) -> alt.Chart:
    """Draws dashed rules across the chart; ``scale`` is the scale of the axis, if not the default."""
    frame = pd.DataFrame({"place": list(places)}, dtype="float64")
    place = alt.X("place:Q", scale=scale) if axis == "x" else alt.Y("place:Q", scale=scale)
    return alt.Chart(frame).mark_rule(strokeDash=[4, 4], color="gray").encode(place)

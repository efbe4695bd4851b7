"""Charts of the Training page; see ``charts`` for what all charts share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd

from sentiment.app.shared.charts import layer

_HEIGHT = 230
_MARGIN = 0.09  # of the axis, left free at its end for the labels of the values, which are inside the chart
_MARK = 0.02  # of the axis, left free at its beginning for marks to be whole
_SHAPES = {
    "least validation loss": "diamond",
    "stopped early": "square",
    "end of warm-up": "triangle-up",
    "drop of the rate": "triangle-down",
}  # events of ``curves.events`` -> the shape that marks them


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One metric of all runs.

    Attributes:
        name: the metric, in letters.
        title: what it is, its unit, and which way is better.
        lines: columns ``run``, ``split``, ``value``, ``smoothed`` and the one along the axis.
        pointer: that column, and one column of text a line: what the rule shows there; the same places in each panel.
        marks: rows of ``lines`` with their ``event``.
        log: whether the value's axis is logarithmic.
    """

    name: str
    title: str
    lines: pd.DataFrame
    pointer: pd.DataFrame
    marks: pd.DataFrame
    log: bool = False


def history(
    panels: Sequence[Panel], *, x: str, x_title: str, runs: Sequence[str], start: float | None = None
) -> alt.VConcatChart:
    """Panels one above the other on one axis, with one hover rule through all, and one zoom.

    The labels of the values stand inside, since a chart of several panels can only be as wide as the page if nothing
    stands beside them.

    Args:
        panels: from the top.
        x: the column along the axis.
        x_title: its name, with unit.
        runs: every run that there is, so that each keeps its colour whichever are drawn.
        start: where the axis begins; shortly before the first point if None, but never below zero because of that.
    """
    places = pd.concat([panel.lines[x] for panel in panels])
    low, high = float(places.min()), float(places.max())
    span = (high - low) or 1.0
    begin = start if start is not None else low - min(_MARK * span, max(low, 0.0))
    domain = [begin, high + _MARGIN * span]
    views = [f"{panel.name}_{place}" for place, panel in enumerate(panels)]  # as Altair names what is inside
    pointer = alt.PointSelectionConfig(
        type="point", nearest=True, on="pointermove", clear="pointerout", fields=[x], toggle=False
    )
    zoom = alt.IntervalSelectionConfig(
        type="interval",
        encodings=["x"],
        zoom="wheel![event.shiftKey]",
        translate="[pointerdown[event.pointerType === 'mouse'], window:pointerup] > window:pointermove!",
    )
    chart = alt.VConcatChart(
        vconcat=[_panel(panel, x, x_title, domain, runs) for panel in panels],
        params=[
            alt.TopLevelSelectionParameter(name="pointer", select=pointer, views=views),
            alt.TopLevelSelectionParameter(name="zoom", select=zoom, bind="scales", views=views),
        ],
        padding={"left": 0, "right": 12, "top": 0, "bottom": 0},
        spacing=20,
    )
    return chart.resolve_scale(color="shared", strokeDash="shared").configure_legend(
        orient="top", title=None, columns=2, labelLimit=110, symbolOpacity=1
    )


def _panel(panel: Panel, x: str, x_title: str, domain: list[float], runs: Sequence[str]) -> alt.LayerChart:
    shown = sorted(panel.lines["run"].unique())
    colour = alt.Color("run:N", scale=alt.Scale(domain=list(runs)), legend=alt.Legend(values=shown))
    ticks = alt.Axis(tickMinStep=0 if x == "minutes" else 1)
    along = alt.X(f"{x}:Q", title=x_title, scale=alt.Scale(domain=domain, nice=False), axis=ticks)
    base = alt.Chart(panel.lines).encode(
        x=along,
        color=colour,
        strokeDash=alt.StrokeDash(
            "split:N", scale=alt.Scale(domain=["train", "validation"]), legend=alt.Legend(symbolStrokeColor="gray")
        ),
    )
    smoothed = bool((panel.lines["smoothed"] != panel.lines["value"]).any())
    raw = base.mark_line(opacity=0.35 if smoothed else 1, strokeWidth=1 if smoothed else 2)
    layers = [raw.encode(y=_value("value", log=panel.log))]
    if smoothed:
        layers.append(base.mark_line(strokeWidth=2).encode(y=_value("smoothed", log=panel.log)))
    if len(panel.marks):  # a layer without a mark would be an image without a name to a screen reader
        layers.append(_marks(panel, along, colour))
    layers.append(_pointer_rule(panel, x, x_title))
    title = alt.TitleParams(panel.title, anchor="start", offset=10)
    return layer(*layers, height=_HEIGHT).properties(title=title)


def _value(field: str, *, log: bool) -> alt.Y:
    """The vertical axis, its labels inside the chart on their grid lines, at the right end, where no line is."""
    axis = alt.Axis(
        orient="right",
        labelAlign="right",
        labelBaseline="bottom",
        labelPadding=-4,
        labelFlush=False,
        ticks=False,
        title=None,
    )
    return alt.Y(f"{field}:Q", scale=alt.Scale(type="log" if log else "linear", zero=False), axis=axis)


def _marks(panel: Panel, along: alt.X, colour: alt.Color) -> alt.Chart:
    scale = alt.Scale(domain=list(_SHAPES), range=list(_SHAPES.values()))
    return (
        alt.Chart(panel.marks)
        .mark_point(size=110, filled=True, opacity=1)
        .encode(
            x=along,
            y=_value("value", log=panel.log),
            color=colour,
            shape=alt.Shape("event:N", scale=scale, legend=None),
            tooltip=[
                "event:N",
                "run:N",
                alt.Tooltip("epoch:Q", format=".4~g"),
                alt.Tooltip("value:Q", title=panel.name, format=".4~g"),
            ],
        )
    )


def _pointer_rule(panel: Panel, x: str, x_title: str) -> alt.Chart:
    """A rule at the place nearest to the pointer, with every line's value."""
    shown = [alt.Tooltip(f"{x}:Q", title=x_title, format=".4~g")]
    shown += [alt.Tooltip(_field(name), title=name, type="nominal") for name in panel.pointer.columns if name != x]
    pointed = alt.OpacityValue(0, condition={"param": "pointer", "empty": False, "value": 0.6})
    rule = alt.Chart(panel.pointer, name=panel.name).mark_rule(strokeWidth=1, color="gray")
    return rule.encode(x=f"{x}:Q", opacity=pointed, tooltip=shown)


def _field(name: str) -> str:
    """A column's name as Vega and Altair read it: dots and brackets in it are not paths, and colons no types."""
    for character in "\\.[]'\":":
        name = name.replace(character, f"\\{character}")
    return name

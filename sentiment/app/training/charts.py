"""Charts of the Training page, built on ``shared.charts``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd

from sentiment.app.shared.charts import layer

_HEIGHT = 230
_MARGIN = 0.09  # share of the axis left free at its end for the value labels inside the chart
_MARK = 0.02  # share of the axis left free at its start so that marks are not cut
_SHAPES = {
    "least validation loss": "diamond",
    "stopped early": "square",
    "end of warm-up": "triangle-up",
    "drop of the rate": "triangle-down",
}  # event of ``histories.events`` -> shape of its mark


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """The chart of one metric, for all runs.

    Attributes:
        name: name of the metric, in letters.
        title: the metric's title, its unit, and which direction is better.
        lines: columns ``run``, ``split``, ``value``, ``smoothed`` and the one on the axis.
        pointer: the axis column and a column of hover text for each line; the same positions in each panel.
        marks: rows of ``lines`` with their ``event``.
        log: whether the vertical axis is logarithmic.
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
    """Draws panels one above the other on a common axis, with one hover rule and one zoom for all.

    The value labels are inside, because a chart of several panels fills the page's width only if nothing is beside it.

    Args:
        panels: from top to bottom.
        x: the column on the horizontal axis.
        x_title: its title, with unit.
        runs: all known runs, so that each keeps its colour whichever are drawn.
        start: start of the axis; by default just before the first point, but not below zero.
    """
    places = pd.concat([panel.lines[x] for panel in panels])
    low, high = float(places.min()), float(places.max())
    span = (high - low) or 1.0
    begin = start if start is not None else low - min(_MARK * span, max(low, 0.0))
    domain = [begin, high + _MARGIN * span]
    views = [f"{panel.name}_{place}" for place, panel in enumerate(panels)]  # as Altair names nested charts
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
    tooltip = sorted(panel.lines["run"].unique())
    colour = alt.Color("run:N", scale=alt.Scale(domain=list(runs)), legend=alt.Legend(values=tooltip))
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
    if len(panel.marks):  # to a screen reader, an empty layer is an unnamed image
        layers.append(_marks(panel, along, colour))
    layers.append(_pointer_rule(panel, x, x_title))
    title = alt.TitleParams(panel.title, anchor="start", offset=10)
    return layer(*layers, height=_HEIGHT).properties(title=title)


def _value(field: str, *, log: bool) -> alt.Y:
    """Returns the vertical axis, with labels inside the chart, at the right end where no line is."""
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
    """Draws a rule at the position nearest to the pointer, with every line's value."""
    tooltip = [alt.Tooltip(f"{x}:Q", title=x_title, format=".4~g")]
    tooltip += [alt.Tooltip(_field(name), title=name, type="nominal") for name in panel.pointer.columns if name != x]
    pointed = alt.OpacityValue(0, condition={"param": "pointer", "empty": False, "value": 0.6})
    rule = alt.Chart(panel.pointer, name=panel.name).mark_rule(strokeWidth=1, color="gray")
    return rule.encode(x=f"{x}:Q", opacity=pointed, tooltip=tooltip)


def _field(name: str) -> str:
    """Escapes a column's name for Vega and Altair: dots and brackets are paths there, and colons types."""
    for character in "\\.[]'\":":
        name = name.replace(character, f"\\{character}")
    return name

"""Charts of the Training page; see ``charts`` for what all charts share."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sentiment.app.charts import over


def history(
    lines: pd.DataFrame, pointer: pd.DataFrame, marked: pd.DataFrame, *, x: str, x_title: str, y_title: str, log: bool
) -> alt.LayerChart:
    """Lines of a training history, the raw ones always visible, with one hover rule for all.

    Args:
        lines: columns ``run``, ``split``, ``value``, ``smoothed`` and the one named ``x``.
        pointer: the column ``x``, and one column of text a line: what the rule shows there.
        marked: the rows of ``lines`` to mark with a diamond.
        x: the column along the axis.
        x_title: its name, with unit.
        y_title: the value's name, with unit.
        log: whether the value's axis is logarithmic.
    """
    smoothed = bool((lines["smoothed"] != lines["value"]).any())
    scale = alt.Scale(type="log" if log else "linear", zero=False)
    ticks = alt.Axis(tickMinStep=0 if x == "minutes" else 1)
    base = alt.Chart(lines).encode(
        x=alt.X(f"{x}:Q", title=x_title, scale=alt.Scale(nice=False), axis=ticks),
        color=alt.Color("run:N", legend=alt.Legend(orient="top", title=None)),
        strokeDash=alt.StrokeDash(
            "split:N",
            sort=["train", "validation"],
            legend=alt.Legend(orient="top", title=None, symbolStrokeColor="gray"),
        ),
    )
    y = alt.Y("value:Q", title=y_title, scale=scale)
    layers = [base.mark_line(opacity=0.35 if smoothed else 1, strokeWidth=1 if smoothed else 2).encode(y=y)]
    if smoothed:
        layers.append(base.mark_line(strokeWidth=2).encode(y=alt.Y("smoothed:Q", title=y_title, scale=scale)))
    if len(marked):  # a layer without a mark would be an image without a name to a screen reader
        diamonds = alt.Chart(marked).mark_point(size=110, filled=True, shape="diamond")
        layers.append(diamonds.encode(x=f"{x}:Q", y="value:Q", color="run:N", tooltip=["run:N", f"{x}:Q", "value:Q"]))
    layers.append(_pointer_rule(pointer, x, x_title))
    return over(*layers)


def _pointer_rule(pointer: pd.DataFrame, x: str, x_title: str) -> alt.Chart:
    """A rule at the place nearest to the pointer, with every line's value; shift and wheel zoom, drag pans."""
    nearest = alt.selection_point(nearest=True, on="pointermove", clear="pointerout", fields=[x], empty=False)
    zoom = alt.selection_interval(bind="scales", encodings=["x"], zoom="wheel![event.shiftKey]")
    shown = [alt.Tooltip(f"{x}:Q", title=x_title, format=".4~g")]
    shown += [alt.Tooltip(_field(name), title=name, type="nominal") for name in pointer.columns if name != x]
    return (
        alt.Chart(pointer)
        .mark_rule(strokeWidth=1)
        .encode(x=f"{x}:Q", opacity=alt.condition(nearest, alt.value(0.6), alt.value(0)), tooltip=shown)
        .add_params(nearest, zoom)
    )


def _field(name: str) -> str:
    """A column's name as Vega reads it: dots and brackets in it are not paths."""
    for character in "\\.[]'\"":
        name = name.replace(character, f"\\{character}")
    return name

"""The learning curves as one ECharts chart: a panel for each metric, with a common legend, pointer and zoom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

HEIGHT = 520  # of the chart, in pixels
_NARROW = 640  # pixels; a narrower chart stacks its panels
_TOP, _BOTTOM, _HEADING = 44, 44, 30  # pixels for the legend, the last axis and each title
_SHAPES = {
    "best epoch": "diamond",
    "early stopping": "rect",
    "end of warm-up": "triangle",
    "learning-rate drop": "path://M0,0 L10,0 L5,9 z",
}  # event in ``histories.events`` -> symbol of its mark
_DASHES = {"train": "solid", "validation": "dashed"}


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """The chart of one metric, for all runs.

    Attributes:
        title: the metric's title.
        lines: columns ``run``, ``split``, ``value``, ``smoothed`` and the one on the axis.
        pointer: the axis column and a column of values for each line, at the same positions in each panel; see
            ``histories.hover_values``.
        marks: rows of ``lines`` with their ``event``.
        log: whether the vertical axis is logarithmic.
    """

    title: str
    lines: pd.DataFrame
    pointer: pd.DataFrame
    marks: pd.DataFrame
    log: bool = False


def learning_curves(
    panels: Sequence[Panel], *, x: str, x_title: str, colours: Mapping[str, str], start: float = 0.0
) -> dict[str, Any]:
    """Returns the chart's specification.

    Args:
        panels: the first is the largest.
        x: the column on the horizontal axis.
        x_title: its title, with unit.
        colours: the colour of each run.
        start: start of the horizontal axis.
    """
    end = max(float(panel.lines[x].max()) for panel in panels)
    names = [f"{run}, {split}" for run, split in _lines(panels)]
    everywhere = list(range(len(panels)))
    return {
        "baseOption": {
            "animation": False,
            "legend": {"type": "scroll", "top": 0, "left": 0, "data": names, "itemWidth": 34},
            "tooltip": {"trigger": "axis", "confine": True},
            "axisPointer": {"link": [{"xAxisIndex": "all"}]},
            "dataZoom": [
                {
                    "type": "inside",
                    "xAxisIndex": everywhere,
                    "filterMode": "none",
                    "zoomOnMouseWheel": "shift",
                    "moveOnMouseMove": "shift",
                    "moveOnMouseWheel": False,
                }
            ],
            "xAxis": [_x_axis(place, panel, x_title, start, end) for place, panel in enumerate(panels)],
            "yAxis": [_y_axis(place, panel) for place, panel in enumerate(panels)],
            "series": [series for place, panel in enumerate(panels) for series in _series(place, panel, x, colours)],
        },
        "media": [{"query": {"maxWidth": _NARROW}, "option": _stacked(panels)}, {"option": _side_by_side(panels)}],
    }


def _lines(panels: Sequence[Panel]) -> list[tuple[str, str]]:
    """Returns the run and the split of each line, sorted, without duplicates."""
    pairs = pd.concat([panel.lines[["run", "split"]] for panel in panels]).drop_duplicates()
    return sorted(pairs.itertuples(index=False, name=None))


def _x_axis(place: int, panel: Panel, title: str, start: float, end: float) -> dict[str, Any]:
    return {
        "type": "value",
        "gridIndex": place,
        "min": start,
        "max": end,
        "name": title,
        "nameLocation": "middle",
        "nameGap": 24,
        "splitLine": {"show": False},
        "axisLine": {"onZero": False},
        "axisPointer": {"label": {"formatter": f"{panel.title} at {title} {{value}}", "show": False}},
    }


def _y_axis(place: int, panel: Panel) -> dict[str, Any]:
    axis: dict[str, Any] = {"type": "log" if panel.log else "value", "gridIndex": place, "scale": True}
    axis["axisPointer"] = {"show": False}
    axis["splitNumber"] = 5 if place < 2 else 3  # the third panel is low
    if panel.log:  # by default its ends are powers of ten, which may be far from the values
        values = panel.lines[["value", "smoothed"]].to_numpy(np.float64)
        axis["min"], axis["max"] = _rounded(values.min(), np.floor), _rounded(values.max(), np.ceil)
    return axis


def _rounded(value: float, to: Callable[[float], float]) -> float:
    """Rounds a positive number to one significant digit, by ``np.floor`` or ``np.ceil``."""
    unit = 10.0 ** np.floor(np.log10(value))
    return float(f"{to(value / unit) * unit:.1g}")


def _series(place: int, panel: Panel, x: str, colours: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    axes = {"xAxisIndex": place, "yAxisIndex": place}
    for run, split in _lines([panel]):
        line = panel.lines[(panel.lines["run"] == run) & (panel.lines["split"] == split)]
        style = {"color": colours[run], "type": _DASHES[split]}
        smoothed = bool((line["smoothed"] != line["value"]).any())
        drawn: dict[str, Any] = {
            "type": "line",
            "name": f"{run}, {split}",
            "silent": True,
            "symbol": "circle" if len(line) == 1 else "none",  # a line of one point is invisible
            "color": colours[run],
            "tooltip": {"show": False},
            **axes,
        }
        faint = {**style, "opacity": 0.3, "width": 1}
        yield {**drawn, "data": _points(line, x, "value"), "lineStyle": faint if smoothed else {**style, "width": 2}}
        if smoothed:
            yield {**drawn, "data": _points(line, x, "smoothed"), "lineStyle": {**style, "width": 2}}
        yield _hover_line(panel.pointer, x, f"{run}, {split}", colours[run], axes)
    for event, marks in panel.marks.groupby("event", sort=False):
        names: list[str] = marks["run"].tolist()
        yield {
            "type": "scatter",
            "name": str(event),
            "symbol": _SHAPES[str(event)],
            "symbolSize": 11,
            "tooltip": {"trigger": "item"},
            "data": [
                {"name": name, "value": point, "itemStyle": {"color": colours[name]}}
                for name, point in zip(names, marks[[x, "value"]].to_numpy(np.float64).tolist(), strict=True)
            ],
            **axes,
        }


def _hover_line(pointer: pd.DataFrame, x: str, name: str, colour: str, axes: dict[str, int]) -> dict[str, Any]:
    """Returns an invisible line with the values that the tooltip shows, at the positions common to all lines."""
    column = f"{name}, smoothed" if f"{name}, smoothed" in pointer else name
    return {
        "type": "line",
        "name": column,
        "data": _points(pointer, x, column),
        "color": colour,
        "lineStyle": {"opacity": 0},
        "symbol": "circle",
        "showSymbol": False,
        **axes,
    }


def _points(rows: pd.DataFrame, x: str, y: str) -> list[list[float]]:
    known: list[list[float]] = rows.loc[rows[y].notna(), [x, y]].to_numpy(np.float64).tolist()
    return known


def _side_by_side(panels: Sequence[Panel]) -> dict[str, Any]:
    """Places the first panel on the left, the second on the right, and a third, lower one below the second."""
    top, whole = _TOP + _HEADING, HEIGHT - _TOP - _HEADING - _BOTTOM
    first = {"left": 52, "right": "53%" if len(panels) > 1 else 16, "top": top, "height": whole}
    right: dict[str, Any] = {"left": "53%", "right": 16}
    gap = _BOTTOM + _HEADING + 8
    low = round((whole - gap) * 0.35) if len(panels) > 2 else 0
    places = [first, {**right, "top": top, "height": whole - low - gap if low else whole}]
    places.append({**right, "top": top + whole - low, "height": low})
    return _placed(panels, places[: len(panels)])


def _stacked(panels: Sequence[Panel]) -> dict[str, Any]:
    """Places the panels one below the other."""
    each = (HEIGHT - _TOP) // len(panels)
    height = each - _HEADING - _BOTTOM
    places = [
        {"left": 48, "right": 12, "top": _TOP + place * each + _HEADING, "height": height}
        for place in range(len(panels))
    ]
    return _placed(panels, places)


def _placed(panels: Sequence[Panel], places: Sequence[dict[str, Any]]) -> dict[str, Any]:
    titles = [
        {"text": panel.title, "left": place["left"], "top": place["top"] - _HEADING, "textStyle": {"fontSize": 14}}
        for panel, place in zip(panels, places, strict=True)
    ]
    # Otherwise each grid shrinks by the space its axis labels need, and the panels are not aligned.
    return {"grid": [{**place, "outerBoundsMode": "none"} for place in places], "title": titles}

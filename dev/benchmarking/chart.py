"""Renders the results of the benchmark as a bar chart in SVG."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from typing import Any

from dev.benchmarking.page import Row, median_ratio, met

# In pixels
_LABELS, _BARS, _FIGURES = 330, 430, 80  # width of the names, the bars, and the figure behind the longest bar
_ROW, _AXIS = 26, 24  # height of a row, and of the label below the last one
_BASELINE = 17  # from the top of a row to its text
_GAP = 6  # between a bar and its figure

_LOW, _HIGH = 0.5, 2.0  # ratios that the scale has at least
_STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #10151c }
.met { fill: #0072b2 } .missed { fill: #d55e00 } .free { fill: #9aa4b1 }
.mark { stroke: #10151c; stroke-width: 2 } .one { stroke: #9aa4b1 }
@media (prefers-color-scheme: dark) { text { fill: #eef1f5 } .mark { stroke: #eef1f5 } }"""


def chart(found: dict[str, Any]) -> str:
    """Returns an SVG bar chart of the ratios on a logarithmic scale, with a mark at each target."""
    rows = [row for row in found["rows"] if "missing" not in row]
    values = [value for row in rows for value in (row["ratio"]["median"], row["at_least"] or 1)]
    low, high = min([_LOW, *values]), max([_HIGH, *values])

    def x(ratio: float) -> float:
        return _LABELS + _BARS * math.log(ratio / low) / math.log(high / low)

    parts = [f'<line class="one" x1="{x(1):.1f}" x2="{x(1):.1f}" y1="0" y2="{_ROW * len(rows)}"/>']
    for index, row in enumerate(rows):
        parts += _bar(row, index * _ROW, x)
    width, height = _LABELS + _BARS + _FIGURES, _ROW * len(rows) + _AXIS
    parts.append(f'<text x="{x(1):.1f}" y="{height - _GAP}" text-anchor="middle">equal</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="The ratio of each row">\n<style>{_STYLE}</style>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _bar(row: Row, top: int, x: Callable[[float], float]) -> list[str]:
    ratio = row["ratio"]["median"]
    left, right = sorted((x(1), x(ratio)))
    kind = {True: "met", False: "missed", None: "free"}[met(row)]
    parts = [
        f'<text x="{_LABELS - 10}" y="{top + _BASELINE}" text-anchor="end">{escape(row["name"])}</text>',
        f'<rect class="{kind}" x="{left:.1f}" y="{top + 5}" width="{right - left:.1f}" height="{_ROW - 10}">'
        f"<title>{escape(row['what'])} against {escape(row['against'])}</title></rect>",
        f'<text x="{right + _GAP:.1f}" y="{top + _BASELINE}">{median_ratio(row)}</text>',
    ]
    if row["at_least"] is not None:
        mark = x(row["at_least"])
        parts.append(f'<line class="mark" x1="{mark:.1f}" x2="{mark:.1f}" y1="{top + 2}" y2="{top + _ROW - 2}"/>')
    return parts

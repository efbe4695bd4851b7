"""Renders the JSON results of a benchmark as a Markdown table, a page and a chart."""

from __future__ import annotations

import math
from html import escape
from typing import Any

from sentiment.formatting import percent, table

Row = dict[str, Any]

_PAGE = """\
# Speed

The run `{run}` scored {reviews:,} test reviews with {tokens:,} tokens on {machine}, {date}. Both sides of a row were
measured in turn (ours, theirs, ours, theirs ...) after {warmups} warm-up round. A figure is the median of its rounds. A
ratio compares ours with the best of the others in the same round; above 1, ours is better. Brackets have its minimum
and maximum. Other libraries ran in their own processes. [docs/speed.md](../docs/speed.md) describes each row.

![The ratio of each row, with its target]({chart})

{table}

{remarks}

{profile}
Written by `make benchmark DATA=...`.
"""
_PROFILE = """## Time per stage of a file

Microseconds of one core per review, each stage alone, from CSV to CSV. When a file is scored, the stages overlap on all
cores.

{table}
"""
_MET = {True: "yes", False: "no", None: ""}

_LABELS, _SCALE, _HEIGHT = 330, 430, 26  # pixels: width of the labels and of the bars, height of a row
_STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #10151c }
.met { fill: #0072b2 } .missed { fill: #d55e00 } .free { fill: #9aa4b1 }
.mark { stroke: #10151c; stroke-width: 2 } .one { stroke: #9aa4b1 }
@media (prefers-color-scheme: dark) { text { fill: #eef1f5 } .mark { stroke: #eef1f5 } }"""


def met(row: Row) -> bool | None:
    """Returns whether the median ratio reached its target; None without a target or a measurement."""
    if "missing" in row or row["at_least"] is None:
        return None
    return bool(row["ratio"]["median"] >= row["at_least"])


def table_of(found: dict[str, Any]) -> str:
    """Returns a Markdown table of the rows."""
    header = ["what", "against", "ours", "theirs", "ratio", "target", "goal", "reached"]
    return table(header, map(_cells, found["rows"]))


def profile_of(found: dict[str, Any]) -> str:
    """Returns a Markdown table of the stages, in float32 and with ``--fast``."""
    profiles = found["profiles"]
    rows = []
    for stage in [*profiles[0]["seconds"], "all"]:
        cells = [stage]
        for each in profiles:
            total = sum(each["seconds"].values())
            seconds = each["seconds"].get(stage, total)
            cells += [f"{1e6 * seconds / each['rows']:,.0f}", percent(seconds / total)]
        rows.append(cells)
    return table(["stage", "float32, µs a review", "share", "`--fast`, µs a review", "share"], rows)


def render(found: dict[str, Any], chart_name: str) -> str:
    """Returns the page, which shows the chart ``chart_name`` from the same folder."""
    machine = found["machine"]
    return _PAGE.format(
        reviews=found["reviews"],
        tokens=found["tokens"],
        run=found["run"]["name"],
        machine=f"{machine['processor']}, {machine['cores']} cores, {machine['system']}",
        date=found["date"],
        warmups=found["sizes"]["warmups"],
        chart=chart_name,
        table=table_of(found),
        remarks="\n\n".join(_remarks(found)),
        profile=_PROFILE.format(table=profile_of(found)) if found["profiles"] else "",
    )


def chart(found: dict[str, Any]) -> str:
    """Returns an SVG bar chart of the ratios on a logarithmic scale, with a mark at each target."""
    rows = [row for row in found["rows"] if "missing" not in row]
    values = [value for row in rows for value in (row["ratio"]["median"], row["at_least"] or 1)]
    low, high = min([0.5, *values]), max([2.0, *values])

    def x(ratio: float) -> float:
        return _LABELS + _SCALE * math.log(ratio / low) / math.log(high / low)

    parts = [f'<line class="one" x1="{x(1):.1f}" x2="{x(1):.1f}" y1="0" y2="{_HEIGHT * len(rows)}"/>']
    for index, row in enumerate(rows):
        parts += _bar(row, index * _HEIGHT, x)
    width, height = _LABELS + _SCALE + 80, _HEIGHT * len(rows) + 24
    parts.append(f'<text x="{x(1):.1f}" y="{height - 6}" text-anchor="middle">equal</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="The ratio of each row">\n<style>{_STYLE}</style>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def median_ratio(row: Row) -> str:
    """Returns the median ratio of a measured row."""
    return _ratio(row["ratio"]["median"])


def target(row: Row) -> str:
    """Returns the target of a measured row, and whether it was reached."""
    return f"{_ratio(row['at_least'])}x, {'reached' if met(row) else 'missed'}"


def _bar(row: Row, top: int, x: Any) -> list[str]:
    ratio = row["ratio"]["median"]
    left, right = sorted((x(1), x(ratio)))
    kind = {True: "met", False: "missed", None: "free"}[met(row)]
    parts = [
        f'<text x="{_LABELS - 10}" y="{top + 17}" text-anchor="end">{escape(row["name"])}</text>',
        f'<rect class="{kind}" x="{left:.1f}" y="{top + 5}" width="{right - left:.1f}" height="{_HEIGHT - 10}">'
        f"<title>{escape(row['what'])} against {escape(row['against'])}</title></rect>",
        f'<text x="{right + 6:.1f}" y="{top + 17}">{_ratio(ratio)}</text>',
    ]
    if row["at_least"] is not None:
        mark = x(row["at_least"])
        parts.append(f'<line class="mark" x1="{mark:.1f}" x2="{mark:.1f}" y1="{top + 2}" y2="{top + _HEIGHT - 2}"/>')
    return parts


def _cells(row: Row) -> list[str]:
    targets = [_ratio(row["at_least"]), _ratio(row["goal"])]
    if "missing" in row:
        return [row["what"], row["against"], "not measured", row["missing"], "", *targets, ""]
    others = [f"{_figure(each['median'])} ({each['name']})" for each in row["others"]]
    ratio = row["ratio"]
    spread = f"{_ratio(ratio['median'])} ({_ratio(ratio['lowest'])} to {_ratio(ratio['highest'])})"
    ours = f"{_figure(row['ours']['median'])} {row['unit']}"
    return [row["what"], row["against"], ours, ", ".join(others), spread, *targets, _MET[met(row)]]


def _remarks(found: dict[str, Any]) -> list[str]:
    versions = [f"{name} {number}" for name, number in found["versions"].items() if number]
    missing = [name for name, number in found["versions"].items() if not number]
    lines = [f"Versions: {', '.join(versions)}." + (f" Not installed: {', '.join(missing)}." if missing else "")]
    if fast := found["fast"]:
        lines.append(
            f"`--fast` changed {percent(fast['labels_changed'], 2)} of the labels, accuracy by "
            f"{100 * fast['accuracy_change']:+.2f} points, and no probability by more than "
            f"{fast['probability_change']:.3f}."
        )
    return lines


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _figure(value: float) -> str:
    """Formats with three significant digits, or as an integer from 100 on."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

"""Renders the results of the benchmark in Markdown: tables, and the page with all of them."""

from __future__ import annotations

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


def met(row: Row) -> bool | None:
    """Returns whether the median ratio reached its target; None without a target or a measurement."""
    if "missing" in row or row["at_least"] is None:
        return None
    return bool(row["ratio"]["median"] >= row["at_least"])


def table_of(found: dict[str, Any]) -> str:
    """Returns a table of the rows."""
    header = ["what", "against", "ours", "theirs", "ratio", "target", "goal", "reached"]
    return table(header, map(_cells, found["rows"]))


def profile_of(found: dict[str, Any]) -> str:
    """Returns a table of the stages, in float32 and with ``--fast``."""
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


def median_ratio(row: Row) -> str:
    """Returns the median ratio of a measured row."""
    return _ratio(row["ratio"]["median"])


def target(row: Row) -> str:
    """Returns the target of a measured row, and whether it was reached."""
    return f"{_ratio(row['at_least'])}x, {'reached' if met(row) else 'missed'}"


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

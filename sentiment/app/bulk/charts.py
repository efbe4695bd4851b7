"""Charts of the Bulk page, built on ``shared.charts``."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sentiment.app.shared.charts import class_colour, in_text_colour, layer


def shares(groups: pd.DataFrame, title: str) -> alt.LayerChart:
    """Draws the share of positive reviews of each group with its 95 % interval.

    Args:
        groups: columns ``group``, ``n``, ``share``, ``low``, ``high``.
        title: title of the groups' axis.
    """
    base = _share(alt.Chart(groups)).encode(y=alt.Y("group:N", sort="-x", title=title, axis=alt.Axis(labelLimit=220)))
    spread = base.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q")
    return layer(in_text_colour(spread), in_text_colour(base.mark_circle(size=80)), height=alt.Step(24))


def over_time(points: pd.DataFrame, title: str) -> alt.LayerChart:
    """Draws the share of positive reviews by date with its 95 % interval.

    Args:
        points: columns ``group`` (a date), ``n``, ``share``, ``low``, ``high``.
        title: title of the dates' axis.
    """
    base = alt.Chart(points).encode(x=alt.X("group:T", title=title))
    share = alt.Y("share:Q", title="Share of positive", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    band = base.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", title="Share of positive"), y2="high:Q")
    line = base.mark_line(point=True).encode(y=share, tooltip=["group:T", *_TOOLTIP])
    return layer(band, line)


def words(pushes: pd.DataFrame) -> alt.LayerChart:
    """Draws the words with the largest summed contributions over the whole file.

    Args:
        pushes: columns ``word``, ``push``, ``rows``, ``side``.
    """
    bars = (
        alt.Chart(pushes)
        .mark_bar()
        .encode(
            x=alt.X("push:Q", title="Pushed, in all (logits)"),
            y=alt.Y("word:N", sort=alt.EncodingSortField("push", order="descending"), title=None),
            color=class_colour("side", "Towards"),
            tooltip=["word:N", alt.Tooltip("push:Q", format="+,.1f"), alt.Tooltip("rows:Q", title="rows", format=",")],
        )
    )
    return layer(bars, height=alt.Step(20))


_TOOLTIP = [
    alt.Tooltip("share:Q", title="positive", format=".1%"),
    alt.Tooltip("low:Q", title="from", format=".1%"),
    alt.Tooltip("high:Q", title="to", format=".1%"),
    alt.Tooltip("n:Q", title="reviews", format=","),
]


def _share(chart: alt.Chart) -> alt.Chart:
    axis = alt.Axis(format="%")
    return chart.encode(
        x=alt.X("share:Q", title="Share of positive", axis=axis, scale=alt.Scale(domain=[0, 1])),
        tooltip=["group:N", *_TOOLTIP],
    )

"""Charts of the page Score a file, built on ``shared.charts``."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sentiment.app.shared.charts import class_colour, in_text_colour, layer, name_axis, rules
from sentiment.bulk.figures import OUTCOMES

_HEIGHT = 260
_CURVE_HEIGHT = 240
_COLOURS = ["blue", "gray", "orange"]  # of the theme, for ``OUTCOMES``
_FROM_DATA = alt.Scale(zero=False)
_SHARE = "Predicted positive"
_SHARE_TOOLTIP = [
    alt.Tooltip("share:Q", title="positive", format=".1%"),
    alt.Tooltip("low:Q", title="from", format=".1%"),
    alt.Tooltip("high:Q", title="to", format=".1%"),
    alt.Tooltip("n:Q", title="reviews", format=","),
]


def distribution(bins: pd.DataFrame, threshold: float) -> alt.LayerChart:
    """Draws a histogram of the probability of "positive", coloured by outcome.

    Args:
        bins: columns ``low``, ``high``, ``label`` (one of ``OUTCOMES``), ``n``.
        threshold: the decision threshold, drawn as a rule.
    """
    bars = (
        alt.Chart(bins)
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("low:Q", bin="binned", title="P(positive)", scale=alt.Scale(domain=[0, 1])),
            x2="high:Q",
            y=alt.Y("n:Q", title="Reviews", stack="zero"),
            color=alt.Color(
                "label:N",
                scale=alt.Scale(domain=list(OUTCOMES), range=_COLOURS),
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=[
                alt.Tooltip("label:N", title="predicted"),
                alt.Tooltip("low:Q", title="from"),
                alt.Tooltip("high:Q", title="to"),
                alt.Tooltip("n:Q", title="reviews", format=","),
            ],
        )
    )
    return layer(bars, rules([threshold], "x"), height=_HEIGHT)


def shares(groups: pd.DataFrame, title: str) -> alt.LayerChart:
    """Draws the share of positive reviews of each group with its 95% interval.

    Args:
        groups: columns ``group``, ``n``, ``share``, ``low``, ``high``.
        title: title of the groups' axis.
    """
    base = alt.Chart(groups).encode(
        x=alt.X("share:Q", title=_SHARE, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
        y=alt.Y("group:N", sort="-x", title=title, axis=alt.Axis(labelLimit=220, labelFlush=False)),
        tooltip=["group:N", *_SHARE_TOOLTIP],
    )
    spread = base.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q")
    return layer(in_text_colour(spread), in_text_colour(base.mark_circle(size=80)), height=alt.Step(24))


def over_time(points: pd.DataFrame, title: str) -> alt.LayerChart:
    """Draws the share of positive reviews by date with its 95% interval.

    Args:
        points: columns ``group`` (a date), ``n``, ``share``, ``low``, ``high``.
        title: title of the dates' axis.
    """
    base = alt.Chart(points).encode(x=alt.X("group:T", title=title))
    share = alt.Y("share:Q", title=_SHARE, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    band = base.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", title=_SHARE), y2="high:Q")
    line = base.mark_line(point=True).encode(y=share, tooltip=["group:T", *_SHARE_TOOLTIP])
    return layer(band, line)


def words(pushes: pd.DataFrame) -> alt.LayerChart:
    """Draws words with their summed contributions over the whole file.

    Args:
        pushes: columns ``word``, ``push``, ``rows``, ``side``.
    """
    bars = (
        alt.Chart(pushes)
        .mark_bar()
        .encode(
            x=alt.X("push:Q", title="Total contribution (logits)"),
            y=name_axis("word"),
            color=class_colour("side", legend=False),
            tooltip=[
                "word:N",
                alt.Tooltip("push:Q", title="contribution", format="+,.1f"),
                alt.Tooltip("rows:Q", title="rows", format=","),
            ],
        )
    )
    return layer(bars, height=alt.Step(20))


def learning_curve(points: pd.DataFrame) -> alt.LayerChart:
    """Draws the accuracy on held-out rows by the number of labels, a line for each model.

    Args:
        points: columns ``n``, ``model``, ``accuracy``; the models in the order of the legend.
    """
    models = list(dict.fromkeys(points["model"]))
    lines = (
        alt.Chart(points)
        .mark_line(point=True)
        .encode(
            x=alt.X("n:Q", title="Labels", scale=alt.Scale(zero=False, nice=False)),
            y=alt.Y("accuracy:Q", title="Accuracy on held-out rows", axis=alt.Axis(format="%"), scale=_FROM_DATA),
            color=alt.Color("model:N", sort=models, legend=alt.Legend(title=None, orient="top", columns=2)),
            tooltip=["model:N", alt.Tooltip("n:Q", title="labels"), alt.Tooltip("accuracy:Q", format=".1%")],
        )
    )
    return layer(lines, height=_CURVE_HEIGHT)

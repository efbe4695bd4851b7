"""Charts of the Dataset page, built on ``shared.charts``."""

from __future__ import annotations

import altair as alt
import pandas as pd

from sentiment.app.shared.charts import CLASSES, class_colour, layer, name_axis, rules


def balance(rows: pd.DataFrame) -> alt.LayerChart:
    """Draws the number of reviews of each class in each split.

    Args:
        rows: columns ``split``, ``label``, ``n``, in the order to show.
    """
    bars = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            y=name_axis("split"),
            x=alt.X("n:Q", title="Reviews"),
            color=alt.Color(
                "label:N", scale=alt.Scale(domain=[*CLASSES, "unlabelled"]), legend=alt.Legend(orient="top", title=None)
            ),
            order=alt.Order("label:N", sort="descending"),
            tooltip=["split:N", "label:N", alt.Tooltip("n:Q", title="reviews", format=",")],
        )
    )
    return layer(bars)


def ratings(rows: pd.DataFrame) -> alt.LayerChart:
    """Draws the number of reviews with each rating.

    Args:
        rows: columns ``rating``, ``n``, ``label``.
    """
    bars = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("rating:O", title="Rating", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("n:Q", title="Reviews"),
            color=class_colour("label"),
            tooltip=["rating:O", "label:N", alt.Tooltip("n:Q", title="reviews", format=",")],
        )
    )
    return layer(bars)


def lengths(rows: pd.DataFrame, max_length: int | None) -> alt.LayerChart:
    """Draws reviews by length and class, with a rule at the model's maximum length.

    Args:
        rows: columns ``low``, ``high`` (tokens), ``label``, ``n``.
        max_length: the model's maximum length in tokens, drawn as a rule; None if no bar reaches it.
    """
    bars = (
        alt.Chart(rows)
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("low:Q", bin="binned", title="Length (tokens)"),
            x2="high:Q",
            y=alt.Y("n:Q", title="Reviews", stack="zero"),
            color=class_colour("label"),
            tooltip=[
                "label:N",
                alt.Tooltip("low:Q", title="from"),
                alt.Tooltip("high:Q", title="below"),
                alt.Tooltip("n:Q", title="reviews", format=","),
            ],
        )
    )
    return layer(bars, *([] if max_length is None else [rules([max_length], "x")]))


def coverage(rows: pd.DataFrame, size: int | None) -> alt.LayerChart:
    """Draws the share of the text that the most frequent tokens cover.

    Args:
        rows: columns ``size`` (tokens), ``share``.
        size: size of the model's vocabulary, drawn as a rule; None without a model.
    """
    line = (
        alt.Chart(rows)
        .mark_line(point=True)
        .encode(
            x=alt.X("size:Q", title="Vocabulary size (tokens)", scale=alt.Scale(type="log")),
            y=alt.Y("share:Q", title="Token coverage", axis=alt.Axis(format="%")),
            tooltip=[alt.Tooltip("size:Q", format=","), alt.Tooltip("share:Q", format=".2%")],
        )
    )
    return layer(line, *([rules([size], "x")] if size else []))


def frequencies(rows: pd.DataFrame) -> alt.LayerChart:
    """Draws token counts against their rank, both logarithmic (Zipf 1949).

    Args:
        rows: columns ``rank``, ``token``, ``count``.
    """
    bars = (
        alt.Chart(rows)
        .mark_line(point=True)
        .encode(
            x=alt.X("rank:Q", title="Rank", scale=alt.Scale(type="log")),
            y=alt.Y("count:Q", title="Occurrences", scale=alt.Scale(type="log")),
            tooltip=["token:N", alt.Tooltip("rank:Q", format=","), alt.Tooltip("count:Q", format=",")],
        )
    )
    return layer(bars)


def distinctive_words(words: pd.DataFrame) -> alt.LayerChart:
    """Draws the words most characteristic of either class.

    Args:
        words: columns ``token``, ``positive``, ``negative``, ``z``, ``side``.
    """
    bars = (
        alt.Chart(words)
        .mark_bar()
        .encode(
            y=name_axis("token"),
            x=alt.X("z:Q", title="z-score (log-odds ratio)"),
            color=class_colour("side", legend=False),
            tooltip=[
                "token:N",
                alt.Tooltip("positive:Q", title="in positive reviews", format=","),
                alt.Tooltip("negative:Q", title="in negative reviews", format=","),
                alt.Tooltip("z:Q", format="+.1f"),
            ],
        )
    )
    return layer(bars, height=alt.Step(18))

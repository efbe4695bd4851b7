"""Two explained predictions side by side, on one colour scale, and the words that differ most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from sentiment.app.shared.highlight import Span, highlight, strongest
from sentiment.explain.counterfactual import compare
from sentiment.explain.grouping import group
from sentiment.explain.prediction_text import headline, probability_sentence
from sentiment.formatting import signed
from sentiment.types import Explanation, Prediction

_MAX_WORDS = 10  # listed


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison.

    Attributes:
        name: a short name, as Markdown.
        text: the review.
        prediction: its prediction; None if both sides have the same one, which is then not repeated.
        explanation: its explanation, None if it is not available.
        note: a caption, as Markdown.
    """

    name: str
    text: str
    prediction: Prediction | None
    explanation: Explanation | None
    note: str = ""


def show(sides: Sequence[Side], key: str) -> None:
    """Shows the two sides, then the words whose contributions differ most.

    Args:
        sides: exactly two.
        key: prefix of the widgets' keys.
    """
    first, second = sides
    spans = [_spans(side.explanation) if side.explanation else [] for side in sides]
    scale = max(map(strongest, spans))
    if summary := _summary(first, second):
        st.markdown(summary)
    for number, (column, side, marked) in enumerate(zip(st.columns(2, gap="medium"), sides, spans, strict=True)):
        with column:
            _verdict(side)
            if marked:
                highlight(side.text, marked, key=f"{key}_{number}", scale=scale, legend=False)
            else:
                st.caption("Word contributions are not available.")
    if first.explanation and second.explanation:
        _word_differences(first, second, first.explanation, second.explanation)


def _verdict(side: Side) -> None:
    """Shows a side's name, and its prediction in the colour of the label."""
    prediction = side.prediction
    if prediction is None:
        st.markdown(f"**{side.name}**")
        st.caption(side.note)
        return
    colour, icon = "gray", "question_mark"
    if prediction.label and prediction.confidence != "unsure":
        colour = "blue" if prediction.label == "positive" else "orange"
        icon = f"sentiment_{'satisfied' if prediction.label == 'positive' else 'dissatisfied'}"
    st.markdown(f"**{side.name}** :{colour}-badge[:material/{icon}: {headline(prediction)}]")
    score = f"Score {signed(prediction.logit)}" if prediction.label else ""
    st.caption(" · ".join(filter(None, [probability_sentence(prediction).removesuffix("."), score, side.note])))


def _summary(first: Side, second: Side) -> str:
    """Returns Markdown on whether the labels agree, and by how much the probabilities differ; empty without labels."""
    one, other = first.prediction, second.prediction
    if one is None or other is None or one.label is None or other.label is None:
        return ""
    labels = f"Both predict {one.label}"
    if one.label != other.label:
        labels = f"{first.name} predicts {one.label}, {second.name} {other.label}"
    points = 100 * abs(one.probability - other.probability)
    return f"{labels}; P(positive) differs by {points:.1f} percentage points."


def _word_differences(first: Side, second: Side, before: Explanation, after: Explanation) -> None:
    """Shows the words whose contributions differ most, with their contribution on each side."""
    changed = sorted(compare(before, after), key=lambda each: -abs(each.change))[:_MAX_WORDS]
    frame = pd.DataFrame(
        {
            "word": [each.text for each in changed],
            "first": [None if e.before is None else float(before.contributions[e.before]) for e in changed],
            "second": [None if e.after is None else float(after.contributions[e.after]) for e in changed],
            "change": [each.change for each in changed],
        }
    ).astype({"first": float, "second": float, "change": float})
    names = {"first": _unescape(first.name), "second": _unescape(second.name), "change": "Difference"}
    st.dataframe(
        frame.style.format(dict.fromkeys(names, partial(signed, digits=3)), na_rep="–"),
        hide_index=True,
        placeholder="–",
        alt="Words whose contributions differ most, with their contribution on each side, in logits",
        column_config={
            "word": st.column_config.TextColumn("Word"),
            **{
                column: st.column_config.NumberColumn(name, help="In logits; – if the word is absent.")
                for column, name in names.items()
            },
        },
    )


def _unescape(name: str) -> str:
    """Removes the escapes of Markdown, which a column header would show."""
    return name.replace("\\", "")


def _spans(explanation: Explanation) -> list[Span]:
    return [(each.start, each.end, each.value, each.unknown) for each in group(explanation, "word")]

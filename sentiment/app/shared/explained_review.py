"""One review of a table, explained below it: the prediction, the coloured text, and a button to open it."""

from __future__ import annotations

import streamlit as st

from sentiment import budget
from sentiment.app.shared import review_texts
from sentiment.app.shared.highlight import highlight
from sentiment.explain.grouping import group
from sentiment.explain.prediction_text import headline
from sentiment.explain.reasons import reasons
from sentiment.formatting import likelihood
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation, Prediction

_LONG = 1_500  # characters; a longer text scrolls in a box of its own
_BOX = 320  # pixels


def show(text: object, classifier: Classifier, name: str, *, title: str, label: str | None = None) -> None:
    """Shows a review with its prediction and explanation.

    Args:
        text: the review; anything but a string is treated as empty.
        classifier: the model that explains it.
        name: name of the table, for the keys.
        title: the review's name in the table.
        label: its true label, if known.
    """
    if not isinstance(text, str) or not text.strip():
        st.caption(f"{title} has no text to explain.")
        return
    if len(text) > budget.TEXT_CHARACTERS:
        st.caption(f"{title} is too long to explain here: it has more than {budget.TEXT_CHARACTERS:,} characters.")
        return
    explanation = classifier.explain(text)
    prediction = explanation.prediction
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{title}** {badge(prediction)} {_facts(prediction, label)}", width="stretch")
            review_texts.show_open_button(text, name)
        if not explanation.tokens:
            return
        sentence = reasons(explanation)
        st.text(f"{sentence[:1].upper()}{sentence[1:]}")
        with st.container(height=_BOX if len(text) > _LONG else "content", border=False):
            show_text(explanation, f"explained_{name}")


def show_text(explanation: Explanation, key: str) -> None:
    """Shows the coloured text of an explanation with at least one token."""
    prediction = explanation.prediction
    spans = [(each.start, each.end, each.value, each.unknown) for each in group(explanation, "word")]
    unread = "Not read by the model" if prediction.tokens_read < prediction.tokens_total else ""
    highlight(explanation.text, spans, key=key, rest_note=unread)


def badge(prediction: Prediction) -> str:
    """Returns a Markdown badge of the prediction in the colour of its class, with an icon and the label."""
    sides = {"positive": ("blue", "thumb_up"), "negative": ("orange", "thumb_down")}
    sure = prediction.label if prediction.confidence != "unsure" else None
    colour, icon = sides.get(sure or "", ("gray", "help"))
    return f":{colour}-badge[:material/{icon}: {headline(prediction)}]"


def _facts(prediction: Prediction, label: str | None) -> str:
    facts = [f"P(positive) {likelihood(prediction.probability, 1)}"] if prediction.label else []
    if label:
        facts.append(f"true label {label}" + ("" if label == prediction.label else " :material/close:"))
    return " · ".join(facts)

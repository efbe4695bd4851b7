"""The explanation of the review selected in a table, beneath it, with the reviews nearest to it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from sentiment.app.evaluation import neighbours
from sentiment.app.shared import current_run, review_texts
from sentiment.app.shared.highlight import highlight
from sentiment.explain.grouping import group
from sentiment.explain.reasons import reasons
from sentiment.formatting import likelihood
from sentiment.types import Explanation

_HEIGHT = 260  # of a long text, which scrolls


def show(text: str, label: str, name: str, pool: Callable[[], neighbours.Pool | None], id: str) -> None:
    """Explains a text by the chosen model.

    Args:
        text: the review.
        label: its true label.
        name: name of the table, in letters.
        pool: the reviews among which the nearest are found.
        id: the review's own id in the pool.
    """
    classifier = current_run.classifier()
    explanation = classifier.explain(text)
    if not explanation.tokens:
        st.caption("No text to analyse.")
        return
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(_verdict(explanation, label), width="content")
            review_texts.show_open_button(text, name)
        st.text(_sentence(explanation))
        st.caption("Blue words push towards positive, orange ones towards negative; grey italics are unknown words.")
        with st.container(height=_HEIGHT if len(text) > 1_500 else "content", border=False):
            highlight(
                text,
                [(each.start, each.end, each.value, each.unknown) for each in group(explanation, "word")],
                key=f"explained_{name}",
                legend=False,
                rest_note="Not used (beyond the model's token limit)"
                if explanation.prediction.tokens_read < explanation.prediction.tokens_total
                else "",
            )
        nearest = st.expander("Nearest reviews", icon=":material/hub:", key=f"nearest_{name}", on_change="rerun")
        if nearest.open:
            with nearest:
                neighbours.show(text, id, pool)


def _verdict(explanation: Explanation, label: str) -> str:
    """Returns the prediction beside the true label, as Markdown."""
    prediction = explanation.prediction
    colour = "blue" if prediction.label == "positive" else "orange"
    icon = ":material/check:" if prediction.label == label else ":material/close:"
    return (
        f"Predicted :{colour}[**{prediction.label}**], P(positive) {likelihood(prediction.probability, 1)} · "
        f"true label **{label}** {icon}"
    )


def _sentence(explanation: Explanation) -> str:
    sentence = reasons(explanation)
    return sentence[:1].upper() + sentence[1:]

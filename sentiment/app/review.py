"""The Review page: one text in, its verdict at once, then the reasons."""

from __future__ import annotations

import streamlit as st

from sentiment.app import analyses, serving, wording
from sentiment.app.analyses import Analysis
from sentiment.app.examples import EXAMPLES

_TEXT = "review_text"  # what stands in the text area
_SHOWN = "review_shown"  # what is analysed
_EXAMPLE = "example"
_EXAMPLE_SHOWN = "example_shown"

_ICONS = {
    "positive": ":material/sentiment_satisfied:",
    "negative": ":material/sentiment_dissatisfied:",
    None: ":material/question_mark:",
}


def page() -> None:
    """Input on the left, verdict on the right; the text with its contributions beneath."""
    st.title("What did the reviewer feel?")
    _choose_example()
    left, right = st.columns([3, 2], gap="large")
    with left:
        _form()
    text = st.session_state.get(_SHOWN)
    if text is None:
        right.caption("Paste a review, or try one of the examples.")
        return
    classifier = serving.classifier()
    analysis = analyses.analyse(text, classifier)
    with right:
        _verdict(analysis)
    if analysis.prediction.label:
        from sentiment.app import reasons  # here, so that the verdict does not wait for pandas and Altair to load

        reasons.show(analysis, classifier)


def open_text(text: str) -> None:
    """Puts a text into the page as if the user had analysed it; only in a callback, or before the page is drawn."""
    st.session_state[_TEXT] = st.session_state[_SHOWN] = text
    st.session_state[_EXAMPLE] = next((name for name, example in EXAMPLES.items() if example == text), None)


def _choose_example() -> None:
    """One-click examples. The choice stands in the address; the user's own text never does."""
    example = st.pills(
        "Try an example", list(EXAMPLES), default=next(iter(EXAMPLES)), key=_EXAMPLE, bind="query-params"
    )
    if example != st.session_state.get(_EXAMPLE_SHOWN):
        st.session_state[_EXAMPLE_SHOWN] = example
        if example:
            st.session_state[_TEXT] = st.session_state[_SHOWN] = EXAMPLES[example]


def _form() -> None:
    with st.form("review", border=False):
        st.text_area(
            "Review",
            key=_TEXT,
            height=190,
            persist_state="session",
            placeholder="Paste a review here",
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.form_submit_button("Analyse", type="primary", icon=":material/play_arrow:", on_click=_submit)
            st.caption("or Ctrl+Enter (⌘+Enter). The text stays on this machine.")


def _submit() -> None:
    open_text(st.session_state[_TEXT])


def _verdict(analysis: Analysis) -> None:
    """The verdict in plain words, with what the reader should know about it."""
    prediction = analysis.prediction
    with st.container(border=True):
        st.subheader(wording.headline(prediction), icon=_ICONS[prediction.label])
        st.write(wording.chance(prediction))
        if prediction.label:
            st.progress(prediction.probability, text=f"Probability of “positive”: {prediction.probability:.1%}")
        for caveat in wording.caveats(prediction):
            st.warning(caveat, icon=":material/info:")
        st.caption(
            f"Read {prediction.tokens_read:,} words and signs in {analysis.milliseconds:.0f} ms "
            f"with the model {analysis.run}; see the page Model card."
        )

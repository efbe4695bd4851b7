"""The Review page: one text in, its verdict at once, then the reasons."""

from __future__ import annotations

import streamlit as st

from sentiment.app import analyses, foreign, navigation, serving, wording
from sentiment.app.analyses import Analysis
from sentiment.app.examples import EXAMPLES
from sentiment.figures import likelihood
from sentiment.records import Prediction

_EXAMPLE_KEPT = "example_kept"  # the example to choose again, for a run
_ANALYSE = "analyse"


def page() -> None:
    """Input on the left, verdict on the right; the text with its contributions beneath."""
    st.title("What did the reviewer feel?")
    _choose_example()
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _input()
    classifier = serving.classifier()
    analysis = analyses.shown(classifier)
    if analysis is None:
        right.caption("Paste a review, or try one of the examples.")
        return
    with right:
        _verdict(analysis)
    from sentiment.app import session, why  # here, so that the verdict does not wait for pandas and Altair to load

    if analysis.prediction.label:
        why.show(analysis, classifier)
    session.show(analysis, classifier)


def _choose_example() -> None:
    """One-click examples. The choice stands in the address; the user's own text never does."""
    state = st.session_state
    returned = analyses.EXAMPLE_SHOWN in state and _ANALYSE not in state  # other pages drop what is not theirs
    if _EXAMPLE_KEPT in state:
        state[analyses.EXAMPLE] = state.pop(_EXAMPLE_KEPT)
    example = st.pills(
        "Try an example", list(EXAMPLES), default=next(iter(EXAMPLES)), key=analyses.EXAMPLE, bind="query-params"
    )
    if example == state.get(analyses.EXAMPLE_SHOWN):
        return
    if returned and analyses.EXAMPLE not in st.query_params:
        # The browser's "back" comes without the example, and the choice fell to the first one: keep what was shown.
        state[_EXAMPLE_KEPT] = state[analyses.EXAMPLE_SHOWN]
        st.rerun()
    state[analyses.EXAMPLE_SHOWN] = example
    if example:
        analyses.put(EXAMPLES[example])


def _input() -> None:
    """The text area, which keeps what is typed for the next rerun, whatever brings it; a form would drop it there."""
    st.text_area("Review", key=analyses.TEXT, height=200, persist_state="session", placeholder="Paste a review here")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Analyse", key=_ANALYSE, icon=":material/play_arrow:", shortcut="Mod+Enter", on_click=_submit)
        st.caption("The text goes to the server of this page and nowhere else.")


def _submit() -> None:
    analyses.show(st.session_state[analyses.TEXT])


def _verdict(analysis: Analysis) -> None:
    """The verdict in plain words, with what the reader should know about it."""
    prediction = analysis.prediction
    with st.container(border=True, gap="small"):
        st.header(wording.headline(prediction), icon=_icon(prediction))
        st.write(wording.chance(prediction))
        if prediction.label and prediction.status != "mostly_unknown":
            stated = likelihood(prediction.probability, 1)
            st.progress(prediction.probability, text=f"Probability of “positive”: {stated}")
        for caveat in wording.caveats(prediction):
            st.markdown(f":material/info: {caveat}")
        with st.container(horizontal=True, vertical_alignment="center"):
            taken = "from a file" if analysis.milliseconds is None else f"in {analysis.milliseconds:.0f} ms"
            run = foreign.plain(analysis.run)
            st.caption(f"{prediction.tokens_read:,} words and signs read by {run} {taken}")
            navigation.link("model_card", "About this model")


def _icon(prediction: Prediction) -> str:
    if prediction.confidence in (None, "unsure"):
        return ":material/question_mark:"
    return f":material/sentiment_{'satisfied' if prediction.label == 'positive' else 'dissatisfied'}:"

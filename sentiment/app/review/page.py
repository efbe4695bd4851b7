"""The Review page: a text, its prediction at once, then the explanation."""

from __future__ import annotations

import streamlit as st

from sentiment.app.review import feedback, maker, scroll, share
from sentiment.app.shared import analyses, current_run, navigation, uploads, wording
from sentiment.app.shared.analyses import Analysis
from sentiment.app.shared.examples import EXAMPLES
from sentiment.explain.prediction_text import headline, probability_sentence
from sentiment.formatting import likelihood
from sentiment.types import Prediction

_ANALYSE = "analyse"
_ADDRESS = "example_in_address"  # key of the example in the address when the page was last drawn
_SELECTED = "example_marked"  # key of the example that was selected then
_LAST_TEXT = "text_of_bare_address"  # key of the last text shown without an example in the address


def page() -> None:
    """Shows the input on the left, the prediction on the right, and the explanation below."""
    st.title("What did the reviewer feel?")
    refused = analyses.refuse_long_text()
    _choose_example()
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _input()
        if refused:
            st.error(analyses.TOO_LONG, icon=":material/error:")
    classifier = current_run.classifier()
    analysis = analyses.current_analysis(classifier)
    if analysis is None:
        right.caption("Paste a review, or try one of the examples.")
        return
    with right:
        if analyses.text_changed():
            st.warning(
                "Text changed. What is shown here belongs to the text analysed before; press Analyse to renew it.",
                icon=":material/edit_note:",
            )
        made_by = maker.find(analysis, classifier)
        maker.show_mark(analysis, made_by, classifier)
        _prediction(analysis)
        feedback.show(analysis)
        share.show(analysis, made_by)
        if analyses.take_scroll_request():
            scroll.to_top()
    from sentiment.app.review import (  # here, so that the prediction does not wait for pandas and Altair
        explanation,
        history,
        side_by_side,
    )

    if analysis.prediction.label:
        explanation.show(analysis, made_by or classifier)
        side_by_side.show(analysis, made_by or classifier)
    history.show(classifier)


def _choose_example() -> None:
    """Shows the examples. The address names the chosen one, but never the user's own text."""
    state = st.session_state
    in_address = st.query_params.get(analyses.EXAMPLE)
    asked = in_address if in_address in EXAMPLES else None
    page_opened = _ANALYSE not in state  # first visit, or back from another page, which drops the widgets
    if analyses.TEXT not in state:
        analyses.show(EXAMPLES[asked or next(iter(EXAMPLES))])
    elif asked != state.get(_ADDRESS) and (asked or not page_opened):  # Back, Forward, or a typed address
        analyses.show(EXAMPLES[asked] if asked else state[_LAST_TEXT])
    elif page_opened or analyses.text_changed() or not state[analyses.EXAMPLE]:
        analyses.select_example()
    st.pills("Try an example", list(EXAMPLES), key=analyses.EXAMPLE, required=True, on_change=_show_example)
    if not page_opened and state[analyses.EXAMPLE] != state[_SELECTED] and not analyses.text_changed():
        asked = state[analyses.EXAMPLE]
        if asked:
            st.query_params[analyses.EXAMPLE] = asked
        else:
            st.query_params.pop(analyses.EXAMPLE, None)
    state[_ADDRESS], state[_SELECTED] = asked, state[analyses.EXAMPLE]
    if not asked:
        state[_LAST_TEXT] = analyses.analysed_text() or ""


def _show_example() -> None:
    if example := st.session_state[analyses.EXAMPLE]:
        analyses.show(EXAMPLES[example])


def _input() -> None:
    """Shows the text area. It is not in a form, which would drop unsubmitted text on any other rerun."""
    st.text_area("Review", key=analyses.TEXT, height=200, persist_state="session", placeholder="Paste a review here")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Analyse", key=_ANALYSE, icon=":material/play_arrow:", shortcut="Mod+Enter", on_click=_submit)
        st.caption("The text goes to the server of this page and nowhere else.")


def _submit() -> None:
    analyses.show(st.session_state[analyses.TEXT])


def _prediction(analysis: Analysis) -> None:
    """Shows the prediction in words, with its caveats."""
    prediction = analysis.prediction
    with st.container(border=True, gap="small"):
        st.header(headline(prediction), icon=_icon(prediction))
        st.write(probability_sentence(prediction))
        if prediction.label and prediction.status != "mostly_unknown":
            formatted = likelihood(prediction.probability, 1)
            st.progress(prediction.probability, text=f"Probability of “positive”: {formatted}")
        for caveat in wording.caveats(prediction):
            st.markdown(f":material/info: {caveat}")
        with st.container(horizontal=True, vertical_alignment="center"):
            source = "from a file" if analysis.milliseconds is None else f"in {analysis.milliseconds:.0f} ms"
            run = uploads.escape_markdown(analysis.run)
            st.caption(f"{wording.words_and_signs(prediction.tokens_read)} read by {run} {source}")
            navigation.show_link("model_card", "About this model")


def _icon(prediction: Prediction) -> str:
    if prediction.confidence in (None, "unsure"):
        return ":material/question_mark:"
    return f":material/sentiment_{'satisfied' if prediction.label == 'positive' else 'dissatisfied'}:"

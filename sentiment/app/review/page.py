"""The page "Analyse a review": the verdict, the text with coloured words, then the explanation."""

from __future__ import annotations

from functools import partial

import streamlit as st

from sentiment.app.review import editor, feedback, maker, share, turns, verdict, views
from sentiment.app.shared import analyses, current_run, navigation, scroll
from sentiment.app.shared.analyses import Analysis
from sentiment.app.shared.examples import EXAMPLES, LABELS
from sentiment.app.shared.uploads import escape_markdown
from sentiment.artifacts import ArtifactError
from sentiment.formatting import percent
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation

_PRIVACY = "Your text is sent only to this server."
_IN_URL = "example_in_url"  # key of the example in the URL when the page was last drawn
_SELECTED = "example_marked"  # key of the example that was selected then
_LAST_TEXT = "text_of_bare_url"  # key of the last text shown without an example in the URL


def page() -> None:
    """Shows the title, then the part that depends on the text."""
    navigation.show_title("review", _description())
    _analyse()


def _description() -> str:
    """Returns one line on the model and on the privacy of texts."""
    topic = current_run.topic()
    trained = "LSTM trained on IMDB" if topic is None else f"LSTM trained on {escape_markdown(topic)}"
    try:
        accuracy = float(current_run.read_json("test.json")["test"]["accuracy"])
    except (ArtifactError, LookupError, TypeError, ValueError):
        return f"{trained}. {_PRIVACY}"
    return f"{trained}, {percent(accuracy)} accurate. {_PRIVACY}"


@st.fragment
def _analyse() -> None:
    """Shows the prediction, the text and the explanation as a fragment, so that typing reruns only this part."""
    refused = analyses.refuse_long_text()
    _choose_example()
    if refused:
        st.error(analyses.TOO_LONG, icon=":material/error:")
    left, right = st.columns([2, 3], gap="medium")
    place, below = right.container(), right.container()
    classifier = current_run.classifier()
    analysis = analyses.current_analysis(classifier)
    if analysis is None:
        left.caption("Paste a review, or try one of the examples." if current_run.topic() is None else "Paste a text.")
        with place:
            editor.show("")
        return
    made_by = maker.find(analysis, classifier)
    version = _version(analysis, made_by)
    with left:
        maker.show_mark(analysis, made_by, classifier)
        verdict.show(analysis, (made_by or classifier).rule, version.prediction if version else None)
        if analyses.take_scroll_request():
            scroll.to_top()
        feedback.show(analysis, partial(share.show, analysis, made_by))
    from sentiment.app.review import (  # here, so that the verdict does not wait for pandas and Altair
        explanation,
        history,
        side_by_side,
    )

    if analysis.prediction.label:
        explanation.show(analysis, version, made_by, place, below)
        side_by_side.show(analysis, made_by or classifier)
    else:
        with place:
            editor.show(analysis.text)
    history.show(classifier)


def _version(analysis: Analysis, made_by: Classifier | None) -> Explanation | None:
    """Returns the explanation of the text as changed in the tab "What if?"; None unless that tab is open."""
    if views.open_view() != views.WHAT_IF or made_by is None or analysis.prediction.label is None:
        return None
    from sentiment.app.review import what_if

    with turns.in_turn(analysis):
        return what_if.version_of(analysis, made_by)


def _choose_example() -> None:
    """Shows the examples, and keeps the chosen one in the URL, which never holds the user's own text.

    A model for texts other than movie reviews has no examples.
    """
    state = st.session_state
    if current_run.topic() is not None:
        if analyses.TEXT not in state:
            analyses.show("")
        state[_IN_URL], state[_SELECTED] = None, state[analyses.EXAMPLE]
        return
    in_url = st.query_params.get(analyses.EXAMPLE)
    asked = in_url if in_url in EXAMPLES else None
    page_opened = not editor.is_drawn()  # first visit, or back from another page, which drops the widgets
    if analyses.TEXT not in state:
        analyses.show(EXAMPLES[asked or next(iter(EXAMPLES))])
    elif asked != state.get(_IN_URL) and (asked or not page_opened):  # Back, Forward, or a typed URL
        analyses.show(EXAMPLES[asked] if asked else state[_LAST_TEXT])
    elif page_opened or analyses.text_changed() or not state[analyses.EXAMPLE]:
        analyses.select_example()
    row = st.container(horizontal=True, wrap=False, width=560, vertical_alignment="center", gap="small")
    row.caption("Examples", width="content")
    row.pills(
        "Examples",
        list(EXAMPLES),
        format_func=lambda name: LABELS.get(name, name),
        key=analyses.EXAMPLE,
        required=True,
        on_change=_show_example,
        wrap=True,
        width="stretch",
        label_visibility="collapsed",
    )
    if not page_opened and state[analyses.EXAMPLE] != state[_SELECTED] and not analyses.text_changed():
        asked = state[analyses.EXAMPLE]
        if asked:
            st.query_params[analyses.EXAMPLE] = asked
        else:
            st.query_params.pop(analyses.EXAMPLE, None)
    state[_IN_URL], state[_SELECTED] = asked, state[analyses.EXAMPLE]
    if not asked:
        state[_LAST_TEXT] = analyses.analysed_text() or ""


def _show_example() -> None:
    if example := st.session_state[analyses.EXAMPLE]:
        analyses.show(EXAMPLES[example])

"""What-if analysis: drop or replace words, compare the new score, undo."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from sentiment.app.shared import analyses
from sentiment.app.shared.analyses import Analysis
from sentiment.app.shared.highlight import Span, highlight, strongest
from sentiment.explain.counterfactual import compare, edit, smallest_flip
from sentiment.explain.grouping import group
from sentiment.explain.prediction_text import headline
from sentiment.formatting import likelihood, signed
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation

_MAX_WORDS = 10  # listed
_MAX_REPLACEMENT = 200  # characters of a replacement word
_NOTE = "what_if_note"


def show(analysis: Analysis, explanation: Explanation, classifier: Classifier) -> None:
    """Shows the controls, then the new prediction beside the original one."""
    st.session_state.setdefault(analyses.WHAT_IF, {}).setdefault(analysis.number, [])
    st.session_state["what_if_number"] = analysis.number
    st.caption("Click a word in the text to drop it, or choose one here.")
    order = sorted(range(len(explanation.tokens)), key=lambda place: -abs(float(explanation.contributions[place])))
    labels = {place: f"{explanation.tokens[place].text} ({place + 1})" for place in order}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.selectbox("Word", order, format_func=lambda place: labels[place], key="what_if_word", width=170)
        new = st.text_input("becomes", key="what_if_new", placeholder="nothing", width=120, max_chars=_MAX_REPLACEMENT)
        st.button("Change", on_click=_change, args=({place: new},), icon=":material/edit:")
    with st.container(horizontal=True):
        st.button(
            "Turn the verdict",
            on_click=_flip_verdict,
            args=(explanation, classifier),
            icon=":material/swap_vert:",
            help="Suggests the fewest words to drop for the verdict to turn.",
        )
        steps = st.session_state[analyses.WHAT_IF][analysis.number]
        st.button("Undo", on_click=steps.pop if steps else None, disabled=not steps, icon=":material/undo:")
    if note := st.session_state.pop(_NOTE, None):
        st.info(note)
    if steps:
        changes = {place: word for step in steps for place, word in step.items()}
        _result(explanation, edit(explanation.text, explanation.tokens, changes), classifier)


def drop(places: Iterable[int]) -> None:
    """Drops the tokens at these places from the current analysis."""
    _change(dict.fromkeys(places, ""))


def _change(changes: dict[int, str]) -> None:
    if any(len(word) > _MAX_REPLACEMENT for word in changes.values()):
        st.session_state[_NOTE] = f"A replacement may have {_MAX_REPLACEMENT} characters at most."
        return
    st.session_state[analyses.WHAT_IF][st.session_state["what_if_number"]].append(changes)


def _flip_verdict(explanation: Explanation, classifier: Classifier) -> None:
    flip = smallest_flip(classifier, explanation)
    if flip is None:
        st.session_state[_NOTE] = "No small change turns this verdict."
    else:
        _change(dict.fromkeys(flip.places, ""))


def _result(before: Explanation, text: str, classifier: Classifier) -> None:
    after = classifier.explain(text)
    left, right = st.columns(2)
    for column, name, version in ((left, "Before", before), (right, "After", after)):
        column.metric(
            name,
            likelihood(version.prediction.probability) if version.prediction.label else headline(version.prediction),
            f"score {signed(version.logit)}" if version.prediction.label else None,
            delta_color="off",
            delta_arrow="off",
        )
    if after.prediction.label:
        _differences(before, after)
    st.button("Analyse this version", on_click=_analyse_version, args=(after.text,), icon=":material/open_in_new:")


def _analyse_version(text: str) -> None:
    """Shows the text on the whole page. It reruns the app, since a fragment's callback reruns only the fragment."""
    if len(text) > analyses.MAX_CHARACTERS:
        st.session_state[_NOTE] = analyses.TOO_LONG
        return
    analyses.show(text, to_top=True)
    st.rerun()


def _differences(before: Explanation, after: Explanation) -> None:
    """Shows the changed text, the change of the score, and the words whose contributions changed most."""
    spans = [_spans(version) for version in (before, after)]
    highlight(after.text, spans[1], key="what_if_after", scale=max(map(strongest, spans)), legend=False)
    start = after.baseline_logit - before.baseline_logit
    st.caption(
        f"The score changed by {signed(after.logit - before.logit, 4)}: contributions by "
        f"{signed(after.logit - before.logit - start, 4)}, the starting point by {signed(start, 4)}."
    )
    changed = sorted(compare(before, after), key=lambda each: -abs(each.change))[:_MAX_WORDS]
    st.dataframe(
        pd.DataFrame(
            {
                "word": [each.text for each in changed],
                "change": [each.change for each in changed],
                "what": ["new" if e.before is None else "gone" if e.after is None else "kept" for e in changed],
            }
        ),
        hide_index=True,
        alt="Words whose contribution changed most",
        column_config={"change": st.column_config.NumberColumn("contribution changed by", format="%+.3f")},
    )


def _spans(explanation: Explanation) -> list[Span]:
    return [(each.start, each.end, each.value, each.unknown) for each in group(explanation, "word")]

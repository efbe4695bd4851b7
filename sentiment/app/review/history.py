"""The session's analyses: reopen, compare, save, open a saved one, delete all."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from sentiment.app.shared import analyses, uploads
from sentiment.app.shared.analyses import Analysis
from sentiment.app.shared.highlight import Span, highlight, strongest
from sentiment.explain.counterfactual import compare
from sentiment.explain.html_file import to_html
from sentiment.explain.json_file import from_json, to_json
from sentiment.explain.prediction_text import headline, probability_sentence
from sentiment.formatting import signed
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation

_UPLOAD = "saved_explanation"
_NOTE = "session_note"
_MAX_WORDS = 15  # listed in a comparison
_MAX_LISTED_TEXT = 200  # characters
_MEGABYTES = 4  # of a saved file; enough for the longest text with every character escaped
_MAX_NAME = 255  # characters of a model's name, the limit of file systems


def show(current: Analysis, classifier: Classifier) -> None:
    """Shows the list of analyses and the actions on them."""
    every = list(reversed(analyses.all_analyses()))
    st.header("Your analyses")
    if every:
        _table(every)
    _save(current, classifier)
    if not every:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by_number = {each.number: each for each in every}
        chosen = by_number[st.selectbox("Analysis", list(by_number), format_func="no. {}".format, width=130)]
        st.button("Reopen", on_click=analyses.reopen, args=(chosen,), icon=":material/history:")
        second = st.selectbox("Compare with", list(by_number), index=None, format_func="no. {}".format, width=170)
        _delete(len(every))
    st.caption(f"Kept for this session only, {analyses.MAX_ANALYSES} at most; gone when you close the page.")
    if second is not None:
        _comparison(chosen, by_number[second], classifier)


def _table(every: list[Analysis]) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                "number": [each.number for each in every],
                "verdict": [headline(each.prediction) for each in every],
                "positive": [each.prediction.probability for each in every],
                "text": [" ".join(each.text[:_MAX_LISTED_TEXT].split()) for each in every],
                "model": [each.run for each in every],
            }
        ),
        hide_index=True,
        alt="Analyses of this session, newest first",
        column_config={
            "number": st.column_config.NumberColumn("no.", width="small"),
            "positive": st.column_config.ProgressColumn("P(positive)", min_value=0, max_value=1, format="percent"),
            "text": st.column_config.TextColumn("text", width="large"),
        },
    )


def _delete(count: int) -> None:
    """Deletes every analysis after a confirmation."""
    with st.popover("Delete all", icon=":material/delete:"):
        st.write(f"Delete {'this analysis' if count == 1 else f'all {count} analyses'}? This cannot be undone.")
        st.button("Delete now", on_click=analyses.delete_all, icon=":material/delete:")


def _save(current: Analysis, classifier: Classifier) -> None:
    """Offers the current explanation as a file, and an uploader for a saved one."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if current.explanation:
            st.download_button(
                "Save as JSON", to_json(current.explanation), "explanation.json", "application/json", on_click="ignore"
            )
            st.download_button(
                "Save as HTML", to_html(current.explanation), "explanation.html", "text/html", on_click="ignore"
            )
        with st.popover("Open a saved one", icon=":material/upload_file:"):
            key = uploads.uploader_key(_UPLOAD)
            st.file_uploader(
                "A JSON file saved here",
                type="json",
                key=key,
                on_change=_open_file,
                args=(key,),
                max_upload_size=_MEGABYTES,
            )
            if note := st.session_state.pop(_NOTE, None):  # in here, because the open popover covers the page
                st.error(uploads.escape_markdown(note), icon=":material/error:")


def _open_file(key: str) -> None:
    for file in uploads.read_and_release(_UPLOAD, st.session_state[key]):
        try:
            analyses.reopen(analyses.add(_read_file(file)))
        except ValueError as error:
            st.session_state[_NOTE] = str(error)


def _read_file(file: Any) -> Explanation:
    """Returns the explanation in a saved file.

    Raises:
        ValueError: the file is invalid or too large; the message is one sentence.
    """
    if file.size > _MEGABYTES * 1_000_000:
        raise ValueError(f"A saved explanation may have {_MEGABYTES} MB at most.")
    explanation = from_json(file.getvalue())
    if len(explanation.text) > analyses.MAX_CHARACTERS:
        raise ValueError(analyses.TOO_LONG)
    if len(explanation.run) > _MAX_NAME:
        raise ValueError("This file cannot be opened as an explanation: the name of its model is too long.")
    try:
        f"{explanation.run} {explanation.text}".encode()
    except UnicodeEncodeError as error:
        raise ValueError("This file cannot be opened as an explanation: its text is not valid Unicode.") from error
    return explanation


def _comparison(first: Analysis, second: Analysis, classifier: Classifier) -> None:
    """Shows two analyses side by side on one colour scale, and the words whose contributions differ most."""
    marked = {each.number: _spans(known) for each in (first, second) if (known := _explanation(each, classifier))}
    scale = max(map(strongest, marked.values()), default=0.0)
    for side, column, each in zip(("first", "second"), st.columns(2, gap="medium"), (first, second), strict=True):
        with column:
            st.subheader(f"No. {each.number}: {headline(each.prediction)}")
            st.write(probability_sentence(each.prediction))
            if each.number in marked:
                st.caption(f"Score {signed(each.prediction.logit)}, by {uploads.escape_markdown(each.run)}")
                highlight(each.text, marked[each.number], key=f"compared_{side}", scale=scale)
    if first.explanation and second.explanation:
        _contributions(first, second, first.explanation, second.explanation)


def _explanation(analysis: Analysis, classifier: Classifier) -> Explanation | None:
    """Returns the analysis's explanation, computed if the served run can; None if there is none."""
    if analysis.explanation is None and analysis.prediction.label and analysis.is_made_by(classifier):
        return analysis.get_explanation(classifier)
    return analysis.explanation


def _contributions(first: Analysis, second: Analysis, before: Explanation, after: Explanation) -> None:
    """Shows each word's contribution in both texts, the largest difference first."""
    changed = sorted(compare(before, after), key=lambda each: -abs(each.change))[:_MAX_WORDS]
    names = (f"in no. {first.number}", f"in no. {second.number}", "difference")
    values = [
        (
            None if each.before is None else float(before.contributions[each.before]),
            None if each.after is None else float(after.contributions[each.after]),
            each.change,
        )
        for each in changed
    ]
    frame = pd.DataFrame(values, columns=["first", "second", "change"], dtype=float)
    frame.insert(0, "word", [each.text for each in changed])
    st.dataframe(
        frame,
        hide_index=True,
        alt="Words whose contributions differ most, by what they add in each of the two texts, in logits",
        column_config={
            column: st.column_config.NumberColumn(name, format="%+.3f", help="in logits; empty where the word is not")
            for column, name in zip(("first", "second", "change"), names, strict=True)
        },
    )


def _spans(explanation: Explanation) -> list[Span]:
    values, unknown = explanation.contributions.tolist(), explanation.unknown.tolist()
    return [
        (token.start, token.end, value, is_unknown)
        for token, value, is_unknown in zip(explanation.tokens, values, unknown, strict=True)
    ]

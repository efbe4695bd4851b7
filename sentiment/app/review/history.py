"""The expander "History": opens, compares and deletes the session's analyses, and opens a saved one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from sentiment import budget
from sentiment.app.review import comparison, feedback, maker
from sentiment.app.review.comparison import Side
from sentiment.app.shared import analyses, uploads
from sentiment.app.shared.analyses import Analysis
from sentiment.explain.json_file import from_json
from sentiment.explain.prediction_text import headline
from sentiment.formatting import counted
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation

_UPLOAD = "saved_explanation"
_NOTE = "session_note"
_TICKED = "history_ticked"  # key of the numbers of the ticked analyses
_MAX_LISTED_TEXT = 200  # characters
_MIN_SHOWN = 0.001  # smallest probability shown, because no prediction is certain
_MAX_NAME = 255  # characters of a model's name, the limit of file systems


def show(classifier: Classifier) -> None:
    """Shows the analyses and their actions in an expander; ``classifier`` is the chosen model."""
    every = list(reversed(analyses.all_analyses()))
    expander = st.expander(f"History ({len(every)})", icon=":material/history:", key="history", on_change="rerun")
    if not expander.open:
        return
    with expander:
        bar = st.container(horizontal=True, vertical_alignment="center")
        ticked = _table(every) if every else []
        with bar:
            _actions(ticked, len(every))
        if len(ticked) == 2:
            _comparison(ticked[1], ticked[0], classifier)
        st.caption(f"Keeps the last {budget.SESSION_ANALYSES} analyses until you close the page.")


def table_key(every: Sequence[Analysis]) -> str:
    """Returns the key of the table. It changes when rows move, since Streamlit keeps ticks by row."""
    return f"history_{every[0].number}_{every[-1].number}"


def _table(every: Sequence[Analysis]) -> list[Analysis]:
    """Shows the analyses; returns those that are ticked, newest first."""
    before = st.session_state.get(_TICKED, [])
    event = st.dataframe(
        pd.DataFrame(
            {
                "number": [each.number for each in every],
                "prediction": [headline(each.prediction) for each in every],
                "positive": [100 * min(max(each.prediction.probability, _MIN_SHOWN), 1 - _MIN_SHOWN) for each in every],
                "model": [each.run for each in every],
                "text": [" ".join(each.text[:_MAX_LISTED_TEXT].split()) for each in every],
            }
        ),
        hide_index=True,
        key=table_key(every),
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [row for row, each in enumerate(every) if each.number in before]}},
        alt="Analyses of this session, newest first",
        column_config={
            "number": st.column_config.NumberColumn("#", width=50),
            "prediction": st.column_config.TextColumn("Prediction"),
            "positive": st.column_config.ProgressColumn("P(positive)", min_value=0, max_value=100, format="%.1f%%"),
            "model": st.column_config.TextColumn("Model"),
            "text": st.column_config.TextColumn("Review", width="large"),
        },
    )
    ticked = [every[row] for row in sorted(event["selection"]["rows"]) if row < len(every)]
    st.session_state[_TICKED] = [each.number for each in ticked]
    return ticked


def _actions(ticked: Sequence[Analysis], count: int) -> None:
    if len(ticked) == 1:
        [one] = ticked
        st.button(f"Open #{one.number}", on_click=_open, args=(one,), icon=":material/open_in_new:")
        st.caption("Tick another one to compare.", width="content")
    elif count:
        hints = {0: "Tick one to open it, two to compare them.", 2: "The comparison is below the table."}
        st.caption(hints.get(len(ticked), "Tick no more than two."), width="content")
    else:
        st.caption("No analyses yet.", width="content")
    _saved_file()
    if count:
        _delete(count)


def _open(analysis: Analysis) -> None:
    st.session_state[_TICKED] = []
    st.session_state.pop(table_key(list(reversed(analyses.all_analyses()))), None)
    analyses.reopen(analysis)


def _delete(count: int) -> None:
    """Shows the button that deletes every analysis, with a confirmation."""
    with st.popover("Clear history", icon=":material/delete:"):
        what = "this analysis" if count == 1 else f"all {counted(count, 'analysis', 'analyses')}"
        also = f" and {counted(len(feedback.labels()), 'label')}" if feedback.labels() else ""
        st.write(f"Delete {what}{also}? This cannot be undone.")
        st.button("Delete now", on_click=_delete_all, icon=":material/delete:")


def _delete_all() -> None:
    st.session_state.pop(_TICKED, None)
    feedback.delete_all()
    analyses.delete_all()


def _saved_file() -> None:
    with st.popover("Open saved analysis", icon=":material/upload_file:"):
        key = uploads.uploader_key(_UPLOAD)
        st.file_uploader(
            "JSON file",
            type="json",
            key=key,
            on_change=_open_file,
            args=(key,),
            max_upload_size=budget.EXPLANATION_BYTES // 1_000_000,
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
    if file.size > budget.EXPLANATION_BYTES:
        raise ValueError(f"A saved analysis may have {budget.EXPLANATION_BYTES // 1_000_000} MB at most.")
    explanation = from_json(file.getvalue())
    if len(explanation.text) > budget.TEXT_CHARACTERS:
        raise ValueError(analyses.TOO_LONG)
    if len(explanation.run) > _MAX_NAME:
        raise ValueError("This file cannot be opened as an explanation: the name of its model is too long.")
    try:
        f"{explanation.run} {explanation.text}".encode()  # fails on lone surrogates, which cannot be sent to a browser
    except UnicodeEncodeError as error:
        raise ValueError("This file cannot be opened as an explanation: its text is not valid Unicode.") from error
    return explanation


def _comparison(first: Analysis, second: Analysis, classifier: Classifier) -> None:
    """Shows two analyses side by side, the earlier one on the left."""
    sides = [
        Side(
            f"\\#{each.number}",
            each.text,
            each.prediction,
            _explanation(each, classifier),
            uploads.escape_markdown(each.run),
        )
        for each in (first, second)
    ]
    comparison.show(sides, key="compared")


def _explanation(analysis: Analysis, classifier: Classifier) -> Explanation | None:
    """Returns the explanation of an analysis, computed if its model is available; None if there is none."""
    if analysis.explanation is None and analysis.prediction.label and (made_by := maker.find(analysis, classifier)):
        return analysis.get_explanation(made_by)
    return analysis.explanation

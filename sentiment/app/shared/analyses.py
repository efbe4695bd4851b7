"""The analyses of this session, and which of them the page shows.

They are kept only in the session's state and end with the session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

import streamlit as st

from sentiment.api import tally
from sentiment.app.shared import current_run
from sentiment.app.shared.examples import EXAMPLES
from sentiment.budget import SESSION_ANALYSES, SESSION_CHARACTERS, TEXT_CHARACTERS
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation, Prediction

_TOLERANCE = 1e-3  # in logits; the scores of one model may differ by this much between machines
TOO_LONG = f"A text here may have {TEXT_CHARACTERS:,} characters at most. For more, use Score a file."

TEXT = "review_text"  # the key of the text in the editor
EXAMPLE = "example"  # the key of the example choice

WHAT_IF = "what_if"  # key of the versions tried: number of the analysis -> ``what_if.Trials``

_ANALYSES = "analyses"
_SHOWN = "review_shown"  # key of the analysed text
_OPENED = "review_opened"  # key of the reopened analysis: its number and the model chosen at that time
_SCROLL = "review_return"  # key of the request to scroll to the top
_REVISION = "review_revision"  # key of the number of times that the text was set by anything but typing
_TYPED = "review_typed"  # key of whether the analysed text is being typed
_DRAFT = "review_draft"  # key of the number of the analysis that the next version typed replaces


@dataclass(slots=True)
class Analysis:
    """One text as analysed by one run.

    Attributes:
        number: from 1, in the order of analysis.
        text: the analysed text.
        run: the name of the run.
        prediction: the label, the probability, and how the text was read.
        milliseconds: duration of the prediction; None if opened from a file.
        explanation: None until first requested, so that the prediction does not wait for it.
        agreement: the agreement of the explanation with a finer computation, None until requested.
        others: the requested explanations by other models or methods.
    """

    number: int
    text: str
    run: str
    prediction: Prediction
    milliseconds: float | None = None
    explanation: Explanation | None = None
    agreement: float | None = None
    others: dict[tuple[str, str], Explanation] = field(default_factory=dict)

    def get_explanation(self, classifier: Classifier) -> Explanation:
        """Returns the explanation, computed on first use; ``classifier`` must be the one that made the prediction."""
        if self.explanation is None:
            self.explanation = classifier.explain(self.text)
        return self.explanation

    def is_made_by(self, classifier: Classifier) -> bool:
        """Returns whether this classifier made it; for an analysis from a file, whether its score is the same."""
        if self.milliseconds is not None:
            return self.run == classifier.run.name
        [prediction] = classifier.predict([self.text])
        return abs(prediction.logit - self.prediction.logit) < _TOLERANCE


def analyse(text: str, classifier: Classifier) -> Analysis:
    """Returns the session's analysis of a text by a run. A text without words is not stored."""
    for known in all_analyses():
        if known.text == text and known.run == classifier.run.name and known.milliseconds is not None:
            return known
    start = perf_counter()
    [prediction] = classifier.predict([text])
    milliseconds = 1000 * (perf_counter() - start)
    tally.count("app", [prediction])
    if prediction.label is None:
        return Analysis(_next_number(), text, classifier.run.name, prediction, milliseconds)
    typed = st.session_state.get(_TYPED, False)
    number = (_replace_draft(text, classifier.run.name) if typed else None) or _next_number()
    st.session_state[_DRAFT] = number if typed else None
    return _store(Analysis(number, text, classifier.run.name, prediction, milliseconds))


def add(explanation: Explanation) -> Analysis:
    """Adds an explanation that was saved earlier."""
    opened = Analysis(_next_number(), explanation.text, explanation.run, explanation.prediction)
    opened.explanation = explanation
    return _store(opened)


def all_analyses() -> Sequence[Analysis]:
    """Returns all analyses of the session, oldest first."""
    return cast(list[Analysis], st.session_state.get(_ANALYSES, []))


def show(text: str, *, to_top: bool = False) -> None:
    """Makes the page Analyse a review show a text; for callbacks and other pages.

    Args:
        text: the text; ignored if it has more than ``budget.TEXT_CHARACTERS`` characters.
        to_top: whether the page scrolls to the top.
    """
    if len(text) > TEXT_CHARACTERS:
        return
    _set_text(text)
    st.session_state[_SCROLL] = to_top
    st.session_state[_REVISION] = revision() + 1
    st.session_state[_TYPED] = False
    st.session_state.pop(_DRAFT, None)


def type_text(text: str, *, finished: bool = False) -> None:
    """Makes the page show a text that was typed; ``finished`` keeps its analysis when more is typed."""
    _set_text(text)
    st.session_state[_TYPED] = not finished
    if finished:
        st.session_state.pop(_DRAFT, None)


def revision() -> int:
    """Returns how often the text was set by anything but typing; an editor then adopts it."""
    return cast(int, st.session_state.get(_REVISION, 0))


def _set_text(text: str) -> None:
    st.session_state[TEXT] = st.session_state[_SHOWN] = text
    select_example()
    st.session_state.pop(_OPENED, None)


def select_example() -> None:
    """Selects the example that is analysed, none for any other text. Call it before the widget is drawn."""
    text = None if text_changed() else analysed_text()
    st.session_state[EXAMPLE] = next((name for name, example in EXAMPLES.items() if example == text), None)


def reopen(analysis: Analysis) -> None:
    """Makes the page Analyse a review show a stored analysis, whichever model is chosen; for callbacks."""
    show(analysis.text, to_top=True)
    st.session_state[_OPENED] = (analysis.number, current_run.chosen_name())


def current_analysis(classifier: Classifier) -> Analysis | None:
    """Returns the analysis to show: the reopened one, or that of the current text by the chosen model."""
    number, chosen = st.session_state.get(_OPENED, (None, None))
    if chosen == current_run.chosen_name():
        for each in all_analyses():
            if each.number == number:
                return each
    text = analysed_text()
    return None if text is None else analyse(text, classifier)


def analysed_text() -> str | None:
    """Returns the analysed text, None if there is none."""
    text: str | None = st.session_state.get(_SHOWN)
    return text


def text_changed() -> bool:
    """Returns whether the text in the editor differs from the analysed text."""
    typed, analysed = st.session_state.get(TEXT), analysed_text()
    return typed is not None and analysed is not None and normalise_line_ends(typed) != normalise_line_ends(analysed)


def refuse_long_text() -> bool:
    """Restores the analysed text if a too long one was pasted. Call it before the editor is drawn."""
    if len(st.session_state.get(TEXT) or "") <= TEXT_CHARACTERS:
        return False
    st.session_state[TEXT] = analysed_text() or ""
    st.session_state[_REVISION] = revision() + 1
    return True


def take_scroll_request() -> bool:
    """Returns whether scrolling to the top was requested, and clears the request."""
    return bool(st.session_state.pop(_SCROLL, False))


def delete_all() -> None:
    """Deletes every analysis of this session and the current text; for callbacks."""
    show("")
    st.session_state[_SHOWN] = None
    st.session_state[_ANALYSES] = []
    st.session_state[WHAT_IF] = {}


def normalise_line_ends(text: str) -> str:
    """Converts line ends to LF, as browsers do."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _next_number() -> int:
    analyses = all_analyses()
    return analyses[-1].number + 1 if analyses else 1


def _store(analysis: Analysis) -> Analysis:
    """Adds an analysis. Drops the oldest ones if there are too many, or if their texts are too long in total."""
    kept = [*all_analyses(), analysis][-SESSION_ANALYSES:]
    while sum(len(each.text) for each in kept) > SESSION_CHARACTERS:
        kept = kept[1:]
    st.session_state[_ANALYSES] = kept
    return analysis


def _replace_draft(text: str, run: str) -> int | None:
    """Removes a run's analysis of the version typed before ``text``; returns its number, None if there is none."""
    draft, stored = st.session_state.get(_DRAFT), list(all_analyses())
    if not stored or (stored[-1].number, stored[-1].run) != (draft, run) or not _continues(stored[-1].text, text):
        return None
    st.session_state[_ANALYSES] = stored[:-1]
    st.session_state.get(WHAT_IF, {}).pop(draft, None)
    return stored[-1].number


def _continues(before: str, after: str) -> bool:
    """Returns whether a text is an edited version of another: half of the shorter one begins or ends both."""
    begin = _common_length(before, after)
    end = _common_length(before[begin:][::-1], after[begin:][::-1])
    return 2 * (begin + end) >= min(len(before), len(after))


def _common_length(first: str, second: str) -> int:
    """Returns the length of the common beginning of two texts."""
    differing = (place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
    return next(differing, min(len(first), len(second)))

"""What this session has analysed, and which of it the Review page shows.

All of it is kept in the session's own state, nowhere else, and gone with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import cast

import streamlit as st

from sentiment.app.shared import current_run
from sentiment.app.shared.examples import EXAMPLES
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation, Prediction

_TOLERANCE = 1e-3  # logits by which the same model may differ between machines
MAX_ANALYSES = 50  # analyses a session holds; the oldest goes first
MAX_CHARACTERS = 200_000  # characters of a text that is analysed or kept; some 35,000 words
TOO_LONG = f"A text here may have {MAX_CHARACTERS:,} characters at most. For more, upload a file on the Bulk page."

TEXT = "review_text"  # the key of the text area
EXAMPLE = "example"  # the key of the choice of an example

WHAT_IF = "what_if"  # the key of the changes tried: number of the analysis -> one {place: word} after the other

_ANALYSES = "analyses"
_SHOWN = "review_shown"  # the text that is analysed
_OPENED = "review_opened"  # an analysis to show as it is, by number, and the model chosen then; until either changes
_SCROLL = "review_return"  # whether the page should go back to its top


@dataclass(slots=True)
class Analysis:
    """One text as one run reads it.

    Attributes:
        number: from 1, in the order of analysis.
        text: what was analysed.
        run: the name of the run.
        prediction: the verdict.
        milliseconds: what the verdict took; None for one that was opened from a file.
        explanation: None until it has been asked for: the verdict does not wait for it.
    """

    number: int
    text: str
    run: str
    prediction: Prediction
    milliseconds: float | None = None
    explanation: Explanation | None = None

    def get_explanation(self, classifier: Classifier) -> Explanation:
        """Returns the explanation, computed when first asked for by the classifier that made the prediction."""
        if self.explanation is None:
            self.explanation = classifier.explain(self.text)
        return self.explanation

    def is_made_by(self, classifier: Classifier) -> bool:
        """Whether this classifier made it; of one from a file, whether it would give the text the same score."""
        if self.milliseconds is not None:
            return self.run == classifier.run.name
        [prediction] = classifier.predict([self.text])
        return abs(prediction.logit - self.prediction.logit) < _TOLERANCE


def analyse(text: str, classifier: Classifier) -> Analysis:
    """Returns the session's analysis of a text by a run; a text without a word is judged but not kept."""
    for known in all_analyses():
        if known.text == text and known.run == classifier.run.name and known.milliseconds is not None:
            return known
    start = perf_counter()
    [prediction] = classifier.predict([text])
    milliseconds = 1000 * (perf_counter() - start)
    analysis = Analysis(_next_number(), text, classifier.run.name, prediction, milliseconds)
    return _store(analysis) if prediction.label else analysis


def add(explanation: Explanation) -> Analysis:
    """Takes in an explanation that was saved earlier."""
    opened = Analysis(_next_number(), explanation.text, explanation.run, explanation.prediction)
    opened.explanation = explanation
    return _store(opened)


def all_analyses() -> Sequence[Analysis]:
    """All that the session holds, oldest first."""
    return cast(list[Analysis], st.session_state.get(_ANALYSES, []))


def show(text: str, *, to_top: bool = False) -> None:
    """Lets the Review page show a text; for callbacks, and from another page.

    Args:
        text: of ``LONGEST`` characters at most; a longer one is ignored.
        to_top: whether the page scrolls up to the verdict.
    """
    if len(text) > MAX_CHARACTERS:
        return
    st.session_state[TEXT] = st.session_state[_SHOWN] = text
    select_example()
    st.session_state[_SCROLL] = to_top
    st.session_state.pop(_OPENED, None)


def select_example() -> None:
    """Selects the example whose text is analysed, and none beside another text; before the choice is drawn."""
    text = None if text_changed() else analysed_text()
    st.session_state[EXAMPLE] = next((name for name, example in EXAMPLES.items() if example == text), None)


def reopen(analysis: Analysis) -> None:
    """Lets the Review page show an analysis as it is, whichever model is chosen; for callbacks."""
    show(analysis.text, to_top=True)
    st.session_state[_OPENED] = (analysis.number, current_run.chosen_name())


def current_analysis(classifier: Classifier) -> Analysis | None:
    """Returns the analysis that the Review page shows: the one opened, or that of the text by the chosen model."""
    number, chosen = st.session_state.get(_OPENED, (None, None))
    if chosen == current_run.chosen_name():
        for each in all_analyses():
            if each.number == number:
                return each
    text = analysed_text()
    return None if text is None else analyse(text, classifier)


def analysed_text() -> str | None:
    """Returns the text that is analysed, None if there is none."""
    text: str | None = st.session_state.get(_SHOWN)
    return text


def text_changed() -> bool:
    """Returns whether the text area holds another text than the one analysed."""
    typed, analysed = st.session_state.get(TEXT), analysed_text()
    return typed is not None and analysed is not None and _normalise_line_ends(typed) != _normalise_line_ends(analysed)


def refuse_long_text() -> bool:
    """Restores the analysed text if a longer one than allowed was pasted; before the text area is drawn."""
    if len(st.session_state.get(TEXT) or "") <= MAX_CHARACTERS:
        return False
    st.session_state[TEXT] = analysed_text() or ""
    return True


def take_scroll_request() -> bool:
    """Returns whether the page was asked to scroll to its top; true once."""
    return bool(st.session_state.pop(_SCROLL, False))


def delete_all() -> None:
    """Forgets every analysis of this session and the text shown; for callbacks."""
    show("")
    st.session_state[_SHOWN] = None
    st.session_state[_ANALYSES] = []
    st.session_state[WHAT_IF] = {}


def _normalise_line_ends(text: str) -> str:
    """A browser ends lines with LF, whatever it was given."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _next_number() -> int:
    held = all_analyses()
    return held[-1].number + 1 if held else 1


def _store(analysis: Analysis) -> Analysis:
    st.session_state[_ANALYSES] = [*all_analyses(), analysis][-MAX_ANALYSES:]
    return analysis

"""What this session has analysed, and which of it the Review page shows.

All of it is kept in the session's own state, nowhere else, and gone with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import cast

import streamlit as st

from sentiment.app.examples import EXAMPLES
from sentiment.classifier import Classifier
from sentiment.records import Explanation, Prediction

_SAME = 1e-3  # logits by which the same model may differ between machines
KEPT = 50  # analyses a session holds; the oldest goes first

TEXT = "review_text"  # the key of the text area
EXAMPLE = "example"  # the key of the choice of an example
EXAMPLE_SHOWN = "example_shown"  # the example that was last put into the text area

WHAT_IF = "what_if"  # the key of the changes tried: number of the analysis -> one {place: word} after the other

_ANALYSES = "analyses"
_SHOWN = "review_shown"  # the text that is analysed
_OPENED = "review_opened"  # the number of an analysis from a file, shown until another text is


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

    def explained(self, classifier: Classifier) -> Explanation:
        """The explanation, computed when first asked for."""
        if self.explanation is None:
            self.explanation = classifier.explain(self.text)
        return self.explanation

    def is_by(self, classifier: Classifier) -> bool:
        """Whether this classifier made it; of one from a file, whether it would give the text the same score."""
        if self.milliseconds is not None:
            return self.run == classifier.run.name
        [prediction] = classifier.predict([self.text])
        return abs(prediction.logit - self.prediction.logit) < _SAME


def analyse(text: str, classifier: Classifier) -> Analysis:
    """The session's analysis of a text by a run; a new one unless it has been made before."""
    for known in every():
        if known.text == text and known.run == classifier.run.name and known.milliseconds is not None:
            return known
    start = perf_counter()
    [prediction] = classifier.predict([text])
    milliseconds = 1000 * (perf_counter() - start)
    return _keep(Analysis(_next_number(), text, classifier.run.name, prediction, milliseconds))


def add(explanation: Explanation) -> Analysis:
    """Takes in an explanation that was saved earlier."""
    opened = Analysis(_next_number(), explanation.text, explanation.run, explanation.prediction)
    opened.explanation = explanation
    return _keep(opened)


def every() -> Sequence[Analysis]:
    """All that the session holds, oldest first."""
    return cast(list[Analysis], st.session_state.get(_ANALYSES, []))


def put(text: str) -> None:
    """Lets the Review page show a text, whichever example is chosen; before the text area is drawn."""
    st.session_state[TEXT] = st.session_state[_SHOWN] = text
    st.session_state.pop(_OPENED, None)


def show(text: str) -> None:
    """Lets the Review page show a text as if the user had pasted it; for callbacks, and from another page."""
    put(text)
    example = next((name for name, example in EXAMPLES.items() if example == text), None)
    st.session_state[EXAMPLE] = st.session_state[EXAMPLE_SHOWN] = example


def show_opened(analysis: Analysis) -> None:
    """Lets the Review page show an analysis that was opened from a file; for callbacks."""
    put(analysis.text)
    st.session_state[EXAMPLE] = None
    st.session_state[_OPENED] = analysis.number


def shown(classifier: Classifier) -> Analysis | None:
    """What the Review page shows: the analysis that was opened, or that of the text by the run served."""
    opened = next((each for each in every() if each.number == st.session_state.get(_OPENED)), None)
    text = st.session_state.get(_SHOWN)
    return opened or (None if text is None else analyse(text, classifier))


def delete_all() -> None:
    """Forgets every analysis of this session and the text shown; for callbacks."""
    show("")
    st.session_state[_SHOWN] = None
    st.session_state[_ANALYSES] = []
    st.session_state[WHAT_IF] = {}


def _next_number() -> int:
    held = every()
    return held[-1].number + 1 if held else 1


def _keep(analysis: Analysis) -> Analysis:
    st.session_state[_ANALYSES] = [*every(), analysis][-KEPT:]
    return analysis

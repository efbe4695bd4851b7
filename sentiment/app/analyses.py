"""What this session has analysed: kept in the session's own state, nowhere else, and gone with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import cast

import streamlit as st

from sentiment.classifier import Classifier
from sentiment.records import Explanation, Prediction

KEPT = 50  # analyses a session holds; the oldest goes first

_KEY = "analyses"


@dataclass(slots=True)
class Analysis:
    """One text as one run reads it.

    Attributes:
        number: from 1, in the order of analysis.
        text: what was analysed.
        run: the name of the run.
        prediction: the verdict.
        milliseconds: what the verdict took.
        explanation: None until it has been asked for: the verdict does not wait for it.
    """

    number: int
    text: str
    run: str
    prediction: Prediction
    milliseconds: float
    explanation: Explanation | None = None

    @property
    def title(self) -> str:
        """A short name for lists: number, run, and how the text begins."""
        start = " ".join(self.text.split())
        return f"{self.number} · {self.run} · {start[:47] + '…' if len(start) > 48 else start}"

    def explained(self, classifier: Classifier) -> Explanation:
        """The explanation, computed when first asked for."""
        if self.explanation is None:
            self.explanation = classifier.explain(self.text)
        return self.explanation


def analyse(text: str, classifier: Classifier) -> Analysis:
    """The session's analysis of a text by a run; a new one unless it has been made before."""
    for known in every():
        if known.text == text and known.run == classifier.run.name:
            return known
    start = perf_counter()
    [prediction] = classifier.predict([text])
    milliseconds = 1000 * (perf_counter() - start)
    return _keep(text, classifier.run.name, prediction, milliseconds)


def add(explanation: Explanation, run: str) -> Analysis:
    """Takes in an explanation that was made elsewhere, by the run named."""
    analysis = _keep(explanation.text, run, explanation.prediction, 0.0)
    analysis.explanation = explanation
    return analysis


def every() -> Sequence[Analysis]:
    """All that the session holds, oldest first."""
    return cast(list[Analysis], st.session_state.get(_KEY, []))


def delete_all() -> None:
    """Forgets every analysis of this session."""
    st.session_state[_KEY] = []


def _keep(text: str, run: str, prediction: Prediction, milliseconds: float) -> Analysis:
    held = list(every())
    analysis = Analysis(held[-1].number + 1 if held else 1, text, run, prediction, milliseconds)
    st.session_state[_KEY] = [*held, analysis][-KEPT:]
    return analysis

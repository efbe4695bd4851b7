"""The plain, frozen records that the parts of the package exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np
import numpy.typing as npt

Label = Literal["positive", "negative"]
Confidence = Literal["confident", "leaning", "unsure"]
Status = Literal["unreadable", "empty", "mostly_unknown", "truncated", "ok"]
Report = Callable[[str, int, int], None]  # called with a stage, its finished rows and its total rows, 0 if unknown


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a text and its span: ``text[start:end] == token.text``.

    Attributes:
        text: the token as it is written.
        start: the start of its span.
        end: the end of its span.
        form: the word that was looked up for it, ``n't`` for ``n&rsquo;t``; by default the token in lower case.
    """

    text: str
    start: int
    end: int
    form: str = ""

    def __post_init__(self) -> None:
        """Fills in the form."""
        if not self.form:
            object.__setattr__(self, "form", self.text.lower().replace("’", "'"))


@dataclass(frozen=True, slots=True)
class EncodedReview:
    """A text encoded for the model.

    Attributes:
        ids: <int32>[tokens_read], vocabulary ids; an unknown token has the id ``UNK``.
        tokens: the tokens read, one for each id.
        tokens_total: number of tokens in the whole text; those after ``tokens_read`` were cut off.
        unknown: number of tokens read that are not in the vocabulary.
    """

    ids: npt.NDArray[np.int32]
    tokens: tuple[Token, ...]
    tokens_total: int
    unknown: int

    @property
    def tokens_read(self) -> int:
        """The number of tokens that the model reads."""
        return len(self.tokens)

    @property
    def unknown_rate(self) -> float:
        """The share of unknown tokens among those read, 0 for an empty text."""
        return self.unknown / len(self.tokens) if self.tokens else 0.0


@dataclass(frozen=True, slots=True)
class Prediction:
    """The model's prediction for one text.

    Attributes:
        label: the predicted label, None if the text has no tokens.
        probability: calibrated probability of "positive", 0.5 if the text has no tokens.
        logit: the model's own score before calibration, 0.0 if the text has no tokens.
        confidence: the confidence level of the label, None if there is no label.
        status: the first value of ``Status`` that applies.
        tokens_read: tokens the model read.
        tokens_total: tokens in the text.
        unknown_rate: share of unknown tokens among those read.
    """

    label: Label | None
    probability: float
    logit: float
    confidence: Confidence | None
    status: Status
    tokens_read: int
    tokens_total: int
    unknown_rate: float

    def _repr_html_(self) -> str:
        """Returns the prediction in a line, for notebooks."""
        if self.label is None:
            return f"<p><b>no prediction</b> ({self.status})</p>"
        note = "" if self.status == "ok" else f"; {self.status.replace('_', ' ')}"
        return f"<p><b>{self.label}</b>, P(positive) {self.probability:.3f}, {self.confidence}{note}</p>"


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """The contribution of each token to a text's score, in logit units.

    ``baseline_logit + contributions.sum() + residual == logit``; nothing is normalised.

    Attributes:
        text: the explained text, complete.
        tokens: the tokens read, with their spans in ``text``.
        contributions: <float32>[tokens_read], the contribution of each token to the score.
        baseline_logit: the score of the baseline text of the same length, from which the sum starts.
        logit: the model's score of the text.
        residual: ``logit - baseline_logit - contributions.sum()``, the method's numerical error.
        unknown: <bool>[tokens_read], True if the token is not in the vocabulary.
        prediction: the explained prediction.
        run: the name of the run whose model was used.
        boundary: the lowest logit at which the label is positive.
    """

    text: str
    tokens: tuple[Token, ...]
    contributions: npt.NDArray[np.float32]
    baseline_logit: float
    logit: float
    residual: float
    unknown: npt.NDArray[np.bool_]
    prediction: Prediction
    run: str = ""
    boundary: float = 0.0

    def _repr_html_(self) -> str:
        """Returns the text coloured by contribution, for notebooks; ``explain.html_file`` writes the full page."""
        scale = max((abs(float(value)) for value in self.contributions), default=0.0) or 1.0
        parts, end = [], 0
        for token, value in zip(self.tokens, self.contributions, strict=True):
            colour = "0, 114, 178" if value > 0 else "213, 94, 0"
            parts += [
                escape_html(self.text[end : token.start]),
                f'<span style="background: rgba({colour}, {abs(value) / scale:.2f})" title="{value:+.3f}">'
                f"{escape_html(token.text)}</span>",
            ]
            end = token.end
        prediction = self.prediction
        heading = f"{prediction.label or 'no prediction'}, P(positive) {prediction.probability:.3f}"
        text = "".join([*parts, escape_html(self.text[end:])])
        return f'<p><b>{heading}</b></p><div class="text" dir="auto" style="white-space: pre-wrap">{text}</div>'


def escape_html(text: str) -> str:
    """Returns text escaped for HTML; a lone surrogate, which HTML cannot encode, becomes the replacement character."""
    encodable = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return escape(encodable).replace("\r", "&#13;").replace("\0", "\ufffd")

"""Verdicts and explanations in plain words; no Streamlit, so that every sentence can be tested."""

from __future__ import annotations

from collections.abc import Iterable

from sentiment.records import Explanation, Prediction

_REASONS = 3  # words named on each side


def headline(prediction: Prediction) -> str:
    """The verdict in two or three words, never surer than the model is."""
    if prediction.label is None:
        return "Nothing to judge"
    if prediction.status == "mostly_unknown":
        return "Mostly words I do not know"
    if prediction.confidence == "unsure":
        return "Unsure"
    return prediction.label.capitalize() if prediction.confidence == "confident" else f"Leaning {prediction.label}"


def chance(prediction: Prediction) -> str:
    """The calibrated probability as a sentence."""
    if prediction.label is None:
        return "There is not a word in it."
    certainty = max(prediction.probability, 1 - prediction.probability)
    stated = "over 99 %" if certainty > 0.995 else f"{certainty:.0%}".replace("%", " %")
    if prediction.confidence == "unsure":
        return f"If it must choose, the model says {prediction.label}, with a probability of {stated}."
    return f"The model gives “{prediction.label}” a probability of {stated}."


def caveats(prediction: Prediction) -> Iterable[str]:
    """What the reader should know about how the text was read, a sentence each."""
    if prediction.tokens_read < prediction.tokens_total:
        yield (
            f"Only the first {prediction.tokens_read:,} of {prediction.tokens_total:,} words and signs were read; "
            "the rest had no say."
        )
    if prediction.unknown_rate >= 0.1:
        yield f"The model does not know {prediction.unknown_rate:.0%} of the words it read.".replace("%", " %")


def reasons(explanation: Explanation) -> str:
    """Where the score comes from, in words: start, what the words added on each side, total."""
    values = explanation.contributions.astype(float)
    up, down = float(values[values > 0].sum()), float(values[values < 0].sum())
    start, total = explanation.baseline_logit, explanation.logit
    return (
        f"It started at {signed(start)}. Words towards positive added {signed(up)}{_named(explanation, 1)}; "
        f"words towards negative added {signed(down)}{_named(explanation, -1)}. "
        f"Total {signed(total)}, which is {side(total)}."
    )


def side(logit: float) -> str:
    """The side of zero a score stands on."""
    return "above zero: positive" if logit >= 0 else "below zero: negative"


def signed(value: float) -> str:
    """A number of logits for people: two digits, always with a sign, a real minus."""
    return f"{value:+.2f}".replace("-", "−")


def _named(explanation: Explanation, sign: int) -> str:
    """The words that weigh most on one side, each named once."""
    ranked = sorted(
        zip(explanation.contributions.tolist(), explanation.tokens, strict=True), key=lambda e: -sign * e[0]
    )
    words = dict.fromkeys(token.text for value, token in ranked if sign * value > 0)
    named = ", ".join(f"“{word}”" for word in list(words)[:_REASONS])
    return f" (most of all {named})" if named else ""

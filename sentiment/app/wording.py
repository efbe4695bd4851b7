"""Verdicts and scores in plain words; no Streamlit, so that every sentence can be tested."""

from __future__ import annotations

from collections.abc import Iterator

from sentiment import figures
from sentiment.metrics import Comparison
from sentiment.records import Explanation, Prediction

_MANY_UNKNOWN = 0.1  # share of unknown words from which they are worth a sentence


def headline(prediction: Prediction) -> str:
    """The verdict in a few words, never surer than the model is."""
    if prediction.label is None:
        return "Nothing to judge"
    if prediction.status == "mostly_unknown":
        return "Mostly words I do not know"
    if prediction.confidence == "unsure":
        return "Unsure"
    return prediction.label.capitalize() if prediction.confidence == "confident" else f"Leaning {prediction.label}"


def chance(prediction: Prediction) -> str:
    """The calibrated probability in a sentence; none of a text of unknown words, on which nothing was calibrated."""
    if prediction.label is None:
        return "There is not a word in it."
    if prediction.status == "mostly_unknown":
        return f"If it had to choose, it would say {prediction.label}; how often it would be right is not known."
    stated = figures.likelihood(max(prediction.probability, 1 - prediction.probability))
    if prediction.confidence == "unsure":
        return f"If it had to choose, it would say {prediction.label}, and be right {stated} of the time."
    return f"Of reviews it judges like this one, {stated} are {prediction.label}."


def caveats(prediction: Prediction) -> Iterator[str]:
    """What the reader should know about how the text was read, a sentence each."""
    if prediction.tokens_read < prediction.tokens_total:
        yield (
            f"Only the first {prediction.tokens_read:,} of {prediction.tokens_total:,} words and signs were read; "
            "the rest had no say."
        )
    if prediction.unknown_rate >= _MANY_UNKNOWN:
        yield f"The model does not know {figures.percent(prediction.unknown_rate, 0)} of the words it read."


def way(explanation: Explanation) -> str:
    """From starting point to score, in plain words."""
    values = explanation.contributions.astype(float)
    up, down = float(values[values > 0].sum()), float(values[values < 0].sum())
    side = "above" if explanation.logit >= 0 else "below"
    return (
        f"It started at {signed(explanation.baseline_logit)}. Words towards positive added {signed(up)}, words towards "
        f"negative {signed(down)}. Total {signed(explanation.logit)}: {side} zero, so {explanation.prediction.label}."
    )


def equation(explanation: Explanation) -> str:
    """The sum behind the score, with what rounding leaves over."""
    total = float(explanation.contributions.sum(dtype=float))
    left = f"{explanation.residual:+.0e}".replace("e-0", "e-").replace("-", "−")
    return (
        f"Starting point {signed(explanation.baseline_logit, 4)} + contributions {signed(total, 4)} = score "
        f"{signed(explanation.logit, 4)}, in logits; rounding leaves over {left}."
    )


def signed(value: float, digits: int = 2) -> str:
    """A number for people: always with a sign, and a real minus."""
    return f"{value:+.{digits}f}".replace("-", "−")


def difference(result: Comparison, first: str, second: str) -> str:
    """Two runs on the same reviews, with a paired test, in two sentences."""
    low, high = (100 * bound for bound in result.interval)
    points = f"{100 * abs(result.difference):.2f} points {'more' if result.difference >= 0 else 'less'}"
    return (
        f"On {result.n:,} common reviews, {second} is right {points} often than {first} (95 % interval of that "
        f"{low:+.2f} to {high:+.2f}). Only {second} has {result.second_only:,} right, only {first} "
        f"{result.first_only:,}; two equally good ones would differ as much with probability {result.p_value:.2g} "
        "(McNemar's exact test)."
    )

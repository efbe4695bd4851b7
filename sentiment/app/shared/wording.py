"""Predictions and scores in plain words; without Streamlit, so that every sentence can be tested."""

from __future__ import annotations

from collections.abc import Iterator

from sentiment import formatting
from sentiment.evaluation.comparison import Comparison
from sentiment.types import Prediction

_MANY_UNKNOWN = 0.1  # share of unknown words at which they are mentioned
_SIGNIFICANT, _VERY_SIGNIFICANT = 0.05, 0.001  # p-values below these


def tokens(n: int) -> str:
    """Formats a number of tokens: "1 token", "1,200 tokens"."""
    return formatting.counted(n, "token")


def caveats(prediction: Prediction) -> Iterator[str]:
    """Yields a sentence for each limitation of how the text was read."""
    if prediction.tokens_read < prediction.tokens_total:
        yield f"Long review: only the first {prediction.tokens_read:,} of {tokens(prediction.tokens_total)} were used."
    if prediction.unknown_rate >= _MANY_UNKNOWN:
        share = formatting.percent(prediction.unknown_rate, 0)
        yield f"{share} of the words are not in the model's vocabulary."


def unlisted_negations(count: int, *, more: bool) -> str:
    """Returns a sentence on negations of weak words, which are not listed; ``more`` if others are."""
    if more:
        subject = formatting.counted(count, "more negation")
        return f"{subject} {'does' if count == 1 else 'do'} not apply to a strong opinion word."
    return "No negation here applies to a strong opinion word."


def run_comparison(result: Comparison, first: str, second: str) -> str:
    """Returns sentences that compare two models on the same reviews and say whether the difference may be chance."""
    if not result.difference:
        return f"{second} is as accurate as {first}."
    points = f"{100 * abs(result.difference):.2f} percentage points {'more' if result.difference > 0 else 'less'}"
    chance = "could well be chance"
    if result.p_value < _SIGNIFICANT:
        chance = f"is {'very ' if result.p_value < _VERY_SIGNIFICANT else ''}unlikely to be chance"
    return f"{second} is {points} accurate than {first}. A difference this large {chance} ({_p_value(result)})."


def run_comparison_details(result: Comparison, first: str, second: str) -> str:
    """Returns the test behind ``run_comparison``, the interval, and the number of reviews."""
    low, high = (formatting.signed(100 * bound) for bound in result.interval)
    return (
        f"McNemar's test on {formatting.counted(result.n, 'review')}; 95% CI: {low} to {high} points. "
        f"Correct only by {second}: {result.second_only:,}; only by {first}: {result.first_only:,}."
    )


def _p_value(result: Comparison) -> str:
    return "p < 0.001" if result.p_value < _VERY_SIGNIFICANT else f"p = {result.p_value:.3f}"

"""Predictions and scores in plain words; without Streamlit, so that every sentence can be tested."""

from __future__ import annotations

from collections.abc import Iterator

from sentiment import formatting
from sentiment.evaluation.comparison import Comparison
from sentiment.types import Prediction

_MANY_UNKNOWN = 0.1  # share of unknown words at which they are mentioned
_SIGNIFICANT = 0.05  # p-values below this


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
    """Returns two sentences that compare two models on the same reviews, with a paired test."""
    low, high = sorted(bound if result.difference >= 0 else -bound for bound in result.interval)
    points = f"{100 * abs(result.difference):.2f} points {'more' if result.difference >= 0 else 'less'} accurate"
    chance = "a significant difference" if result.p_value < _SIGNIFICANT else "which may be chance"
    p_value = "p < 0.001" if result.p_value < 0.001 else f"p = {result.p_value:.3f}"
    return (
        f"{second} is {points} than {first}, {chance} (95% CI {formatting.signed(100 * low)} to "
        f"{formatting.signed(100 * high)}; McNemar {p_value}; n = {result.n:,}). Correct only by {second}: "
        f"{result.second_only:,}; only by {first}: {result.first_only:,}."
    )

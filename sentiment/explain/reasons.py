"""Names the words with the largest contributions in one line."""

from __future__ import annotations

from collections import Counter, defaultdict

from sentiment.explain.grouping import group
from sentiment.types import Explanation

_NAMED = 3  # words named on each side
_MIN_SHARE = 0.2  # minimum contribution, as a share of the strongest word's


def reasons(explanation: Explanation) -> str:
    """Returns the words that contribute most to each label; the contributions of repeated words are summed."""
    if explanation.prediction.label is None:
        return "Enter a review first."
    sums: defaultdict[str, float] = defaultdict(float)
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}  # a word as the text spells it; in lower case if the text spells it in several ways
    for part in group(explanation, "word"):
        shown = explanation.text[part.start : part.end]
        word = shown.lower()
        if any(map(str.isalnum, word)):
            sums[word] += part.value
            counts[word] += 1
            written[word] = shown if written.get(word, shown) == shown else word
    strongest = max(map(abs, sums.values()), default=0.0)
    ranked = sorted(
        (word for word in sums if abs(sums[word]) > _MIN_SHARE * strongest), key=lambda word: -abs(sums[word])
    )
    sides = {
        "positive": [_named(written[word], counts[word]) for word in ranked if sums[word] > 0][:_NAMED],
        "negative": [_named(written[word], counts[word]) for word in ranked if sums[word] < 0][:_NAMED],
    }
    order = sorted(sides, key=lambda side: side != explanation.prediction.label)
    clauses = [f"Most {side} words: {', '.join(sides[side])}." for side in order if sides[side]]
    return " ".join(clauses) or "No single word stands out."


def _named(word: str, count: int) -> str:
    times = {1: "", 2: " (twice)"}.get(count, f" ({count} times)")
    return f"“{word}”{times}"

"""States the top reasons for a prediction in one plain sentence."""

from __future__ import annotations

from collections import Counter, defaultdict

from sentiment.explain.grouping import group
from sentiment.types import Explanation

_NAMED = 3  # words named on each side
_MIN_SHARE = 0.2  # of the strongest word's contribution; a weaker word is not a top reason


def reasons(explanation: Explanation) -> str:
    """Returns a sentence with the words that speak most for and against the label; repeated words are summed."""
    label = explanation.prediction.label
    if label is None:
        return "There is nothing to judge."
    sums: defaultdict[str, float] = defaultdict(float)
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}  # a word as the text spells it; in lower case if the text spells it in several ways
    for part in group(explanation, "word"):
        shown = explanation.text[part.start : part.end]
        word = shown.lower()
        if any(map(str.isalnum, word)):
            sums[word] += part.value if label == "positive" else -part.value
            counts[word] += 1
            written[word] = shown if written.get(word, shown) == shown else word
    strongest = max(map(abs, sums.values()), default=0.0)
    ranked = sorted(
        (word for word in sums if abs(sums[word]) > _MIN_SHARE * strongest), key=lambda word: -abs(sums[word])
    )
    speaking = [_named(written[word], counts[word]) for word in ranked if sums[word] > 0][:_NAMED]
    against = [_named(written[word], counts[word]) for word in ranked if sums[word] < 0][:_NAMED]
    if not speaking and not against:
        return f"No word in particular makes this {label}."
    clauses = [
        _clause(speaking, f"most for {label}"),
        _clause(against, "against it" if speaking else f"against {label}"),
    ]
    return "; ".join(filter(None, clauses)) + "."


def _clause(words: list[str], rest: str) -> str:
    if not words:
        return ""
    listed = " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
    return f"{listed} {'speaks' if len(words) == 1 else 'speak'} {rest}"


def _named(word: str, count: int) -> str:
    times = {1: "", 2: " (twice)"}.get(count, f" ({count} times)")
    return f"“{word}”{times}"

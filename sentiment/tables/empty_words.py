"""Words that stand in a cell for nothing."""

from __future__ import annotations

# One list for reviews and labels, in lower case. "No Negative" and "No Positive" are Booking's, "[deleted]" is Reddit's.
_EMPTY_WORDS = frozenset(
    {
        *(
            "na",
            "n/a",
            "n.a.",
            "#n/a",
            "#n/a n/a",
            "<na>",
            "nan",
            "-nan",
            "nat",
            "null",
            "\\n",
            "nil",
            "none",
            "undefined",
        ),
        *("-", "--", "---", "–", "—", ".", "..", "...", "…", "?", "_", "/", "*"),
        *("[deleted]", "[removed]", "[deleted by user]", "[removed by reddit]", "(deleted)", "(removed)", "<deleted>"),
        *("no negative", "no positive", "no comment", "no comments", "no review", "no text", "(no text)", "[no text]"),
        *("(null)", "(none)", "(blank)", "[null]", "<null>", "<none>", "(empty)", "not available", "not applicable"),
        *("#name?", "#value!", "#ref!", "#div/0!", "#null!", "#num!"),
    }
)
_LONGEST = max(map(len, _EMPTY_WORDS))


def is_empty_word(text: str) -> bool:
    """Returns whether a cell holds nothing but a word for nothing, such as "NA" or "[deleted]"."""
    word = text.strip()
    return len(word) <= _LONGEST and word.lower() in _EMPTY_WORDS

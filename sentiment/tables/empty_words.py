"""Words that stand in a cell for nothing."""

from __future__ import annotations

# In lower case, separated by "|". "No Negative" is Booking's, "[deleted]" is Reddit's, "\n" is MySQL's.
_EMPTY_WORDS = frozenset(
    (
        r"na|n/a|n.a.|#n/a|#n/a n/a|<na>|nan|-nan|nat|null|(null)|[null]|<null>|\n|none|(none)|<none>|nil|undefined"
        "|-|--|---|–|—|.|..|...|…|?|_|/|*|#name?|#value!|#ref!|#div/0!|#null!|#num!"
        "|[deleted]|(deleted)|<deleted>|[removed]|(removed)|<removed>|[deleted by user]|[removed by reddit]|(blank)|(empty)"
        "|no negative|no positive|no comment|no comments|no review|no text|not available|not applicable"
    ).split("|")
)
_LONGEST = max(map(len, _EMPTY_WORDS))


def is_empty_word(text: str) -> bool:
    """Returns whether a cell holds only a word for nothing, such as "NA" or "[deleted]"."""
    word = text.strip()
    return len(word) <= _LONGEST and word.lower() in _EMPTY_WORDS

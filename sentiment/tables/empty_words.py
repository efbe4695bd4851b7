"""Recognises words that mark a cell as empty."""

from __future__ import annotations

import re

_LONGEST = 20  # characters
_EMPTY_WORD = re.compile(
    r"#?n/?a|n\.a\.?|-?nan|nat|null|none|nil|undefined|\\n"
    r"|[-–—]+|[.…]+|_+|[?/]"
    r"|[\[(<](?:na|null|none|deleted(?: by user)?|removed(?: by reddit)?|blank|empty|no text)[\])>]"  # Reddit's
    r"|#(?:name\?|value!|ref!|div/0!|null!|num!)"  # Excel's
    r"|no (?:negatives?|positives?|comments?|review|text)|not (?:available|applicable)",  # Booking's
    re.IGNORECASE,
)


def is_empty_word(text: str) -> bool:
    """Returns whether a cell holds only a word that marks it as empty, such as "NA" or "[deleted]"."""
    word = text.strip()
    return len(word) <= _LONGEST and _EMPTY_WORD.fullmatch(word) is not None

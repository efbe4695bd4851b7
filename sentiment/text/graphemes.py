"""Reduces each grapheme cluster to what is looked up: one composed letter, or the first sign of an emoji sequence.

The clusters are those of Unicode's UAX #29. Characters that are invisible alone (zero-width characters, soft hyphens,
marks of direction) belong to the character before them, although UAX #29 counts some as clusters of their own.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from sentiment.text.drafts import Draft

_KEYCAP = "\U0001f522"  # the sign that a keycap is read as, so that it is not read as its digit
_FLAG = "[\U0001f1e6-\U0001f1ff]"
_PICTURE = "[©®‼⁉™ℹ↔-↪⌚-⏿Ⓜ▪-◾☀-➿⤴⤵⬀-⭕〰〽㊗㊙\U0001f000-\U0001faff]"
_INVISIBLE = "\xad\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufff8"
# Marks in the tables of UAX #29 that Unicode does not call marks: Thai and Lao vowels, halfwidth voicing, skin tones,
# tags and variation selectors.
_EXTENDING, _EXTENDING_2 = "\u0e33\u0eb3\uff9e\uff9f", "\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff"
_FIRST_MARK, _LAST_MARK, _BASIC = 0x300, 0x1FFFF, 0xFFFF  # of the marks outside plane 14
_LAST_SINGLETON = 0x2FA1D  # of the characters that Unicode replaces by another one
# Marks of one letter that are composed together; without a bound, Unicode's sorting of marks takes quadratic time.
_MARKS = 30
_PICTURES = 20  # of one sequence that are read together
# Marks that belong to the character after them.
_PREFIXES = "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2\U000111c3]+"

_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "ĳ": "ij", "Ĳ": "IJ"}
# Fullwidth ASCII, mathematical letters, letters in circles, and letter-like symbols.
_VARIANTS = "[\uff01-\uff5e\U0001d400-\U0001d7ff\u24b6-\u24e9\u2102-\u2138\u017fﬀ-ﬆĲĳ]"
# A character that is part of a larger cluster, or that has a plain variant; the others are all below these.
_COMPOUND = re.compile("[^\x00-\xac\xae-\u0131\u0134-\u017e\u0180-\u02ff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf]")


def compose_letters(draft: Draft) -> None:
    """Composes letters and their marks, as NFC does."""
    if _COMPOUND.search(draft.text):
        draft.substitute(_patterns()["composable"], lambda match: unicodedata.normalize("NFC", match[0]))


def reduce_graphemes(draft: Draft) -> None:
    """Reduces every cluster of a composed draft, and writes its letters as plain ones."""
    if not _COMPOUND.search(draft.text):
        return
    patterns = _patterns()
    draft.substitute(patterns["keycap"], lambda match: _KEYCAP)
    draft.substitute(patterns["sequence"], lambda match: match[0][0])
    draft.substitute(patterns["prefixed"], lambda match: match[0][-1])
    draft.substitute(patterns["attached"], lambda match: "")
    draft.substitute(patterns["variant"], lambda match: _plain(match[0]))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """Returns the patterns of clusters; the first call takes some 50 ms, which ordinary texts do not need."""
    marks = [code for code in range(_FIRST_MARK, _LAST_MARK + 1) if unicodedata.category(chr(code))[0] == "M"]
    codes = range(_FIRST_MARK, _LAST_SINGLETON + 1)
    singletons = "".join(each for each in map(chr, codes) if not unicodedata.is_normalized("NFC", each))
    basic = "".join(chr(code) for code in marks if code <= _BASIC)
    rest = "".join(chr(code) for code in marks if code > _BASIC)
    # Characters beyond the basic plane are in a class of their own, because searching for it is slow.
    attached = f"(?:[{basic}{_INVISIBLE}{_EXTENDING}]|(?=[^\\0-\uffff])[{rest}{_EXTENDING_2}])"
    return {
        "keycap": re.compile("[0-9#*]\ufe0f?\u20e3"),
        "sequence": re.compile(f"{_FLAG}{{2}}|{_PICTURE}(?:{attached}{{1,9}}+(?<=\u200d){_PICTURE}){{1,{_PICTURES}}}+"),
        "prefixed": re.compile(rf"{_PREFIXES}\S"),
        "composable": re.compile(f"[\u1100-\u11ff]+|\\S{attached}{{1,{_MARKS}}}|[{singletons}]"),
        "attached": re.compile(f"{attached}++"),
        "variant": re.compile(_VARIANTS),
    }


def _plain(character: str) -> str:
    """Returns a variant of a letter as the plain letter; a variant of two letters or of no letter stays."""
    plain = _LIGATURES.get(character) or unicodedata.normalize("NFKC", character)
    return plain if character in _LIGATURES or len(plain) == 1 else character

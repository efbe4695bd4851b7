"""Brings a text into the normal form in which it is tokenized and looked up.

The normal form has one apostrophe, characters instead of HTML entities and mojibake, composed letters, one sign for an
emoji sequence, no invisible characters, and ratings out of ten. Ordinary ASCII text stays as it is, at almost no cost.
"""

from __future__ import annotations

import re
from html import unescape

from sentiment.text.drafts import Draft
from sentiment.text.graphemes import compose_letters, reduce_graphemes
from sentiment.text.mojibake import repair_mojibake
from sentiment.text.ratings import write_ratings
from sentiment.text.tags import remove_tags

# Characters beyond ASCII that need no attention: accented letters, signs and dashes of ordinary reviews.
_UNUSUAL = re.compile(r"[^\x00-\x90\x95-\xa9\xab\xac\xae-\xb3\xb5-\xbc\xbe-\xc1\xc6-\xc9\xcc-\xce\xd1-\xd3\xd6-\xe1"
                      r"\xe3-\xec\xee\xf1-\xff–—“”…]")  # fmt: skip
_APOSTROPHES = "’‘‛❛❜ʼʹʻʽʾʿˈˊˋꞌ՚׳´`′‵＇\x91\x92"
_QUOTES = re.compile(f"[{_APOSTROPHES}\x93\x94]")
_CHARACTERS = dict.fromkeys(map(ord, _APOSTROPHES), "'") | {0x93: "“", 0x94: "”"}

_ENTITY = re.compile(
    r"&(?:#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});?|[a-zA-Z][a-zA-Z0-9]{1,31};"
    r"|(?:amp|nbsp|quot)(?![a-z])|[lg]t(?![a-z])|[a-zA-Z](?:acute|grave|circ|uml|tilde|cedil|ring|slash|lig))"
)
# A wrong character from another encoding in place of an apostrophe inside a contraction.
_LOST = re.compile(r"[ÕÆ\ufffd](?<=[^\W\d_].)(?=(?:[stdm]|re|ve|ll)\b)|í(?<=n.)(?=t\b)", re.IGNORECASE)

_ESCAPES = 3  # text can be escaped repeatedly

_HASHTAG = re.compile(r"(?<![\w&])#[^\W\d_]\w*")
_HASHTAG_BREAK = re.compile(r"#|(?<=[a-z])(?=[A-Z])")


def normalize(text: str, *, mapped: bool = False) -> Draft:
    """Returns the normal form of a text; if ``mapped``, its offsets map back to the text."""
    draft = Draft(text, mapped=mapped)
    if "&" in text:
        _decode_entities(draft)
    if not draft.text.isascii() and _UNUSUAL.search(draft.text):
        _correct_characters(draft)
    if "<" in draft.text:
        remove_tags(draft)
    if "`" in draft.text:
        draft.text = draft.text.replace("`", "'")
    if "#" in draft.text:
        _split_hashtags(draft)
    write_ratings(draft)
    return draft


def _correct_characters(draft: Draft) -> None:
    compose_letters(draft)
    if not _UNUSUAL.search(draft.text):  # composing the letters was enough
        return
    repair_mojibake(draft)
    reduce_graphemes(draft)
    if _QUOTES.search(draft.text):
        draft.text = draft.text.translate(_CHARACTERS)
    draft.substitute(_LOST, "'")


def _split_hashtags(draft: Draft) -> None:
    """Writes ``#SoBoring`` as two words."""
    tags = _HASHTAG.finditer(draft.text)
    draft.replace((each for tag in tags for each in _HASHTAG_BREAK.finditer(draft.text, *tag.span())), " ")


def _decode_entities(draft: Draft) -> None:
    for _ in range(_ESCAPES):
        before = draft.text
        draft.substitute(_ENTITY, lambda match: unescape(match[0]))
        if draft.text == before:
            break

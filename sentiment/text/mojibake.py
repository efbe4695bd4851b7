"""Repairs text whose UTF-8 was once decoded with another encoding: ``donâ€™t``, ``don‚Äôt``, ``donΓÇÖt``.

Only what decodes to letters, punctuation or emoji of English texts is repaired, since pairs like ``É»`` also occur in
correct text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from sentiment.text.drafts import Draft

# For each encoding, the first bytes in UTF-8 of accented letters; of punctuation, signs and fullwidth forms; of emoji.
_ENCODINGS = {
    "cp1252": (b"\xc2\xc3\xc4\xc5\xca\xcb", b"\xe2\xef", b"\xf0"),
    "mac_roman": (b"\xc2\xc3", b"\xe2\xef", b"\xf0"),
    "cp437": (b"\xc2\xc3", b"\xe2\xef", b"\xf0"),
    "cp850": (b"\xc2\xc3", b"\xe2", b""),
}
_MODIFIERS = "ʹʼˈ"  # those of U+02B0 to U+02FF that serve as apostrophes
_LIKELY = re.compile(r"[ÂÃÄÅÊËâïð√¬‚Ô├┬Γ∩≡\uf8ff‰][^\x00-\x7f]")  # any garbled sequence begins so
_PASSES = 3  # text can be garbled repeatedly

_TWICE = {"‰Ûª": "'", "‰Û÷": "'", "‰Ûï": "“", "‰Û\x9d": "”", "‰Û_": "…", "‰ÛÒ": "–", "‰ÛÓ": "—"}
_TWICE_PATTERN = re.compile("|".join(_TWICE))  # windows-1252 read as MacRoman, and the result garbled again


def repair_mojibake(draft: Draft) -> None:
    """Replaces garbled sequences in the draft by the original characters."""
    if not _LIKELY.search(draft.text):
        return
    draft.substitute(_TWICE_PATTERN, lambda match: _TWICE[match[0]])
    for _ in range(_PASSES):
        before = draft.text
        for encoding in _ENCODINGS:
            pattern, table = _decoder(encoding)
            draft.substitute(pattern, lambda match, table=table: _decoded(match[0], table))  # type: ignore[misc]
        if draft.text == before:
            break


def _decoded(garbled: str, table: dict[str, int]) -> str:
    """Returns the original character, or the same text if it was not garbled."""
    try:
        text = bytes(table[character] for character in garbled).decode()
    except UnicodeDecodeError:
        return garbled
    other_script = "\u0180" <= text < "\u0300" and text not in _MODIFIERS
    return garbled if other_script or unicodedata.category(text) in {"Cn", "Co"} else text


@cache
def _decoder(encoding: str) -> tuple[re.Pattern[str], dict[str, int]]:
    """Returns the pattern of a garbled character, and the byte of each of its characters."""
    numbers = range(0x80, 0x100)
    table = {chr(byte): byte for byte in numbers} if encoding == "cp1252" else {}  # for Latin-1, and five undefined
    table |= {character: byte for byte in numbers if (character := bytes([byte]).decode(encoding, "ignore"))}
    rest = _one_of(table, range(0x80, 0xC0))
    choices = (_one_of(table, firsts) + rest * size for size, firsts in enumerate(_ENCODINGS[encoding], 1) if firsts)
    return re.compile("|".join(choices)), table


def _one_of(table: dict[str, int], numbers: range | bytes) -> str:
    """Returns the pattern of one character whose byte is among ``numbers``."""
    return f"[{re.escape(''.join(character for character, byte in table.items() if byte in numbers))}]"

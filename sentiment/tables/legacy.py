"""Guesses the encoding of text that is not Unicode, from a sample of its lines.

Western text is windows-1252 or MacRoman, distinguished by the bytes between Latin letters. Text with more
than a few letters beyond ASCII is left to charset-normalizer, restricted to the encodings that are common for it.
"""

from __future__ import annotations

import re

WESTERN = "cp1252"
_HIGH = bytes(range(0x80, 0x100))
_LETTERS = bytes(range(0x41, 0x5B)) + bytes(range(0x61, 0x7B))
_ACCENTED = 0.05  # share of bytes beyond ASCII among the letters, below which a text is Western
_FOREIGN = 0.25  # share of them that are adjacent to each other, above which the script is not Latin
_RUNS = re.compile(rb"[\x80-\xff]{2,}")
_LATIN = ["cp1252", "cp1250", "cp1254"]
_OTHERS = ["cp1251", "koi8_r", "koi8_u", "cp866", "iso8859_5", "cp1253", "cp1256", "gb18030", "big5", "cp949"]
_JAPANESE = ("cp932", "euc_jp")
_KANA = re.compile("[\u3040-\u30ff]")
_KANA_SHARE = 0.2
# Next to lower-case letters these bytes are an apostrophe, quotation marks and accented letters in MacRoman; in
# windows-1252 they are capitals and signs, which are rare there. The last is "â€" of a text that was damaged before.
_MAC_ROMAN = re.compile(
    rb"(?<=[a-z])\xd5(?=[a-z])|(?<=[a-z])[\x87\x89\x8a\x8b\x90\x98\x9d\x9f](?=[a-z])|(?<=[a-z])[\x88\x8d-\x8f]"
    rb"|(?<![A-Za-z])\xd2(?=[A-Za-z])|(?<=[a-z.!?,])\xd3(?![A-Za-z])|\x89\xdb"
)
_WINDOWS = re.compile(rb"(?<=[a-z])(?:\x92(?=[a-z])|[\xe0-\xff])|(?<![A-Za-z])\x93(?=[A-Za-z])")
# Inside words, letters of Central Europe that are signs or rare letters in windows-1252; then all that are rare in it.
_CENTRAL = re.compile(rb"(?<=[a-z])[\x9a\x9d\x9e\x9f\xb1\xb3\xb6\xb9\xbe\xbf](?=[a-z])")
_RARE = re.compile(rb"[\xd0\xdd\xde\xf0\xfd\xfe]")
_NOT_HEBREW = re.compile(rb"[\x80-\x8f\xa2-\xaf\xc0-\xdf\xfb-\xff]")


def guess_encoding(sample: bytes) -> str:
    """Returns the most likely encoding of text that is not Unicode.

    Args:
        sample: lines of the text, each with bytes beyond ASCII.
    """
    if len(_MAC_ROMAN.findall(sample)) > len(_WINDOWS.findall(sample)):
        return "mac_roman"
    high = len(sample) - len(sample.translate(None, _HIGH))
    letters = len(sample) - len(sample.translate(None, _LETTERS))
    if high < _ACCENTED * (high + letters):
        return WESTERN
    if sum(map(len, _RUNS.findall(sample))) < _FOREIGN * (high + letters):
        if _CENTRAL.search(sample):
            return "cp1250" if re.search(rb"[\x80-\x9f]", sample) else "iso8859_2"
        return _detect(sample, _LATIN) if _RARE.search(sample) else WESTERN
    if not _NOT_HEBREW.search(sample):
        return "cp1255"
    return next((name for name in _JAPANESE if _has_kana(sample, name)), None) or _detect(sample, _OTHERS)


def _detect(sample: bytes, among: list[str]) -> str:
    from charset_normalizer import from_bytes  # here, because few files need it

    best = from_bytes(sample, cp_isolation=among).best()
    return WESTERN if best is None or WESTERN in best.could_be_from_charset else best.encoding


def _has_kana(sample: bytes, name: str) -> bool:
    text = sample.decode(name, "ignore")
    return len(_KANA.findall(text)) > _KANA_SHARE * sum(not sign.isascii() for sign in text)

"""Finds ratings such as ``★★★★☆``, ``3 1/2 stars out of 4``, ``8 / 10`` or ``-10/10``, and writes them out of ten.

A plain ``8/10`` or ``4/5`` stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from sentiment.text.drafts import Draft, Match

_SCALES = {4.0, 5.0, 10.0, 100.0}  # the highest ratings of the usual scales
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {word: float(number) for number, word in enumerate(_WORDS)} | {"a hundred": 100.0}
_FULL, _EMPTY = "★⭐🌟✭✮✯", "☆✩✰⚝"

_NUMBER = rf"(?:\d{{1,3}}(?:[.,]\d{{1,2}})?|{'|'.join(_NUMBERS)})"
_STARS = rf"[*{_FULL}](?:\ ?[*{_FULL}])*+"
_POINTS = r"(?:[ -]?(?:stars?|points?)\b)?"
# A share of things is not a rating: "two out of five people".
_THINGS = r"(?:people|persons?|times|cases|critics|women|men|girls|guys|kids|viewers|friends|members|films|movies|of)"
_RATING = re.compile(
    rf"""
    (?:(?P<minus>(?<!\S)[-−–]|\b(?:minus|negative)\s)|(?<![\w./,]))
    (?P<rating>{_STARS}|{_NUMBER})(?P<half>\ and\ a\ half|(?:[ -]|\ and\ )?(?:1/2|½))?{_POINTS}
    (?P<over>\ ?/\ ?|\ \(?out\ of\ (?:a\ possible\ )?)
    (?P<best>{_STARS}|{_NUMBER}){_POINTS}
    (?![\w/]|[.,]\d|\ {_THINGS}\b)
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Anchors inside a rating, the fastest to find first. A plain 8/10 after white space stays as it is.
_SIGNED = re.compile(r"/ ?[145*★⭐]")
_SLASH = re.compile(rf"{_SIGNED.pattern}(?<!\s\d/.)(?<!\s\d\d/.)(?<!\s\d[.,]\d/.)")
_BEST = rf"(?:a possible )?(?:[\d*★⭐]|{'|'.join(_NUMBERS)})"
_OUT_OF, _OUT_OF_CAPITALS = re.compile(f"out of (?i:{_BEST})"), re.compile(f"OUT OF (?i:{_BEST})")
_MOST = 1_000  # anchors tried in a text, which bounds the time for a hostile one
_BEFORE, _AFTER = 40, 40  # characters around the anchor in which a rating is sought
_ROW = re.compile(rf"(?:(?<![\w.,/])(\d(?:[.,]\d)?) ?)?([{_FULL}](?: ?[{_FULL}])*+)((?: ?½)?)((?: ?[{_EMPTY}])*+)")
_LEAST = 3  # full stars in a row without empty ones; fewer are a bullet or an ornament
_SHARE = re.compile(r"% (?i:fresh|positive|on rotten|on rt)\b")
_PERCENT = re.compile(r"(?<![\w.,])(\d{1,3}) ?%(?= (?:fresh|positive|on rotten|on rt)\b)", re.IGNORECASE)
_IS_MINUS = re.compile(
    r"(?:\A[ \t]*|\b(?:rat|giv|gav|scor|deserv|earn|get|got)\w*:?(?:\s[\w']+){0,4}\s|\b(?:an?|is|was|of|at)\s)\Z",
    re.IGNORECASE,
)

_RATIO = re.compile(r"(\d{1,3}(?:[.,]\d{1,2})?)/(\d{1,3})")


def write_ratings(draft: Draft) -> None:
    """Writes the ratings of the draft out of ten, between spaces."""
    text = draft.text
    if "/" in text:
        _write(draft, _SIGNED if "minus" in text or "negative" in text else _SLASH)
    if "out of" in text:
        _write(draft, _OUT_OF)
    if "U" in text and "OUT OF" in text:
        _write(draft, _OUT_OF_CAPITALS)
    if "%" in draft.text and _SHARE.search(draft.text):
        draft.substitute(_PERCENT, lambda match: _ten(float(match[1]), 100) or match[0])
    if not draft.text.isascii() and any(star in draft.text for star in _FULL):
        draft.substitute(_ROW, _row)


def nearest_rating(token: str) -> str | None:
    """Returns a rating, such as ``90/100`` or ``2.5/10``, rounded to a whole number out of ten; None for others."""
    match = _RATIO.fullmatch(token)
    if not match:
        return None
    rating, best = _value(match[1]), _value(match[2])
    if best == 10:
        rating = min(rating, best)  # 11/10 is meant as praise
    return f"{int(10 * rating / best + 0.5)}/10" if best in _SCALES and rating <= best else None


def _write(draft: Draft, anchor: re.Pattern[str]) -> None:
    """Writes the ratings that contain an anchor."""
    if anchor.search(draft.text):
        draft.replace(_near(anchor, draft.text), _out_of_ten)


def _near(anchor: re.Pattern[str], text: str) -> Iterator[Match]:
    """Yields the ratings that contain an anchor."""
    done = 0
    for found in islice(anchor.finditer(text), _MOST):
        start = max(found.start() - _BEFORE, done)
        match = _RATING.search(text, start, found.end() + _AFTER)
        while match and match.end() <= found.start():  # another rating, before the anchor
            match = _RATING.search(text, match.end(), found.end() + _AFTER)
        if match and match.start() < found.start():
            done = match.end()
            yield match


def _out_of_ten(match: Match) -> str:
    """Returns a rating out of ten. A rating with a dash before it, which may be a minus, is left out."""
    rating, best = _value(match["rating"]), _value(match["best"])
    if match["half"]:
        rating += 0.5
    if best not in _SCALES or rating > best:
        return match[0]
    if minus := match["minus"]:
        before = match.string[max(match.start() - _BEFORE, 0) : match.start()]
        return " 0/10 " if len(minus) > 1 or minus == "−" or _IS_MINUS.search(before) else " "
    plain = match["over"] == "/" and not match["half"] and match["rating"][0] not in f"*{_FULL}"
    return match[0] if plain else _ten(rating, best)


def _row(match: Match) -> str:
    """Returns the rating of a row of stars."""
    number, full, half, empty = match.groups()
    stars, missing = (len(row) - row.count(" ") for row in (full, empty))
    if number:
        return _ten(_value(number), 5) if stars == 1 and _value(number) <= 5 else match[0]
    rating = stars + (0.5 if half else 0)
    usual = 5 if rating <= 5 else 10
    best = stars + missing + (1 if half else 0) if missing else usual
    readable = (missing and float(best) in _SCALES) or _LEAST <= rating <= best
    return _ten(rating, best) if readable else match[0]


def _value(written: str) -> float:
    """Returns the number that digits, a word or stars represent."""
    if written[0] in f"*{_FULL}":
        return float(len(written) - written.count(" "))
    word = written.lower()
    return _NUMBERS[word] if word in _NUMBERS else float(word.replace(",", "."))


def _ten(rating: float, best: float) -> str:
    return f" {round(10 * rating / best, 2):g}/10 "

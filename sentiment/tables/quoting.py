r"""Finds quotation marks that are escaped with a backslash, as in files from R, Spark, MySQL and Kaggle.

RFC 4180 doubles a quotation mark inside a quoted cell; these programs write ``\"``. Some of them also write ``\\`` for
a backslash, others leave it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, TextIO

Escapes = Literal["", "quotes", "quotes and backslashes"]

ESCAPED_QUOTE = "\ud800"  # represents \" while a line is parsed; no decoder returns a lone surrogate
_BLOCK = 1 << 20
_ENOUGH = 2000  # quotation marks that settle the question
_QUOTES = re.compile(r'(\\*)("+)')
_LONE_BACKSLASH = re.compile(r'(?<!\\)(?:\\\\)*\\(?![\\"N0\r\n])')  # \N, \0 and an escaped line end are MySQL's
_BOTH = re.compile(r'\\(["\\])')
_QUOTE = re.compile(r'(?<!\\)((?:\\\\)*)\\"')


def find_escapes(file: TextIO, delimiters: str) -> Escapes:
    """Returns which characters are escaped with a backslash in delimited text.

    Quotation marks are, if marks inside quoted cells follow a backslash and hardly any is doubled.

    Args:
        file: the text.
        delimiters: the characters that may be its delimiter.
    """
    escaped = doubled = pairs = 0
    lone = False
    edges = {*delimiters, "\r", "\n", ""}
    for block in _blocks_with_escapes(file):
        more_escaped, more_doubled = _count_quotes(block, edges)
        escaped, doubled = escaped + more_escaped, doubled + more_doubled
        lone = lone or _LONE_BACKSLASH.search(block) is not None
        pairs += "\\\\" in block
        if escaped + doubled > _ENOUGH:
            break
    if escaped <= 2 * doubled:
        return ""
    return "quotes and backslashes" if pairs and not lone else "quotes"


def hide_escapes(line: str, escapes: Escapes) -> str:
    """Replaces the escaped quotation marks of a line, so that a parser takes them for ordinary characters."""
    if "\\" not in line:
        return line
    if escapes == "quotes":
        return _QUOTE.sub(rf"\1{ESCAPED_QUOTE}", line)
    return _BOTH.sub(lambda found: ESCAPED_QUOTE if found[1] == '"' else "\\", line)


def show_escapes(cells: list[str]) -> list[str]:
    """Returns parsed cells with the quotation marks that ``hide_escapes`` replaced."""
    return [cell.replace(ESCAPED_QUOTE, '"') for cell in cells]


def _blocks_with_escapes(file: TextIO) -> Iterator[str]:
    while block := file.read(_BLOCK):
        block += file.readline(_BLOCK)  # to the end of a line
        if '\\"' in block:
            yield block


def _count_quotes(block: str, edges: set[str]) -> tuple[int, int]:
    """Counts the quotation marks inside quoted cells that are escaped, and those that are doubled or out of place."""
    escaped = doubled = 0
    inside = False
    for found in _QUOTES.finditer(block):
        before = block[found.start() - 1 : found.start()] if found.start() else ""
        slashes, quotes = len(found[1]), len(found[2])
        if not inside:
            if slashes or before not in edges:
                continue
            inside, quotes = True, quotes - 1
        elif slashes % 2:
            escaped, quotes = escaped + 1, quotes - 1
        doubled += quotes > 1
        if quotes % 2:
            inside = False
            doubled += block[found.end() : found.end() + 1] not in edges
        if escaped + doubled > _ENOUGH:
            break
    return escaped, doubled

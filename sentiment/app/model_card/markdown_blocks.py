"""Splits the Markdown of a model card into text, tables and code, so that each is drawn in a way that fits a phone.

The text comes from a run's folder and may be anybody's, so no image in it is kept: a browser would fetch it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

import pandas as pd

_RULE = re.compile(r"^\|(?:\s*:?-+:?\s*\|)+\s*$")  # the line under a table's header
_BAR = re.compile(r"(?<!\\)\|")
_FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})")


class Block(NamedTuple):
    """A part of a document: Markdown text, the Markdown of a table, or the content of a code block."""

    kind: Literal["text", "table", "code"]
    content: str


def split(document: str) -> Iterator[Block]:
    """The blocks of a document in order; images are turned into text, except in code, which shows them anyway."""
    lines = document.splitlines()
    text: list[str] = []
    place = 0
    while place < len(lines):
        end, block = _block_at(lines, place)
        if block is None:
            text.append(lines[place])
            place += 1
            continue
        if any(text):
            yield Block("text", without_images("\n".join(text)))
        text = []
        yield block
        place = end
    if any(text):
        yield Block("text", without_images("\n".join(text)))


def without_images(markdown: str) -> str:
    """The same Markdown with each image shown as the text that was written for it."""
    return markdown.replace("![", "!\\[")


def table(markdown: str) -> pd.DataFrame:
    """The cells of a table; short rows are filled up and long ones are cut, as in GitHub's Markdown."""
    header, _, *rows = (_cells(line) for line in markdown.splitlines())
    width = len(header)
    return pd.DataFrame([[*row, *[""] * width][:width] for row in rows], columns=_unique_names(header), dtype="str")


def visible_name(name: str) -> str:
    """A column's name without what ``table`` added to it; "" for one that has none."""
    return name.rstrip("\N{ZERO WIDTH SPACE}")


def _block_at(lines: list[str], start: int) -> tuple[int, Block | None]:
    """The table or code block that begins at a line, and the line after it."""
    if fence := _FENCE.match(lines[start]):
        ends = (i for i in range(start + 1, len(lines)) if lines[i].strip().startswith(fence[1]))
        end = next(ends, len(lines))
        return end + 1, Block("code", "\n".join(lines[start + 1 : end]))
    if lines[start].startswith("|") and start + 1 < len(lines) and _RULE.match(lines[start + 1]):
        end = next((i for i in range(start, len(lines)) if not lines[i].startswith("|")), len(lines))
        return end, Block("table", without_images("\n".join(lines[start:end])))
    return start, None


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _BAR.split(line.strip())[1:-1]]


def _unique_names(header: list[str]) -> list[str]:
    """Names for columns, no two of them alike, for a frame to hold; what is added to a name cannot be seen."""
    return [name + "\N{ZERO WIDTH SPACE}" * header[:place].count(name) for place, name in enumerate(header)]

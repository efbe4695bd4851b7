"""Splits a model card's Markdown into text, tables and code, so that each can be drawn to fit a phone.

The card may come from anyone, so images are removed: a browser would fetch them.
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
    """Yields the blocks of a document in order. Images become text, except inside code."""
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
    """Returns the Markdown with each image replaced by its alternative text."""
    return markdown.replace("![", "!\\[")


def table(markdown: str) -> pd.DataFrame:
    """Parses a table. Short rows are filled and long ones cut, as in GitHub's Markdown."""
    header, _, *rows = (_cells(line) for line in markdown.splitlines())
    width = len(header)
    return pd.DataFrame([[*row, *[""] * width][:width] for row in rows], columns=_unique_names(header), dtype="str")


def visible_name(name: str) -> str:
    """Returns a column's name without the characters that ``table`` added; "" for an unnamed column."""
    return name.rstrip("\N{ZERO WIDTH SPACE}")


def _block_at(lines: list[str], start: int) -> tuple[int, Block | None]:
    """Returns the line after the table or code block that starts at a line, and the block; None if none does."""
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
    """Makes column names unique with invisible characters, since a frame needs distinct names."""
    return [name + "\N{ZERO WIDTH SPACE}" * header[:place].count(name) for place, name in enumerate(header)]

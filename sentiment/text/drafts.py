"""Edits a text while its offsets can still be mapped back to the original."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable
from io import StringIO

Match = re.Match[str]


class Draft:
    """A text under edit. It stores only the edits, so a text without any costs nothing.

    Args:
        text: the original.
        mapped: whether ``original`` will be called.
    """

    def __init__(self, text: str, *, mapped: bool = False) -> None:
        self.text = text
        self.mapped = mapped
        self._layers: list[tuple[array[int], array[int]]] = []  # offsets after and before each round of edits

    def substitute(self, pattern: re.Pattern[str], replace: Callable[[Match], str] | str) -> None:
        """Replaces every match of a pattern."""
        if self.mapped or not isinstance(replace, str):
            self.replace(pattern.finditer(self.text), replace)
        else:
            self.text = pattern.sub(replace, self.text)

    def replace(self, matches: Iterable[Match], replace: Callable[[Match], str] | str) -> None:
        """Replaces matches in the text, which are in order and do not overlap."""
        text, written = self.text, StringIO()
        after, before = array("i"), array("i")
        done = length = 0
        for match in matches:
            new = replace if isinstance(replace, str) else replace(match)
            if new == match[0]:
                continue
            start, end = match.span()
            length += written.write(text[done:start])
            written.write(new)
            if self.mapped:
                # Characters map to the start of what they replace, but white space at their end, where a token ends, to
                # its end.
                inside = max(len(new.rstrip()), 1) if new else 0
                after.extend(range(length, length + len(new) + 1))
                before.extend([start] * inside + [end] * (len(new) + 1 - inside))
            length += len(new)
            done = end
        if not length and not done:
            return
        written.write(text[done:])
        self.text = written.getvalue()
        if self.mapped:
            self._layers.append((after, before))

    def original(self, offset: int) -> int:
        """Returns where a character of the text, or its end, begins in the original."""
        for after, before in reversed(self._layers):
            piece = bisect_right(after, offset) - 1
            if piece >= 0:
                offset += before[piece] - after[piece]
        return offset

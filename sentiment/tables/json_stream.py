"""Reads JSON that is not one object per line: an array, or an object that contains a list, element by element.

Only one element is in memory at a time. After an element that is not JSON, reading continues at the next object.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from sentiment.file_limits import MAX_RECORD

_BLOCK = 1 << 16  # small, because an error counts the lines before it
_SPACE = re.compile(r"[\s,]*")
_NEXT_OBJECT = re.compile(r"\}\s*,?\s*(?=\{)")
_LITERAL = 12  # characters of an incomplete number, escape or literal at the end of a block
_OVERLAP = 1000  # characters between two objects that are searched again
_DEPTH = 40  # of objects around a list
_MOST_LISTS = 1000


@dataclass(frozen=True, slots=True)
class Element:
    """An element of an array or list.

    Attributes:
        line: the number of its first line, from 1.
        text: its JSON, on one line.
        value: its value; None if it has a problem.
        problem: why it cannot be read, "" if it can.
    """

    line: int
    text: str
    value: Any = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a file that begins with an object.

    Attributes:
        lists: the characters of the objects in each list, by its path.
        objects: the number of top-level objects, counted up to 2.
        only_objects: whether all values of the first object are objects.
    """

    lists: dict[str, int]
    objects: int
    only_objects: bool


class BrokenError(Exception):
    """The text is not JSON."""

    def __init__(self, problem: str, place: int) -> None:
        super().__init__(problem)
        self.place = place


def read_elements(file: TextIO, decoder: json.JSONDecoder, path: str = "") -> Iterator[Element]:
    """Yields the elements of the list at a path; without a path, those of the top-level array, or the top objects."""
    stream = _Stream(file, decoder)
    if path:
        for _, found in _lists(stream, wanted=path):
            yield found
        return
    if stream.peek() == "[":
        stream.place += 1
    yield from _elements(stream)


def survey_object(file: TextIO, decoder: json.JSONDecoder) -> Contents:
    """Returns the contents of a file that begins with an object.

    Raises:
        BrokenError: it is not JSON, or nested too deeply.
    """
    stream = _Stream(file, decoder)
    kinds: set[str] = set()
    sizes: Counter[str] = Counter()
    for path, found in _lists(stream, kinds=kinds):
        if (path in sizes or len(sizes) < _MOST_LISTS) and isinstance(found.value, dict):
            sizes[path] += len(found.text)
    return Contents(dict(sizes), 2 if stream.peek() else 1, kinds == {"{"})


def _elements(stream: _Stream) -> Iterator[Element]:
    """Yields the values up to the end of an array, or of the file."""
    while (sign := stream.peek()) and sign != "]":
        yield stream.element()
    stream.place += 1


def _lists(
    stream: _Stream, path: str = "", *, wanted: str | None = None, kinds: set[str] | None = None, depth: int = 0
) -> Iterator[tuple[str, Element]]:
    """Yields the elements of the lists in an object and in the objects inside it, each with the path of its list."""
    if depth > _DEPTH:
        raise BrokenError("nested too deeply", stream.place)
    stream.peek()
    stream.place += 1
    while (sign := stream.peek()) and sign != "}":
        key = stream.value()
        if not isinstance(key, str) or stream.peek() != ":":
            raise BrokenError("a name and a value are expected", stream.place)
        stream.place += 1
        inner, sign = f"{path}.{key}" if path else key, stream.peek()
        if kinds is not None:
            kinds.add(sign)
        if sign == "{":
            yield from _lists(stream, inner, wanted=wanted, depth=depth + 1)
        elif sign == "[":
            stream.place += 1
            found = _elements(stream)
            yield from ((inner, element) for element in found if wanted in (None, inner))
        else:
            stream.value()
    stream.place += 1


class _Stream:
    """A window of the text, from the first character that has not been read."""

    def __init__(self, file: TextIO, decoder: json.JSONDecoder) -> None:
        self._file, self._decoder = file, decoder
        self._text, self._ended = "", False
        self._line, self._counted = 1, 0
        self.place = 0

    def peek(self) -> str:
        """Skips white space and commas; returns the next character, "" at the end."""
        while True:
            self.place = max(self.place, _SPACE.match(self._text, self.place).end())  # type: ignore[union-attr]
            if self.place < len(self._text) or self._ended:
                return self._text[self.place : self.place + 1]
            self._fill()

    def element(self) -> Element:
        """Returns the next value, or the text up to the next object if it is not JSON."""
        line = self._line_here()
        try:
            value = self.value()
        except BrokenError as error:
            return Element(line, self._skip(error.place), problem=str(error))
        return Element(line, re.sub(r"[\r\n]+\s*", " ", self._last), value)

    def value(self) -> Any:
        """Returns the next value.

        Raises:
            BrokenError: it is not JSON, or too long.
        """
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self.place)
                if end < len(self._text) or self._ended:
                    self._last, self.place = self._text[self.place : end], end
                    return value
            except json.JSONDecodeError as error:
                incomplete = error.msg.startswith("Unterminated") or error.pos >= len(self._text) - _LITERAL
                if self._ended or not incomplete:
                    raise BrokenError(f"not JSON: {error.msg}", error.pos) from error
            except RecursionError as error:
                raise BrokenError("nested too deeply", self.place) from error
            except ValueError as error:
                raise BrokenError("a number with too many digits", self.place) from error
            if len(self._text) - self.place > MAX_RECORD:
                raise BrokenError(f"longer than {MAX_RECORD:,} characters", len(self._text))
            self._fill()

    def _skip(self, place: int) -> str:
        """Moves to the next object after a place, or to the end; returns the text before it."""
        offset = max(place - self.place, 1)
        while not (found := _NEXT_OBJECT.search(self._text, self.place + offset - 1)):
            offset = max(offset, len(self._text) - self.place - _OVERLAP)
            if self._ended or len(self._text) - self.place > 2 * MAX_RECORD:
                break
            self._fill()
        end = found.end() if found else len(self._text)
        text = self._text[self.place : end].strip(" \t\r\n,")
        self.place = end
        if not found:
            self._ended, self._text = True, self._text[:end]
        return text[:MAX_RECORD]

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self.place)
        self._counted = self.place
        return self._line

    def _fill(self) -> None:
        self._line_here()
        rest = self._text[self.place :]
        block = self._file.read(max(_BLOCK, len(rest)))
        self._text, self._ended = rest + block, not block
        self.place = self._counted = 0

"""Broken quotes in CSV: an error costs its own line only, and reading takes linear time whatever is broken."""

from __future__ import annotations

import csv
import io
from collections import deque
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sentiment.tables import lines
from sentiment.tables.lines import Record, read_lines, read_records
from sentiment.tables.open import open_source

PATTERNS = [
    'x","\n',
    '"x\n',
    '"\n',
    'x,"\n',
    '","\n',
    '"a"b\n',
    '"a\n"b\n',
    '""","\n',
    '"a,\nb",c\nx"y","\n',
    'x","\r\n',
    '"\r',
]


class CountingCsv:
    """The module ``csv`` with a count of the characters that its readers are given."""

    Error = csv.Error
    field_size_limit = staticmethod(csv.field_size_limit)

    def __init__(self) -> None:
        self.characters = 0

    def reader(self, texts, **options):
        return csv.reader(self._counted(texts), **options)

    def _counted(self, texts):
        for text in texts:
            self.characters += len(text)
            yield text


def characters_parsed(text: str, monkeypatch, delimiter: str = ",", escapes: str = "") -> int:
    """How many characters are parsed to read the records of a text."""
    counted = CountingCsv()
    monkeypatch.setattr(lines, "csv", counted)
    list(read_records(io.StringIO(text, newline=""), delimiter, 2, escapes))
    return counted.characters


def read_with_restarts(text: str, width: int) -> list[Record]:
    """The specification of recovery, in quadratic time: after an error, all lines but the first are read again."""
    waiting, found = deque(read_lines(io.StringIO(text, newline=""))), []
    while waiting:
        taken = []

        def texts(taken=taken):
            for line in waiting:
                taken.append(line)
                yield line.text

        try:
            cells = next(csv.reader(texts(), strict=True))
        except csv.Error as error:
            found.append(lines._LenientParser(",", width, "")(taken[0], lines._describe(str(error))))
            waiting.popleft()
            continue
        if cells:
            found.append(Record(taken[0].number, cells))
        for _ in taken:
            waiting.popleft()
    return found


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_of_broken_quotes_is_parsed_more_than_three_times(pattern, monkeypatch):
    text = "review,id\n" + pattern * (20_000 // len(pattern))
    assert 0 < characters_parsed(text, monkeypatch) <= 3 * len(text)


@pytest.mark.parametrize("pattern", [*PATTERNS, 'b",",c\n', 'x,"c\n', 'b",x\n', 'x,\\"\n', '"\\"\n', 'b"\n,"c\n'])
def test_the_limit_also_holds_for_tabs_and_escaped_quotes(pattern, monkeypatch):
    text = 'x\t"c\n' + pattern.replace(",", "\t") * (20_000 // len(pattern)) + 'b"\tz\n'
    for escapes in ("", "quotes", "quotes and backslashes"):
        assert 0 < characters_parsed(text, monkeypatch, "\t", escapes) <= 3 * len(text)


AWKWARD = st.lists(st.sampled_from(['"', ",", "x", "\n", "\r\n", '""', '","', '"x', 'x"', "\r"]), max_size=60).map(
    "".join
)


@given(AWKWARD)
def test_no_text_is_parsed_more_than_three_times(text):
    with pytest.MonkeyPatch.context() as patch:
        assert characters_parsed(text * 20, patch) <= 3 * len(text * 20)
        tabbed = text.replace(",", "\t") * 20
        assert characters_parsed(tabbed, patch, "\t") <= 3 * len(tabbed)


@given(AWKWARD, st.integers(1, 3))
@example('"a\n"b\nc\n', 1)
@example('x","\n"a\nb",c\n"', 2)
@settings(max_examples=500)
def test_recovery_gives_the_records_that_reading_every_line_again_gives(text, width):
    records = [
        replace(record, quoted=frozenset()) for record in read_records(io.StringIO(text, newline=""), ",", width)
    ]
    assert records == read_with_restarts(text, width)


def test_a_row_of_too_many_lines_counts_as_a_quote_that_is_never_closed(monkeypatch):
    monkeypatch.setattr(lines, "MAX_RECORD_LINES", 3)
    read = list(read_records(io.StringIO('"a\nb\nc",1\n"a\nb\nc\nd",2\n'), ",", 2))
    assert [record.cells for record in read] == [["a\nb\nc", "1"], ['"a'], ["b"], ["c"], ['d"', "2"]]
    assert "never closed" in read[1].problem


def test_a_row_of_too_many_characters_counts_as_a_quote_that_is_never_closed(monkeypatch):
    monkeypatch.setattr(lines, "MAX_RECORD", 9)
    read = list(read_records(io.StringIO('"aa\nbb",\n"aa\nbbbb\ncc",1\n'), ",", 2))
    assert [record.cells for record in read] == [["aa\nbb", ""], ['"aa'], ["bbbb"], ['cc"', "1"]]


@pytest.mark.parametrize("content", ["," * 200_000, "good film " * 20_000 + "\nbad\n", '"' + "x" * 200_000])
def test_a_line_of_any_length_is_read_with_the_default_limit_of_csv(content, tmp_path):
    before = csv.field_size_limit(131_072)  # as Python sets it
    try:
        path = tmp_path / "reviews.txt"
        path.write_text(content)
        assert open_source(path).sample()
    finally:
        csv.field_size_limit(before)

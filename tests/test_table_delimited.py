"""Delimited text and plain lines: quotation marks, escapes and delimiters as programs and people write them."""

from __future__ import annotations

import csv
import io
from functools import partial

import pytest

from sentiment.tables.errors import FileError
from sentiment.tables.headers import ONE_COLUMN
from sentiment.tables.options import parse_delimiter
from tests.table_files import read_table

QUOTED = [["1", 'We "liked" it, a\\b'], ["2", '"Dull"\nand "long"'], ["3", "It was fine\\"]]


@pytest.fixture
def read(tmp_path):
    return partial(read_table, tmp_path)


def quoted_csv(*, delimiter: str, escape: bool, quoting: int) -> str:
    """A table with quotation marks, backslashes and line ends, as the csv module writes it."""
    text = io.StringIO(newline="")
    style = {"doublequote": False, "escapechar": "\\"} if escape else {}
    csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=quoting, **style).writerows(
        [["id", "review"], *QUOTED]
    )
    return text.getvalue()


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize("escape", [False, True], ids=["doubled", "escaped"])
@pytest.mark.parametrize(("suffix", "delimiter"), [("csv", ","), ("csv", ";"), ("tsv", "\t"), ("csv", "|")])
def test_quotation_marks_are_read_whether_doubled_or_escaped(read, suffix, delimiter, escape, quoting):
    found = read(f"in.{suffix}", quoted_csv(delimiter=delimiter, escape=escape, quoting=quoting))
    assert found.rows == QUOTED
    assert ("escapes" in found.notes) is escape


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        (r'"1","C:\dir \"x\" and 5\""', ["1", r'C:\dir "x" and 5"']),  # R leaves other backslashes alone
        (r'1,"a screen of 5\""', ["1", 'a screen of 5"']),
        (r'1,"\"All\" of it"', ["1", '"All" of it']),
        (r'1,"C:\","', ["1", 'C:",']),
        (r'1,"C:\"' + "\n" + r'2,"D:\"', ["1", "C:\\"]),  # a path at the end of a cell, not an escape
        (r'1,"he said \""no\"""', ["1", r"he said \"no\""]),
        (r"1,5\" wide", ["1", r"5\" wide"]),
    ],
)
def test_a_backslash_escapes_only_a_quotation_mark_in_a_quoted_cell(read, line, cells):
    found = read("in.csv", f"id,review\n{line}\n9,fine\n")
    assert (found.rows[0], found.problems[0]) == (cells, "")
    assert found.rows[-1] == ["9", "fine"]


def test_escapes_are_found_far_down_a_file(read):
    rows = "".join(f'{i},"plain, {i}"\n' for i in range(60_000)) + '60000,"the \\"last\\" one"\n'  # 1.3 MB
    found = read("in.csv", "id,review\n" + rows)
    assert found.rows[-1] == ["60000", 'the "last" one']
    assert not any(found.problems)


def test_escapes_are_found_although_one_row_doubles_its_marks(read):
    rows = "".join(f'{i},"the ""odd"" one"\n' if i == 5 else f'{i},"the \\"{i}\\" one"\n' for i in range(30))
    found = read("in.csv", "id,review\n" + rows)
    assert found.rows[29] == ["29", 'the "29" one']


@pytest.mark.parametrize(
    ("lines", "cells"),
    [
        (['"A classic" he said\tpos', "Dull\tneg"], [['"A classic" he said', "pos"], ["Dull", "neg"]]),
        (
            ['"A joy\tpos', "Dull\tneg", 'It is "fine"\tpos'],
            [['"A joy', "pos"], ["Dull", "neg"], ['It is "fine"', "pos"]],
        ),
        (['pos\t"A joy', "neg\tDull", 'pos\tfine"'], [["pos", '"A joy'], ["neg", "Dull"], ["pos", 'fine"']]),
        (
            ['pos\t"A joy', "neg\tDull\tlong", 'pos\tfine"'],
            [["pos", '"A joy'], ["neg", "Dull", "long"], ["pos", 'fine"']],
        ),
        (['pos\t"line one\nline two"', "neg\tx"], [["pos", "line one\nline two"], ["neg", "x"]]),
        (['"pos"\t"a ""joy"""', '"neg"\tx'], [["pos", 'a "joy"'], ["neg", "x"]]),
    ],
)
def test_a_text_between_tabs_may_begin_with_a_quotation_mark(read, lines, cells):
    found = read("in.tsv", "\n".join(lines) + "\n", header=False)
    assert found.rows == cells
    assert not any(found.problems)


@pytest.mark.parametrize(
    ("content", "delimiter", "columns", "first"),
    [
        ("We liked it.\t1\n\nDull, long\t0\n", "\t", ["column_1", "column_2"], ["We liked it.", "1"]),
        ("id\ttext\n1\tgood\n2\tbad\n", "\t", ["id", "text"], ["1", "good"]),
        ('id\ttext\n1\t"good,\nvery"\n2\tbad\n', "\t", ["id", "text"], ["1", "good,\nvery"]),
        ("good film;1\nbad film;0\n", ";", ["column_1", "column_2"], ["good film", "1"]),
        ("neutral|a bank\npositive|a joy\n", "|", ["column_1", "column_2"], ["neutral", "a bank"]),
        (
            "name#date#text\nAnn#2024-01-02#We liked it\n",
            "#",
            ["name", "date", "text"],
            ["Ann", "2024-01-02", "We liked it"],
        ),
        ("id,review\n1,good\n2,bad\n", ",", ["id", "review"], ["1", "good"]),
        ('"id" "text"\n"1" "good, very"\n"2" "bad"\n', " ", ["id", "text"], ["1", "good, very"]),
        ("4.5^We liked it\n1.0^Dull\n", "^", ["column_1", "column_2"], ["4.5", "We liked it"]),
    ],
)
def test_a_txt_that_is_a_table_is_read_as_one_unless_lines_are_wanted(read, content, delimiter, columns, first):
    found = read("in.txt", content)
    assert (found.columns, found.rows[0], found.detected["delimiter"]) == (columns, first, delimiter)
    assert "“none” reads every line as a review" in found.notes
    assert read("in.txt", content.encode("utf-16")).rows == found.rows
    lines = read("in.txt", content, delimiter=ONE_COLUMN)
    assert (lines.columns, lines.notes) == (["text"], "")
    assert [row[0] for row in lines.rows] == content.split("\n")[:-1]


@pytest.mark.parametrize(
    "content",
    [
        '"Good" "film"\nshe said\n',
        "Great film, good cast\nDull, long\nFine, I think\n",
        "Great; long\nDull; short\n",
        "one\ttab\nand none\n",
        "one line\twith a tab\n",
        "8/10\n9/10\n",
        "\n\n",
        "Write to a@b.example\nor c@d.example\n",
    ],
)
def test_prose_in_a_txt_is_read_line_by_line(read, content):
    assert read("in.txt", content).columns == ["text"]


def test_the_labels_of_fasttext_are_a_column(read):
    found = read("in.txt", "__label__pos __label__x I liked it\n\n__label__2\tBad: very\n")
    assert found.columns == ["label", "text"]
    assert found.rows == [["pos x", "I liked it"], [None, ""], ["2", "Bad: very"]]


@pytest.mark.parametrize("sign", ["@", "#", "^", "~", ":", " ", "\t", "x"])
def test_any_character_may_be_the_delimiter(read, sign):
    assert read("in.csv", f"id{sign}text\n1{sign}good\n", delimiter=sign).rows == [["1", "good"]]
    assert read("in.txt", f"id{sign}text\n1{sign}good\n", delimiter=sign).rows == [["1", "good"]]


@pytest.mark.parametrize(
    ("typed", "sign"), [("Tab", "\t"), (r"\t", "\t"), ("@", "@"), ("pipe", "|"), (" ", " "), ("none", ONE_COLUMN)]
)
def test_a_delimiter_may_be_typed_or_named(typed, sign):
    assert parse_delimiter(typed) == sign


@pytest.mark.parametrize("typed", ["", "ab", '"', "\n", "\\", "commas"])
def test_an_invalid_delimiter_is_refused(typed):
    with pytest.raises(FileError, match="delimiter"):
        parse_delimiter(typed)

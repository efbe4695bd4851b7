"""Small files as people have them, each with the columns, rows and notes that are read from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment.tables.errors import FileError
from sentiment.tables.open import open_source

FILES = Path(__file__).parent / "small_files"

# name, columns, number of rows, beginnings of the first and of the last row, part of the notes ("" for no note)
READ = [
    ("array.json", ["review", "stars"], 15, ["We both enjoyed this film", "5"], ["It is a film about", "5"], ""),
    ("array.jsonl", ["review", "stars"], 15, ["We both enjoyed this film", "5"], ["It is a film about", "5"], ""),
    ("lines.json", ["review", "stars"], 15, ["We both enjoyed this film", "5"], ["It is a film about", "5"], ""),
    ("overall.jsonl", ["reviewText", "overall"], 15, ["We both enjoyed", "5.0"], ["It is a film about", "3.0"], ""),
    ("at.txt", ["column_1", "column_2"], 15, ["We liked it a lot .", "positive"], ["It is about", "neutral"], "“@”"),
    ("tab.txt", ["column_1", "column_2"], 10, ["We liked it a lot.", "1"], ["Dull and tired.", "0"], "“tab”"),
    ("fasttext.txt", ["label", "text"], 10, ["2", "Lovely: We liked"], ["1", "Dull: Tired and"], "__label__"),
    (
        "backslash.csv",
        ["id", "sentiment", "review"],
        3,
        ["1", "1", 'They call it "a classic", and it is one.'],
        ["3", "1", "We liked it."],
        "Backslashes",
    ),
    (
        "bare_quotes.tsv",
        ["id", "label", "text"],
        6,
        ["1", "pos", '"A classic" they said,'],
        ["6", "pos", "Lovely."],
        "",
    ),
    ("headerless_short_two.csv", ["column_1", "column_2"], 2, ["We liked it.", "ham"], ["Dull and tired.", "spam"], ""),
    ("headerless_text_only.csv", ["column_1"], 3, ["We liked it."], ["Not for me."], ""),
    ("headerless_three.csv", ["column_1", "column_2"], 15, ["neutral", "It is a film"], ["negative", "Dull"], ""),
    ("odd_small.csv", ["id", "review"], 2, ["1", "café film we liked"], ["2", "Good \x9d film"], "cp1252 was guessed"),
    (
        "preamble.csv",
        ["id", "review", "rating"],
        2,
        ["1", "We liked it a lot, both of us.", "5"],
        ["2", "Dull, tired, too long.", "1"],
        "Left out above the table: “Report of reviews”, “Made on 2 January 2024”.",
    ),
    ("first_sheet_empty.xlsx", ["id", "review", "rating"], 8, ["0", "We liked", "5"], ["7", "Dull, tired", "1"], ""),
    (
        "second_sheet.xlsx",
        ["id", "review", "rating"],
        8,
        ["0", "We liked it", "5"],
        ["7", "Dull, tired", "1"],
        "Only the sheet “Data” is read, not “Info”.",
    ),
    (
        "formula.xlsx",
        ["id", "review", "rating"],
        8,
        ["0", "", "5"],
        ["7", "Dull, tired", "1"],
        "1 formula has no saved",
    ),
    (
        "title_row.xlsx",
        ["id", "date", "review", "rating"],
        8,
        ["0", "2024-01-02", "We liked it a lot", "5"],
        ["7", "2024-01-09", "Dull, tired", "1"],
        "Left out above the table: “Hotel reviews, export of 2 January 2024”.",
    ),
]


@pytest.mark.parametrize(("name", "columns", "count", "first", "last", "note"), READ, ids=[case[0] for case in READ])
def test_a_file_gives_its_columns_and_rows(name, columns, count, first, last, note):
    source = open_source(FILES / name)
    rows = list(source.rows())
    assert source.columns == columns
    assert [row.problem for row in rows] == [""] * count
    assert all(len(row.cells) == len(columns) for row in rows)
    for row, beginnings in ((rows[0], first), (rows[-1], last)):
        assert all((cell or "").startswith(start) for cell, start in zip(row.cells, beginnings, strict=True)), row
    notes = " ".join(source.remarks())
    assert note in notes if note else not notes


@pytest.mark.parametrize(("name", "kind"), [("page.csv", "a web page"), ("pointer.csv", "a Git LFS pointer")])
def test_a_file_that_is_not_a_table_is_named_by_its_kind(name, kind):
    with pytest.raises(FileError, match=f"{name} is not a file of reviews: it looks like {kind}"):
        open_source(FILES / name)

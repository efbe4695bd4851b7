"""Guesses at what a table's columns are."""

import pytest

from sentiment.bulk.columns import (
    guess_label_column,
    guess_text_column,
    label_values,
    labels_to_choose,
    looks_like_reviews,
)
from sentiment.bulk.inspection import inspect
from sentiment.bulk.source import Options

LONG = "one of the better films of that year, in spite of its length"


@pytest.mark.parametrize(
    ("columns", "row", "text"),
    [
        (["id", "review"], ["1", "good"], 1),
        (["Review ", "summary"], ["good", LONG], 0),
        (["title", "what_they_said"], ["The Long One", LONG], 1),
        (["a", "b", "c"], [LONG, "1", "2"], 0),
        (["only"], [""], 0),
    ],
)
def test_the_text_column_is_guessed_by_name_and_then_by_content(columns, row, text):
    assert guess_text_column(columns, [row]) == text


def test_columns_are_told_apart_by_their_labels_and_from_none_of_them():
    columns = ["text", "score", "text", "none", "", "text (column 3)"]
    shown = ["text (column 1)", "score", "text (column 3)", "none (column 4)", "(column 5)"]
    assert labels_to_choose(columns) == [*shown, "text (column 3) (column 6)"]


@pytest.mark.parametrize(
    ("name", "cells", "looks"),
    [
        ("review", ["1", "2"], True),
        ("what_they_said", [LONG, "Dull.", None], True),
        ("price", ["12", "13"], False),
        ("genre", ["drama", "film noir"], False),
        ("only", ["", None], True),
        ("said", ["quite dull", "it was quite dull"], True),  # three words on average
        ("said", ["quite dull", "it was dull"], False),
    ],
)
def test_a_column_without_sentences_is_taken_for_reviews_only_by_its_name(name, cells, looks):
    assert looks_like_reviews([name], [[cell] for cell in cells], 0) is looks


@pytest.mark.parametrize(
    ("columns", "rows", "label"),
    [
        (["review", "sentiment"], [["x", "positive"], ["y", "negative"]], 1),
        (["review", "a", "b"], [["x", "1", "pos"], ["y", "2", "neg"]], 2),
        (["review", "stars"], [["x", "5"], ["y", "1"]], 1),
        (["review", "verified"], [["x", "yes"], ["y", "no"]], None),
        (["review", "votes"], [["x", "0"], ["y", "1"]], None),
        (["review", "rating"], [["x", "87"], ["y", "12"]], None),
        (["review", "rating"], [["x", "0"], ["y", "8"]], 1),
        (["review", "rating"], [["x", "-3"], ["y", "8"]], None),
        (["review", "sentiment"], [["x", "joy"], ["y", "anger"]], None),
        (["review", "label"], [["x", ""], ["y", ""]], None),
        (["review", "note", "label"], [["x", "good", "1"], ["y", "bad", "0"]], 2),
    ],
)
def test_a_label_column_is_guessed_only_where_name_or_values_say_so(columns, rows, label):
    assert guess_label_column(columns, rows, 0) == label


@pytest.mark.parametrize(
    ("values", "meanings"),
    [
        (["pos", "neg", "unsup"], [1, 0, None]),
        (["Positive", " NEGATIVE "], [1, 0]),
        (["1", "0"], [1, 0]),
        (["1.0", "0.0"], [1, 0]),
        (["true", "FALSE"], [1, 0]),
        (["-1", "0", "1"], [0, None, 1]),
        (["2", "1"], [1, 0]),
        (["4", "2", "0"], [1, None, 0]),
        (["1", "2", "3", "4", "5"], [0, 0, None, 1, 1]),
        (["4,5", "1,5"], [1, 0]),
        (["0.5", "3", "5"], [0, None, 1]),
        (["0", "3", "10"], [0, 0, 1]),
        (["1", "4", "5", "6", "7", "10"], [0, 0, None, None, 1, 1]),
        (["12", "35", "64", "90"], [None] * 4),
        (["0", "50", "100"], [None] * 3),
        (["-2", "2"], [None, None]),
        (["1", "5", "99", "pos"], [None, None, None, 1]),
        (["x", "y"], [None, None]),
        ([], []),
    ],
)
def test_the_values_of_labels_are_read_on_the_smallest_scale_that_holds_them(values, meanings):
    assert list(label_values(values).values()) == meanings


@pytest.mark.parametrize(
    ("cell", "dated"),
    [
        ("2024-01-02", True),
        ("2024-01-02T10:30:00Z", True),
        ("May 2021", True),
        ("3/4/21", True),
        ("3/4/21 10:30", True),
        ("3-May-21", True),
        ("3rd May 21", True),
        ("May 3, 21", True),
        ("3.4.2021 10:30", True),
        ("20210304T101112Z", True),
        ("Sat 5 / 10", False),
        ("Dec 10-12", False),
        ("8/10", False),
        ("7,5/10", False),
        ("9.5 / 10", False),
        ("1,2,3", False),
        ("10:30:00.123456", False),
        ("12h30m05s", False),
        ("12-35", False),
        ("10:30", False),
        ("1:02:15", False),
        ("May", False),
        ("2021", False),
    ],
)
def test_a_date_has_a_year_and_a_mark_out_of_ten_is_none(cell, dated, tmp_path):
    path = tmp_path / "in.tsv"
    path.write_text(f"review\tseen\n{LONG}\t{cell}\n")
    assert inspect(path, Options(), lambda *_: None).dates == ([1] if dated else [])

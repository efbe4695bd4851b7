"""JSON in every layout is read as a table, and damage to a part costs only that part."""

from __future__ import annotations

import json
from functools import partial

import pytest

from sentiment.tables.errors import FileError
from tests.table_files import read_table

REVIEWS = [{"user": {"name": "Ann", "age": 30}, "text": "A\nfilm"}, {"text": "B", "tags": [{"a": 1}], "user": {}}]
FLAT = [["Ann", "30", "A\nfilm", None, None], [None, None, "B", '[{"a": 1}]', "{}"]]
COLUMNS = ["user.name", "user.age", "text", "tags", "user"]


@pytest.fixture
def read(tmp_path):
    return partial(read_table, tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(REVIEWS),
        json.dumps(REVIEWS, indent=2),
        "\n".join(map(json.dumps, REVIEWS)),
        "\n".join(json.dumps(review, indent=1) for review in REVIEWS),
        "\n".join(map(repr, REVIEWS)),
        json.dumps({"count": 2, "films": [{"id": 1}], "data": {"reviews": REVIEWS}}),
        json.dumps({"data": REVIEWS, "next": None}, indent=4),
        "\ufeff" + json.dumps(REVIEWS),
    ],
    ids=[
        "array",
        "indented array",
        "lines",
        "indented objects",
        "Python literals",
        "nested list",
        "indented list",
        "byte order mark",
    ],
)
def test_json_is_read_in_every_layout(read, content):
    found = read("in.json", content)
    assert (found.columns, found.rows) == (COLUMNS, FLAT)
    assert not any(found.problems)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("in.json", json.dumps({"text": {"0": "a", "1": "b"}}), 'in pandas: orient="records"'),
        ("in.json", "[1, 2]", "no JSON object"),
        ("in.json", "not json", "no JSON object"),
        ("in.json", '{"a": wrong, "r": [{"text": "x"}]}', "not well-formed JSON"),
        ("in.json", '{"a":' * 100 + "1" + "}" * 100, "nested too deeply"),
        ("in.json", '{"a":' * 100_000, "nested too deeply"),
        ("in.json", "[" * 100_000, "no JSON object"),
    ],
)
def test_json_without_reviews_is_refused(read, name, content, message):
    with pytest.raises(FileError, match=message):
        read(name, content)


def test_an_element_that_is_not_json_is_the_only_one_lost(read):
    found = read("in.json", '[{"text": "a"},\n{"text": "b" "x"},\n{"text": "c"}, 5, {"text": "cut')
    assert [row[0] for row in found.rows] == ["a", '{"text": "b" "x"}', "c", "5", '{"text": "cut']
    assert [bool(problem) for problem in found.problems] == [False, True, False, True, True]


def test_an_array_may_be_read_in_blocks_of_any_size(read, monkeypatch):
    monkeypatch.setattr("sentiment.tables.json_stream._BLOCK", 7)
    reviews = [{"text": "x" * i, "n": i, "ok": True, "u": "\u20ac\n"} for i in range(60)]
    for content in (json.dumps(reviews), json.dumps({"a": -12.5, "list": reviews}, indent=1)):
        assert read("in.json", content).rows == [["x" * i, str(i), "true", "€\n"] for i in range(60)]


def test_a_name_with_a_dot_and_a_path_of_the_same_name_are_both_kept(read):
    assert read("in.json", '{"a.b": 1, "a": {"b": 2}}\n{"a.b": 3}\n').rows == [["1", '{"b": 2}'], ["3", None]]


def test_an_object_with_thousands_of_keys_stays_one_column(read):
    wide = [{"text": "good", "votes": {f"user{i}": 1 for i in range(5000)}}]
    assert read("in.json", json.dumps(wide)).columns == ["text", "votes"]


def test_the_suffix_decides_whether_a_single_json_line_with_a_list_is_one_row(read):
    line = '{"text": "good", "tags": [{"a": 1}]}'
    assert read("in.jsonl", line).rows == [["good", '[{"a": 1}]']]
    assert read("in.json", line).columns == ["a"]

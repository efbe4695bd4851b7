"""The cells of a written workbook: a text is whole or refused, and is never run as a formula."""

from __future__ import annotations

import csv

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment import Classifier
from sentiment.bulk.pipeline import Task, score_file
from sentiment.tables.errors import FileError
from sentiment.tables.spreadsheets import XLSX_CHARACTERS, worksheet_length, worksheet_text
from tests import tiny


def scored_rows(classifier, tmp_path, table):
    """Scores the table, and returns the rows of the workbook, its header first."""
    pq.write_table(table, tmp_path / "in.parquet")
    task = Task(tmp_path / "in.parquet", tmp_path / "out.xlsx", "xlsx", text_column="review")
    score_file(task, classifier, lambda *_: None)
    return list(openpyxl.load_workbook(tmp_path / "out.xlsx").active.values)


LONGEST = "good " * (XLSX_CHARACTERS // 5) + "!!"  # that a cell can hold
CARRIAGE_RETURNS = "good\r\n" * 5_400  # 32,400 characters, and 64,800 with each \r written as _x000D_
TYPES = {
    "text": pa.string(),
    "bytes": pa.binary(),
    "category": pa.dictionary(pa.int32(), pa.string()),
    "string view": pa.string_view(),
}


@pytest.mark.parametrize("type", TYPES.values(), ids=TYPES.keys())
def test_the_longest_text_that_a_cell_can_hold_is_written_whole(type, classifier, tmp_path):
    column = pa.array([LONGEST]).cast(type)
    assert scored_rows(classifier, tmp_path, pa.table({"review": column}))[1][0] == LONGEST


@pytest.mark.parametrize("type", TYPES.values(), ids=TYPES.keys())
@pytest.mark.parametrize(
    "text",
    [LONGEST + "!", "=" + LONGEST[1:], CARRIAGE_RETURNS],
    ids=["too long", "too long with an apostrophe", "too long with its escapes"],
)
def test_a_text_that_a_cell_cannot_hold_is_refused_before_scoring(text, type, classifier, tmp_path):
    table = pa.table({"review": pa.array(["good", text]).cast(type)})
    with pytest.raises(FileError, match=r"one of (32,768|64,800) is in line 2"):
        scored_rows(classifier, tmp_path, table)
    assert not list(tmp_path.glob("out.*"))


def test_a_list_that_a_cell_cannot_hold_is_refused(classifier, tmp_path):
    table = pa.table({"review": ["good"], "words": [["a word"] * 10_000]})
    with pytest.raises(FileError, match="one here has"):
        scored_rows(classifier, tmp_path, table)
    assert not (tmp_path / "out.xlsx").exists()


def test_bytes_and_lists_are_written_as_text(classifier, tmp_path):
    table = pa.table({"review": pa.array([b"a good film"], pa.binary()), "words": [["a", "b"]]})
    assert scored_rows(classifier, tmp_path, table)[1][:2] == ("a good film", '["a", "b"]')


@pytest.mark.parametrize("text", ["good", "=1+1", "a\rb", "_x0041_", "\x00", "'=", "-1"])
def test_the_reported_length_of_a_text_is_that_of_the_written_one(text):
    assert worksheet_length(text) == len(worksheet_text(text, raw=False))


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_the_strongest_words_are_no_formulas_either(format, monkeypatch, tmp_path):
    monkeypatch.setattr(tiny, "WORDS", (*tiny.WORDS[:-1], "=d"))
    classifier = Classifier.load(tiny.tiny_run(tmp_path / "tiny"))
    (tmp_path / "in.txt").write_text("=D\n")
    output = tmp_path / f"out.{format}"
    score_file(Task(tmp_path / "in.txt", output, format, explain=True), classifier, lambda *_: None)
    if format == "csv":
        with output.open(newline="", encoding="utf-8") as file:
            cells = list(csv.reader(file))[1]
    else:
        cells = [str(cell) for cell in list(openpyxl.load_workbook(output).active.values)[1]]
    assert [cell[:4] for cell in cells if "=" in cell] == ["'=D", "'=d:"]

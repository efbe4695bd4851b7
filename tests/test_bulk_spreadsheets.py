"""What a worksheet holds is whole, or is refused: nothing is cut, and nothing is run."""

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


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return Classifier.load(tiny.tiny_run(tmp_path_factory.mktemp("runs") / "tiny"))


def scored(classifier, tmp_path, table):
    pq.write_table(table, tmp_path / "in.parquet")
    task = Task(tmp_path / "in.parquet", tmp_path / "out.xlsx", "xlsx", text_column="review")
    score_file(task, classifier, lambda *_: None)
    return list(openpyxl.load_workbook(tmp_path / "out.xlsx").active.values)


AS_LONG_AS_CAN_BE = "good " * (XLSX_CHARACTERS // 5) + "!!"
COLUMNS = {
    "text": pa.string(),
    "bytes": pa.binary(),
    "a category": pa.dictionary(pa.int32(), pa.string()),
    "a view": pa.string_view(),
}


@pytest.mark.parametrize("kind", COLUMNS.values(), ids=COLUMNS.keys())
def test_a_text_as_long_as_a_cell_can_be_is_there_whole(kind, classifier, tmp_path):
    column = pa.array([AS_LONG_AS_CAN_BE]).cast(kind)
    assert scored(classifier, tmp_path, pa.table({"review": column}))[1][0] == AS_LONG_AS_CAN_BE


@pytest.mark.parametrize("kind", COLUMNS.values(), ids=COLUMNS.keys())
@pytest.mark.parametrize(
    "text",
    [AS_LONG_AS_CAN_BE + "!", "=" + AS_LONG_AS_CAN_BE[1:], "good\r\n" * 5_400],
    ids=["too long", "too long with an apostrophe", "too long with its escapes"],
)
def test_a_text_that_a_cell_cannot_hold_is_refused_before_anything_is_scored(text, kind, classifier, tmp_path):
    table = pa.table({"review": pa.array(["good", text]).cast(kind)})
    with pytest.raises(FileError, match=r"one of (32,768|64,800) is in line 2"):
        scored(classifier, tmp_path, table)
    assert not list(tmp_path.glob("out.*"))


def test_a_list_that_a_cell_cannot_hold_is_refused_and_not_cut(classifier, tmp_path):
    table = pa.table({"review": ["good"], "words": [["a word"] * 10_000]})
    with pytest.raises(FileError, match="one here has"):
        scored(classifier, tmp_path, table)
    assert not (tmp_path / "out.xlsx").exists()


def test_bytes_and_lists_are_written_as_the_text_they_are(classifier, tmp_path):
    table = pa.table({"review": pa.array([b"a good film"], pa.binary()), "words": [["a", "b"]]})
    assert scored(classifier, tmp_path, table)[1][:2] == ("a good film", '["a", "b"]')


@pytest.mark.parametrize("text", ["good", "=1+1", "a\rb", "_x0041_", "\x00", "'=", "-1"])
def test_the_reported_length_of_a_text_is_that_of_the_written_one(text):
    assert worksheet_length(text) == len(worksheet_text(text, raw=False))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_strongest_words_cannot_be_run_either(form, monkeypatch, tmp_path):
    monkeypatch.setattr(tiny, "WORDS", (*tiny.WORDS[:-1], "=d"))
    classifier = Classifier.load(tiny.tiny_run(tmp_path / "tiny"))
    (tmp_path / "in.txt").write_text("=D\n")
    output = tmp_path / f"out.{form}"
    score_file(Task(tmp_path / "in.txt", output, form, explain=True), classifier, lambda *_: None)
    if form == "csv":
        with output.open(newline="", encoding="utf-8") as file:
            cells = list(csv.reader(file))[1]
    else:
        cells = [str(cell) for cell in list(openpyxl.load_workbook(output).active.values)[1]]
    assert [cell[:4] for cell in cells if "=" in cell] == ["'=D", "'=d:"]

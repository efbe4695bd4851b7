"""Cells of every type come back from ``score.py`` with their value, in every format of output."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.scoring import rows_of, score, score_file
from tests.table_files import sheet_rows, workbook


@pytest.fixture
def scored(run, tmp_path):
    """Scores a file; returns the output's path."""
    return partial(score_file, run, tmp_path)


def test_parquet_keeps_the_types_of_its_columns(scored, tmp_path):
    source = pd.DataFrame(
        {
            "when": pd.to_datetime(["2024-05-01", None]),
            "price": [1.5, None],
            "stars": pd.array([5, None], dtype="Int8"),
            "review": pd.Categorical(["good", "bad"]),
            "tags": [["a", "b"], []],
        }
    )
    source.to_parquet(tmp_path / "in.parquet", index=False)
    before, after = pq.read_table(tmp_path / "in.parquet"), pq.read_table(scored(tmp_path / "in.parquet", "o.parquet"))
    assert after.select(before.column_names).equals(before)
    assert rows_of(scored(tmp_path / "in.parquet", "out.csv"))[1][:5] == [
        "2024-05-01 00:00:00.000000",
        "1.5",
        "5",
        "good",
        '["a", "b"]',
    ]


@pytest.mark.parametrize("kind", [pa.string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())], ids=str)
@pytest.mark.parametrize("length", [1, 5000])  # the longer one does not fit into a cell of Excel
def test_a_parquet_string_that_is_not_utf_8_is_unreadable_in_every_format(scored, tmp_path, length, kind):
    raw = pa.array([b"good", b"caf\xe9 bad" * length])
    table = pa.table({"review": pa.Array.from_buffers(pa.string(), 2, raw.buffers()).cast(kind)})
    pq.write_table(table, tmp_path / "in.parquet")
    if length == 5000:
        scored(tmp_path / "in.parquet", "out.xlsx", status=2)
    else:
        rows = [list(row) for row in sheet_rows(scored(tmp_path / "in.parquet", "out.xlsx"))]
        assert [[row[0], row[4]] for row in rows[1:]] == [["good", "ok"], ["caf\\xe9 bad", "unreadable"]]
    lines = scored(tmp_path / "in.parquet", "out.jsonl").read_text("utf-8").splitlines()
    rows = [[row["review"], row["status"]] for row in map(json.loads, lines)]
    assert rows == [["good", "ok"], ["caf\\xe9 bad" * length, "unreadable"]]
    assert [[row[0], row[4]] for row in rows_of(scored(tmp_path / "in.parquet"))[1:]] == rows
    assert pq.read_table(scored(tmp_path / "in.parquet", "out.parquet"))["review"].type == kind


def test_numbers_that_json_lacks_are_null_at_any_depth(scored, tmp_path):
    nan, inf = float("nan"), float("inf")
    table = pa.table({"review": ["good"], "x": [nan], "list": [[1.0, nan]], "struct": [{"a": [{"b": inf}]}]})
    pq.write_table(table, tmp_path / "in.parquet")
    line = scored(tmp_path / "in.parquet", "out.jsonl").read_text()
    row = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not valid JSON"))
    assert (row["x"], row["list"], row["struct"]) == (None, [1.0, None], {"a": [{"b": None}]})
    assert rows_of(scored(tmp_path / "in.parquet"))[1][2:4] == ["[1.0, null]", '{"a": [{"b": null}]}']


def test_bytes_are_written_as_the_text_they_hold(scored, tmp_path):
    pq.write_table(pa.table({"review": [b"good", b"caf\xe9"], "tags": [[b"a"], []]}), tmp_path / "in.parquet")
    rows = [json.loads(line) for line in scored(tmp_path / "in.parquet", "out.jsonl").read_text().splitlines()]
    assert [[row["review"], row["tags"]] for row in rows] == [["good", ["a"]], ["caf\\xe9", []]]
    assert [row[1] for row in rows_of(scored(tmp_path / "in.parquet"))[1:]] == ['["a"]', "[]"]


def test_a_parquet_column_of_numbers_is_not_guessed_to_hold_the_text(scored, tmp_path):
    pq.write_table(pa.table({"review": [1, 2], "text": ["a good film", "bad"]}), tmp_path / "in.parquet")
    rows = rows_of(scored(tmp_path / "in.parquet"))[1:]
    assert [row[:2] for row in rows] == [["1", "a good film"], ["2", "bad"]]
    assert [row[5] for row in rows] == ["ok", "ok"]


def test_a_workbook_keeps_numbers_dates_and_texts_apart(scored, tmp_path):
    rows = [["n", "date", "review", "flag"], [1, datetime(2024, 5, 1), "001 good", True], [0.1]]
    (tmp_path / "in.xlsx").write_bytes(workbook(Data=rows))
    after = [list(row[:4]) for row in sheet_rows(scored(tmp_path / "in.xlsx", "out.xlsx"))]
    assert after == [*rows[:2], [0.1, None, None, None]]


def test_surplus_cells_in_a_workbook_change_no_added_column(scored, tmp_path):
    rows = [["review", "id"], ["bad film", 2, "x", 5, 6, 7, 8], ["good", 3, *[None] * 3, True, True]]
    (tmp_path / "in.xlsx").write_bytes(workbook(Data=rows))
    _, *rows = sheet_rows(scored(tmp_path / "in.xlsx", "out.xlsx"))
    assert [(*row[:2], row[5]) for row in rows] == [("bad film", 2, "ok"), ("good", 3, "ok")]
    assert [row[7][:19] for row in rows] == ["row 2: 7 cells for ", "row 3: 7 cells for "]


def test_rows_with_surplus_cells_are_counted_and_scored_if_their_text_is_complete(run, tmp_path):
    rows = ['"bad, bad film",x,more,"and, more"', "good, but dull,x", "good,x"]
    (tmp_path / "in.csv").write_text("review,who\n" + "\n".join(rows) + "\n")
    done = score(tmp_path / "in.csv", tmp_path / "out.csv", "--artifacts", run)
    assert "1 row has more cells than there are columns; the rest is in the column problem\n" in done.stderr
    report = json.loads((tmp_path / "out.csv.json").read_text())
    assert (report["extra_cells"], len(report["unreadable"])) == (1, 1)
    _, *output = rows_of(tmp_path / "out.csv")
    assert [row[5] for row in output] == ["ok", "unreadable", "ok"]
    assert output[0][7] == 'line 2: 4 cells for 2 columns; left over: ["more", "and, more"]'


def test_json_lines_keep_their_spelling(scored, tmp_path):
    lines = ['{"review":"good",  "n": 1.10, "big": 123456789012345678901}', '{"review": null, "x": {"y": [1e5]}}', "{}"]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    after = scored(tmp_path / "in.jsonl", "out.jsonl").read_text().splitlines()
    assert [line.startswith(before[:-1]) for line, before in zip(after, lines, strict=True)] == [True] * 3
    assert [json.loads(line)["status"] for line in after] == ["ok", "empty", "empty"]
    assert rows_of(scored(tmp_path / "in.jsonl"))[1][:4] == ["good", "1.10", "123456789012345678901", ""]


def test_an_invalid_json_line_is_kept_in_every_format(scored, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"id": 1, "text": 5}\nnot json\n')
    lines = [json.loads(line) for line in scored(tmp_path / "in.jsonl", "out.jsonl").read_text().splitlines()]
    assert [(row["id"], row["text"]) for row in lines] == [(1, 5), (None, "not json")]
    rows = pq.read_table(scored(tmp_path / "in.jsonl", "out.parquet")).to_pylist()
    assert [(row["id"], row["text"]) for row in rows] == [(1, "5"), (None, "not json")]
    _, *rows = sheet_rows(scored(tmp_path / "in.jsonl", "out.xlsx"))
    assert [row[:2] for row in rows] == [(1, "5"), (None, "not json")]

"""``score.py INPUT OUTPUT``: every row comes back, in order, with its verdict."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment import Classifier
from tests.command import SCRIPTS
from tests.scoring import REVIEWS, reviews_csv, rows_of, score, score_file
from tests.table_files import sheet_rows

ADDED = ["sentiment", "p_positive", "confidence", "status", "tokens_read"]


@pytest.fixture
def scored(run, tmp_path):
    """Scores a file; returns the output's path."""
    return partial(score_file, run, tmp_path)


@pytest.fixture
def table(tmp_path):
    return reviews_csv(tmp_path / "reviews.csv")


def test_every_row_keeps_its_columns_and_the_verdict_follows(scored, table):
    header, *rows = rows_of(scored(table, "out.csv", "--raw"))
    assert header == ["id", "review", *ADDED]
    assert [row[:2] for row in rows] == [[f"{i:03}", text] for i, text in enumerate(REVIEWS)]


def test_the_verdicts_are_those_of_the_classifier(scored, table, run):
    _, *rows = rows_of(scored(table))
    texts = ["" if text == "NA" else text for text in REVIEWS]  # in a file it marks a missing value
    for row, expected in zip(rows, Classifier.load(run).predict(texts), strict=True):
        assert row[2] == (expected.label or "")
        assert row[3] == (str(round(expected.probability, 6)) if expected.label else "")
        assert row[4:] == [expected.confidence or "", expected.status, str(expected.tokens_read)]


def test_every_format_of_output_has_the_same_values(scored, table):
    as_csv = rows_of(scored(table, "out.csv", "--raw"))
    assert rows_of(scored(table, "out.tsv", "--raw")) == as_csv
    header, *rows = as_csv
    records = [json.loads(line) for line in scored(table, "out.jsonl").read_text("utf-8").splitlines()]
    parquet = pq.read_table(scored(table, "out.parquet")).to_pylist()
    assert records == parquet
    _, *sheet = sheet_rows(scored(table, "out.xlsx", "--raw"))
    for row, record, cells in zip(rows, records, sheet, strict=True):
        assert list(record) == header
        assert ["" if value is None else str(value) for value in record.values()] == row
        assert [value or "" for value in record.values()] == [value or "" for value in cells]


@pytest.mark.parametrize("taken", [*ADDED, "Sentiment", "STATUS"])
def test_all_added_columns_get_a_prefix_if_one_of_their_names_is_taken(scored, tmp_path, taken):
    (tmp_path / "in.csv").write_text(f"review,{taken}\ngood,x\n")
    header, row = rows_of(scored(tmp_path / "in.csv"))
    assert header == ["review", taken, *("predicted_" + name for name in ADDED)]
    assert row[1] == "x"


def test_a_file_scored_again_keeps_its_earlier_verdicts(scored, table):
    columns = rows_of(scored(scored(scored(table), "twice.csv"), "thrice.csv"))[0]
    assert len(set(columns)) == len(columns) == 2 + 3 * len(ADDED)


@pytest.mark.parametrize("compression", ["gz", "zst", "zip"])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt", "jsonl"])
def test_compressed_text_is_scored_like_the_text_itself(scored, tmp_path, suffix, compression):
    content = {
        "csv": "id,review\n1,good\n2,bad\n",
        "tsv": "id\treview\n1\tgood\n2\tbad\n",
        "txt": "good\nbad\n",
        "jsonl": '{"id": 1, "review": "good"}\n{"id": 2, "review": "bad"}\n',
    }[suffix].encode()
    plain = tmp_path / f"reviews.{suffix}"
    plain.write_bytes(content)
    compressed = tmp_path / f"reviews.{suffix}.{compression}"
    if compression == "gz":
        compressed.write_bytes(gzip.compress(content))
    elif compression == "zst":
        compressed.write_bytes(pa.compress(content, codec="zstd", asbytes=True))
    else:
        with zipfile.ZipFile(compressed, "w") as archive:
            archive.writestr(f"inner.{suffix}", content)
    expected = scored(plain, "plain.csv").read_bytes()
    assert expected.count(b",ok,") == 2
    assert scored(compressed, "compressed.csv").read_bytes() == expected


def test_a_file_without_rows_is_scored_to_a_header(scored, tmp_path):
    (tmp_path / "in.csv").write_text("id,review\n")
    for form in ("csv", "tsv"):
        assert rows_of(scored(tmp_path / "in.csv", f"out.{form}")) == [["id", "review", *ADDED]]
    assert scored(tmp_path / "in.csv", "out.jsonl").read_bytes() == b""
    assert pq.read_table(scored(tmp_path / "in.csv", "out.parquet")).column_names == ["id", "review", *ADDED]
    assert len(sheet_rows(scored(tmp_path / "in.csv", "out.xlsx"))) == 1


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_nested_json_is_scored_into_every_format(scored, tmp_path, suffix):
    reviews = [{"user": {"name": "Ann"}, "review": "good", "n": 1.5}, {"review": "bad"}]
    (tmp_path / "in.json").write_text(json.dumps({"reviews": reviews}, indent=2))
    output = scored(tmp_path / "in.json", f"out.{suffix}")
    if suffix == "jsonl":
        rows = [json.loads(line) for line in output.read_text().splitlines()]
        assert [{key: row[key] for key in review} for row, review in zip(rows, reviews, strict=True)] == reviews
    elif suffix == "csv":
        assert [row[:3] for row in rows_of(output)] == [
            ["user.name", "review", "n"],
            ["Ann", "good", "1.5"],
            ["", "bad", ""],
        ]
    else:
        assert pq.read_table(output)["n"].to_pylist() == [1.5, None]


def test_the_output_may_not_be_the_input(run, table):
    done = score(table, table, "--artifacts", run)
    assert done.status == 2
    assert "The output is the input" in done.stderr


def test_a_missing_input_leaves_an_existing_output_unchanged(run, table):
    before = table.read_bytes()
    done = score(table.parent / "missing.csv", table, "--artifacts", run)
    assert done.status == 2
    assert "There is no file" in done.stderr
    assert table.read_bytes() == before


@pytest.mark.process
def test_pipes_take_the_place_of_files(run, table):
    command = [sys.executable, str(SCRIPTS / "score.py"), "-", "-", "--artifacts", str(run)]
    done = subprocess.run(command, input=table.read_bytes(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"id,review,sentiment")
    assert done.stderr == b""
    lines = subprocess.run(
        [*command, "--input-form", "txt", "--output-form", "jsonl"], input=b"good\n", capture_output=True, timeout=60
    )
    assert json.loads(lines.stdout)["text"] == "good"


def test_explain_adds_the_words_with_the_largest_contributions(scored, table):
    header, first, *_ = rows_of(scored(table, "out.csv", "--explain"))
    assert header[-2:] == ["words_positive", "words_negative"]
    named = dict(word.rsplit(":", 1) for cell in first[-2:] for word in cell.split())
    assert set(named) <= {"a", "good", "film", "not", "dull"}
    assert named
    assert all(float(word.rsplit(":", 1)[1]) >= 0 for word in first[-2].split())
    assert all(float(word.rsplit(":", 1)[1]) <= 0 for word in first[-1].split())

"""The options of ``score.py`` for files, and what it reports on the terminal and in OUTPUT.json."""

from __future__ import annotations

import json
from functools import partial

import pytest

from sentiment import Classifier
from sentiment.artifacts import sha256
from sentiment.model.native.batch import int8_backend
from tests.scoring import REVIEWS, reviews_csv, rows_of, score, score_file
from tests.table_files import workbook
from tests.tiny import tiny_run


@pytest.fixture
def scored(run, tmp_path):
    """Scores a file; returns the output's path."""
    return partial(score_file, run, tmp_path)


@pytest.fixture
def table(tmp_path):
    return reviews_csv(tmp_path / "reviews.csv")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("in.csv", b"", "is empty"),
        ("in.parquet", b"no such thing", "damaged or not a Parquet file"),
        ("in.xlsx", b"no such thing", "damaged or not an Excel workbook"),
        ("in.csv.gz", b"no such thing", "damaged"),
        ("in.csv", b"PK\x03\x04 and more", "not a file of reviews"),
        ("in.docx", b"words", "The format of in.docx is not supported"),
        ("in.jsonl", b"[1, 2]\n", "no JSON object"),
        ("in.csv", b"\n\n\n", "no rows"),
    ],
)
def test_a_file_that_cannot_be_read_ends_with_status_2_and_one_line(run, tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    done = score(tmp_path / name, tmp_path / "out.csv", "--artifacts", run)
    assert done.status == 2
    assert done.stderr.startswith("score.py: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--text-column", "Review"], "no column called Review; the columns are id, review"),
        (["--text-column", "3"], "no column called 3"),
        (["--label-column", "stars"], "no column called stars"),
        (["--encoding", "klingon"], "no text encoding called klingon"),
        (["--encoding", "hex"], "no text encoding called hex"),
        (["--encoding", "rot13"], "no text encoding called rot13"),
        (["--encoding", "undefined"], "cannot be read in the encoding undefined"),
        (["--encoding", "idna"], "cannot be read in the encoding idna"),
        (["--encoding", "punycode"], "cannot be read in the encoding punycode"),
        (["--input-form", "text"], "no format text; the formats are csv"),
        (["--output-form", "json"], "format json cannot be written; the formats are csv, tsv, jsonl"),
        (["--sheet", "1"], "The option sheet cannot be used for reviews.csv"),
        (["--delimiter", "ab"], "The delimiter must be one character"),
        (["--input-form", "jsonl", "--delimiter", "tab"], "The option delimiter cannot be used"),
        (["--input-form", "txt", "--delimiter", "none", "--no-header"], "which is read line by line"),
    ],
)
def test_an_option_that_does_not_apply_is_refused(run, table, tmp_path, options, message):
    done = score(table, tmp_path / "out.csv", "--artifacts", run, *options)
    assert done.status == 2
    assert message in done.stderr


def test_names_of_formats_may_be_in_capitals(scored, table):
    assert len(rows_of(scored(table, "out.csv", "--input-form", "CSV", "--output-form", "CSV"))) == len(REVIEWS) + 1


def test_how_a_file_was_read_is_reported_and_can_be_changed(run, tmp_path):
    (tmp_path / "in.txt").write_text("good\t1\nbad\t0\n")
    command = [tmp_path / "in.txt", tmp_path / "out.csv", "--artifacts", run]
    assert "Read as a table, because the delimiter “tab” splits every line equally" in score(*command).stderr
    assert rows_of(tmp_path / "out.csv")[1][:2] == ["good", "1"]
    assert score(*command, "--delimiter", "none").stderr == ""
    assert rows_of(tmp_path / "out.csv")[1][0] == "good\t1"
    assert "Read as a table" not in score(*command, "--delimiter", "tab", "--no-header").stderr
    assert rows_of(tmp_path / "out.csv")[2][:2] == ["bad", "0"]
    assert not (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("sheet", ["Data", "2", "data"])
def test_a_sheet_is_chosen_by_name_or_number(scored, tmp_path, sheet):
    (tmp_path / "in.xlsx").write_bytes(workbook(Codes=[["codes"]], Data=[["id", "review"], [1, "good"]]))
    assert rows_of(scored(tmp_path / "in.xlsx", "out.csv", "--sheet", sheet))[1][:2] == ["1", "good"]


def test_a_sheet_that_does_not_exist_is_refused(scored, tmp_path):
    (tmp_path / "in.xlsx").write_bytes(workbook(Codes=[["codes"]], Data=[["id", "review"], [1, "good"]]))
    scored(tmp_path / "in.xlsx", "out.csv", "--sheet", "3", status=2)


def test_a_column_can_be_named_or_numbered(scored, tmp_path):
    (tmp_path / "in.csv").write_text("review,review,note\ngood,bad,dull\n")
    by_number = {n: rows_of(scored(tmp_path / "in.csv", "out.csv", "--text-column", n))[1][4] for n in "123"}
    assert len(set(by_number.values())) == 3
    assert rows_of(scored(tmp_path / "in.csv", "out.csv", "--text-column", "note"))[1][4] == by_number["3"]
    scored(tmp_path / "in.csv", "out.csv", "--text-column", "review", status=2)  # the name of two columns


def test_a_file_without_reviews_is_scored_with_a_warning(run, tmp_path):
    (tmp_path / "prices.csv").write_text("item,price\n1,20\n2,30\n")
    done = score(tmp_path / "prices.csv", tmp_path / "out.csv", "--artifacts", run)
    assert done.status == 0
    assert "no column looks like reviews; item was scored, --text-column names another" in done.stderr
    named = score(tmp_path / "prices.csv", tmp_path / "out.csv", "--artifacts", run, "--text-column", "price")
    assert "this does not look like reviews; price was scored" in named.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Excellent\nDull\n", "First row used as the header: “Excellent”. If it is a review, use --no-header.\n"),
        ("Excellent,Bob\nDull,Ann\n", "First row used as the header: “Excellent”, “Bob”. If"),
        ("id,review\n1,good\n", ""),
        ("Great fun,Bob\nDull and long,Ann\n", ""),  # the first row is data
    ],
)
def test_a_doubtful_header_is_reported_without_a_terminal(run, tmp_path, content, message):
    (tmp_path / "in.csv").write_text(content)
    done = score(tmp_path / "in.csv", tmp_path / "out.csv", "--artifacts", run)
    assert message in done.stderr
    assert ("used as the header" in done.stderr) is bool(message)
    stated = score(tmp_path / "in.csv", tmp_path / "out.csv", "--artifacts", run, "--header")
    assert "used as the header" not in stated.stderr


def test_the_report_says_how_the_output_was_made(scored, table, run):
    output = scored(table)
    report = json.loads(output.with_name("out.csv.json").read_text("utf-8"))
    assert report["rows"] == len(REVIEWS) == sum(report["counts"]["status"].values())
    assert report["model"]["run"] == run.name
    assert report["input"]["encoding"] == "utf-8"
    assert report["input"]["text_column"] == "review"
    assert report["options"]["arithmetic"] == "float32"
    assert not output.with_name("out.csv.parts").exists()


def test_the_report_names_int8_whose_scores_are_close_to_exact(scored, table):
    exact, fast = rows_of(scored(table)), rows_of(scored(table, "fast.csv", "--fast"))
    report = json.loads(table.with_name("fast.csv.json").read_text("utf-8"))
    assert report["options"]["arithmetic"] == "int8"
    assert report["options"]["int8_measured"] is None  # there is no benchmark next to this run
    differences = [abs(float(a[3]) - float(b[3])) for a, b in zip(exact[1:], fast[1:], strict=True) if a[3]]
    assert 0 < max(differences) < 0.05


@pytest.mark.parametrize("measured", ["this model", "another model", "another backend"])
def test_the_measured_effect_of_int8_is_reported_if_it_is_of_this_model_and_backend(measured, table, tmp_path):
    run = tiny_run(tmp_path / "runs" / "tiny")
    effect = {"labels_changed": 0.0004, "accuracy_change": 0.0001, "probability_change": 0.003}
    effect["way"] = "another" if measured == "another backend" else int8_backend()
    model = "0" * 64 if measured == "another model" else sha256(run / "model.onnx")
    benchmarks = {"run": {"model_sha256": model}, "fast": effect}
    (run.parent / "BENCHMARKS.json").write_text(json.dumps(benchmarks))
    output = score_file(run, tmp_path, table, "fast.csv", "--fast")
    report = json.loads(output.with_name("fast.csv.json").read_text("utf-8"))
    assert report["options"]["int8_measured"] == (effect if measured == "this model" else None)


def test_verdicts_are_compared_with_the_labels_in_the_file(run, tmp_path):
    verdicts = [p.label for p in Classifier.load(run).predict(["good", "bad", "dull"])]
    wrong = "negative" if verdicts[2] == "positive" else "positive"
    lines = ["review,truth", f"good,{verdicts[0]}", f"bad,{verdicts[1]}", f"dull,{wrong}", "film,unknown", ",positive"]
    (tmp_path / "in.csv").write_text("\n".join(lines))
    done = score(tmp_path / "in.csv", tmp_path / "out.csv", "--artifacts", run, "--label-column", "truth")
    assert done.status == 0
    assert "against 3 labels: accuracy 66.7% (" in done.stderr
    report = json.loads((tmp_path / "out.csv.json").read_text("utf-8"))
    assert report["against_labels"]["accuracy"] == pytest.approx(2 / 3)
    assert report["input"]["label_column"] == "truth"

"""``score.py INPUT OUTPUT``: every row comes back, in order, with its verdict."""

import contextlib
import csv
import gzip
import json
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment import Classifier
from sentiment.artifacts import add_parts, open_run, sha256
from sentiment.bulk.pipeline import Task, score_file
from sentiment.model.lookup_session import load_bulk
from sentiment.model.native.batch import int8_backend
from sentiment.tables.errors import FileError
from tests.command import run_script
from tests.tiny import tiny_run

ROOT = Path(__file__).resolve().parent.parent
OURS = ["sentiment", "p_positive", "confidence", "status", "tokens_read"]
REVIEWS = ["A good film, not dull.", "Bad.", "", "Ein ganz anderer Film", "good\nand bad", "=good", "NA"]


def score(*arguments):
    """Runs ``score.py`` in this process."""
    done = run_script("score.py", *arguments)
    return SimpleNamespace(returncode=done.status, stderr=done.stderr)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("runs") / "tiny", max_length=20)


@pytest.fixture
def scored(run, tmp_path):
    """Scores a file; gives the output's path."""

    def scored(source, output="out.csv", *options, status=0):
        done = score(source, tmp_path / output, "--artifacts", run, *options)
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        return tmp_path / output

    return scored


@pytest.fixture
def table(tmp_path):
    """A CSV of reviews."""
    path = tmp_path / "reviews.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "review"], *([f"{i:03}", text] for i, text in enumerate(REVIEWS))])
    return path


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


def test_every_column_and_row_stays_and_ours_follow(scored, table):
    header, *rows = rows_of(scored(table, "out.csv", "--raw"))
    assert header == ["id", "review", *OURS]
    assert [row[:2] for row in rows] == [[f"{i:03}", text] for i, text in enumerate(REVIEWS)]


def test_the_verdicts_are_the_classifiers(scored, table, run):
    _, *rows = rows_of(scored(table))
    texts = ["" if text == "NA" else text for text in REVIEWS]  # in a file it says nothing
    for row, expected in zip(rows, Classifier.load(run).predict(texts), strict=True):
        assert row[2] == (expected.label or "")
        assert row[3] == (str(round(expected.probability, 6)) if expected.label else "")
        assert row[4:] == [expected.confidence or "", expected.status, str(expected.tokens_read)]


def test_every_format_of_output_says_the_same(scored, table):
    as_csv = rows_of(scored(table, "out.csv", "--raw"))
    assert rows_of(scored(table, "out.tsv", "--raw")) == as_csv
    header, *rows = as_csv
    objects = [json.loads(line) for line in scored(table, "out.jsonl").read_text("utf-8").splitlines()]
    parquet = pq.read_table(scored(table, "out.parquet")).to_pylist()
    assert objects == parquet
    sheet = openpyxl.load_workbook(scored(table, "out.xlsx", "--raw")).active
    for row, found, cells in zip(rows, objects, list(sheet.values)[1:], strict=True):
        assert list(found) == header
        assert ["" if value is None else str(value) for value in found.values()] == row
        assert [value or "" for value in found.values()] == [value or "" for value in cells]


@pytest.mark.parametrize("taken", [*OURS, "Sentiment", "STATUS"])
def test_where_one_of_our_names_is_taken_all_of_ours_get_the_prefix(scored, tmp_path, taken):
    (tmp_path / "in.csv").write_text(f"review,{taken}\ngood,x\n")
    header, row = rows_of(scored(tmp_path / "in.csv"))
    assert header == ["review", taken, *("predicted_" + name for name in OURS)]
    assert row[1] == "x"


def test_a_file_scored_twice_keeps_the_first_verdicts_too(scored, table):
    twice = rows_of(scored(scored(scored(table), "twice.csv"), "thrice.csv"))[0]
    assert len(set(twice)) == len(twice) == 17


@pytest.mark.parametrize("packing", ["gz", "zst", "zip"])
@pytest.mark.parametrize("form", ["csv", "tsv", "txt", "jsonl"])
def test_packed_text_reads_like_the_text_itself(scored, tmp_path, form, packing):
    content = {
        "csv": "id,review\n1,good\n2,bad\n",
        "tsv": "id\treview\n1\tgood\n2\tbad\n",
        "txt": "good\nbad\n",
        "jsonl": '{"id": 1, "review": "good"}\n{"id": 2, "review": "bad"}\n',
    }[form].encode()
    plain = tmp_path / f"reviews.{form}"
    plain.write_bytes(content)
    packed = tmp_path / f"reviews.{form}.{packing}"
    if packing == "gz":
        packed.write_bytes(gzip.compress(content))
    elif packing == "zst":
        packed.write_bytes(pa.compress(content, codec="zstd", asbytes=True))
    else:
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(f"inner.{form}", content)
    expected = scored(plain, "plain.csv").read_bytes()
    assert expected.count(b",ok,") == 2
    assert scored(packed, "packed.csv").read_bytes() == expected


def test_a_header_without_rows_gives_a_header_without_rows(scored, tmp_path):
    (tmp_path / "in.csv").write_text("id,review\n")
    for form in ("csv", "tsv"):
        assert rows_of(scored(tmp_path / "in.csv", f"out.{form}")) == [["id", "review", *OURS]]
    assert scored(tmp_path / "in.csv", "out.jsonl").read_bytes() == b""
    assert pq.read_table(scored(tmp_path / "in.csv", "out.parquet")).column_names == ["id", "review", *OURS]
    assert len(list(openpyxl.load_workbook(scored(tmp_path / "in.csv", "out.xlsx")).active.values)) == 1


@pytest.mark.parametrize(
    ("name", "content", "says"),
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
def test_what_cannot_be_read_at_all_ends_with_2_and_one_line(run, tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    done = score(tmp_path / name, tmp_path / "out.csv", "--artifacts", run)
    assert done.returncode == 2
    assert done.stderr.startswith("score.py: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("options", "says"),
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
        (["--resume", "--input-form", "CSV", "--output-form", "CSV"], ""),
        (["--sheet", "1"], "The option sheet cannot be used for reviews.csv"),
        (["--delimiter", "ab"], "The delimiter must be one character"),
        (["--input-form", "jsonl", "--delimiter", "tab"], "The option delimiter cannot be used"),
        (["--input-form", "txt", "--delimiter", "none", "--no-header"], "which is read line by line"),
    ],
)
def test_an_option_that_does_not_fit_is_named(run, table, tmp_path, options, says):
    done = score(table, tmp_path / "out.csv", "--artifacts", run, *options)
    assert done.returncode == (2 if says else 0)
    assert says in done.stderr


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


def test_a_sheet_is_chosen_by_an_option(scored, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["codes"])
    sheet = book.create_sheet("Data")
    for row in [["id", "review"], [1, "good"]]:
        sheet.append(row)
    book.save(tmp_path / "in.xlsx")
    for sheet in ("Data", "2", "data"):
        assert rows_of(scored(tmp_path / "in.xlsx", "out.csv", "--sheet", sheet))[1][:2] == ["1", "good"]
    scored(tmp_path / "in.xlsx", "out.csv", "--sheet", "3", status=2)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_json_of_any_layout_is_scored_into_every_format(scored, tmp_path, form):
    reviews = [{"user": {"name": "Ann"}, "review": "good", "n": 1.5}, {"review": "bad"}]
    (tmp_path / "in.json").write_text(json.dumps({"reviews": reviews}, indent=2))
    output = scored(tmp_path / "in.json", f"out.{form}")
    if form == "jsonl":
        rows = [json.loads(line) for line in output.read_text().splitlines()]
        assert [{key: row[key] for key in review} for row, review in zip(rows, reviews, strict=True)] == reviews
    elif form == "csv":
        assert [row[:3] for row in rows_of(output)] == [
            ["user.name", "review", "n"],
            ["Ann", "good", "1.5"],
            ["", "bad", ""],
        ]
    else:
        assert pq.read_table(output)["n"].to_pylist() == [1.5, None]


def test_the_output_may_not_be_the_input(run, table):
    done = score(table, table, "--artifacts", run)
    assert done.returncode == 2
    assert "The output is the input" in done.stderr


def test_a_missing_input_is_reported_with_or_without_an_output(run, table):
    done = score(table.parent / "nothing.csv", table, "--artifacts", run)
    assert done.returncode == 2
    assert "There is no file" in done.stderr


def test_a_column_can_be_named_or_numbered(scored, tmp_path):
    (tmp_path / "in.csv").write_text("review,review,note\ngood,bad,dull\n")
    by_number = {n: rows_of(scored(tmp_path / "in.csv", "out.csv", "--text-column", n))[1][4] for n in "123"}
    assert len(set(by_number.values())) == 3
    assert rows_of(scored(tmp_path / "in.csv", "out.csv", "--text-column", "note"))[1][4] == by_number["3"]
    scored(tmp_path / "in.csv", "out.csv", "--text-column", "review", status=2)


def test_a_file_without_reviews_is_scored_with_a_doubt(run, tmp_path):
    (tmp_path / "prices.csv").write_text("item,price\n1,20\n2,30\n")
    done = score(tmp_path / "prices.csv", tmp_path / "out.csv", "--artifacts", run)
    assert done.returncode == 0
    assert "no column looks like reviews; item was scored, --text-column names another" in done.stderr
    named = score(tmp_path / "prices.csv", tmp_path / "out.csv", "--artifacts", run, "--text-column", "price")
    assert "this does not look like reviews; price was scored" in named.stderr


@pytest.mark.process
def test_pipes_take_the_place_of_files(run, table):
    command = [sys.executable, str(ROOT / "scripts/score.py"), "-", "-", "--artifacts", str(run)]
    done = subprocess.run(command, input=table.read_bytes(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"id,review,sentiment")
    assert done.stderr == b""
    lines = subprocess.run(
        [*command, "--input-form", "txt", "--output-form", "jsonl"], input=b"good\n", capture_output=True, timeout=60
    )
    assert json.loads(lines.stdout)["text"] == "good"


def test_explaining_names_the_words_that_pushed(scored, table):
    header, first, *_ = rows_of(scored(table, "out.csv", "--explain"))
    assert header[-2:] == ["words_positive", "words_negative"]
    named = dict(word.rsplit(":", 1) for cell in first[-2:] for word in cell.split())
    assert set(named) <= {"a", "good", "film", "not", "dull"}
    assert named
    assert all(float(word.rsplit(":", 1)[1]) >= 0 for word in first[-2].split())
    assert all(float(word.rsplit(":", 1)[1]) <= 0 for word in first[-1].split())


def test_a_json_says_how_the_output_came_about(scored, table, run):
    output = scored(table)
    report = json.loads(output.with_name("out.csv.json").read_text("utf-8"))
    assert report["rows"] == len(REVIEWS) == sum(report["counts"]["status"].values())
    assert report["model"]["run"] == run.name
    assert report["input"]["encoding"] == "utf-8"
    assert report["input"]["text_column"] == "review"
    assert report["options"]["arithmetic"] == "float32"
    assert not output.with_name("out.csv.parts").exists()


def test_int8_is_named_in_the_output_and_near_the_truth(scored, table):
    exact, fast = rows_of(scored(table)), rows_of(scored(table, "fast.csv", "--fast"))
    report = json.loads(table.with_name("fast.csv.json").read_text("utf-8"))
    assert report["options"]["arithmetic"] == "int8"
    assert report["options"]["int8_measured"] is None  # there is no benchmark next to this run
    moved = [abs(float(a[3]) - float(b[3])) for a, b in zip(exact[1:], fast[1:], strict=True) if a[3]]
    assert 0 < max(moved) < 0.05


@pytest.mark.parametrize("measured", ["this model", "another", "another way"])
def test_what_int8_changed_on_test_reviews_is_reported_if_it_was_measured(measured, scored, table, run):
    effect = {"labels_changed": 0.0004, "accuracy_change": 0.0001, "probability_change": 0.003}
    effect["way"] = "on paper" if measured == "another way" else int8_backend()
    model = "0" * 64 if measured == "another" else sha256(run / "model.onnx")
    of = {"run": {"model_sha256": model}, "fast": effect}
    (run.parent / "BENCHMARKS.json").write_text(json.dumps(of))
    try:
        report = json.loads(scored(table, "fast.csv", "--fast").with_name("fast.csv.json").read_text("utf-8"))
    finally:
        (run.parent / "BENCHMARKS.json").unlink()
    assert report["options"]["int8_measured"] == (effect if measured == "this model" else None)


def test_labels_in_the_file_are_what_the_verdicts_are_measured_against(run, tmp_path):
    verdicts = [p.label for p in Classifier.load(run).predict(["good", "bad", "dull"])]
    wrong = "negative" if verdicts[2] == "positive" else "positive"
    lines = ["review,truth", f"good,{verdicts[0]}", f"bad,{verdicts[1]}", f"dull,{wrong}", "film,unknown", ",positive"]
    (tmp_path / "in.csv").write_text("\n".join(lines))
    done = score(tmp_path / "in.csv", tmp_path / "out.csv", "--artifacts", run, "--label-column", "truth")
    assert done.returncode == 0
    assert "against 3 labels: accuracy 66.7% (" in done.stderr
    report = json.loads((tmp_path / "out.csv.json").read_text("utf-8"))
    assert report["against_labels"]["accuracy"] == pytest.approx(2 / 3)
    assert report["input"]["label_column"] == "truth"


def test_parquet_keeps_its_types(scored, tmp_path):
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
@pytest.mark.parametrize("length", [1, 5000])  # the longer one must be measured
def test_a_string_of_parquet_that_is_not_utf_8_is_unreadable_in_every_format(scored, tmp_path, length, kind):
    raw = pa.array([b"good", b"caf\xe9 bad" * length])
    table = pa.table({"review": pa.Array.from_buffers(pa.string(), 2, raw.buffers()).cast(kind)})
    pq.write_table(table, tmp_path / "in.parquet")
    if length == 5000:
        scored(tmp_path / "in.parquet", "out.xlsx", status=2)
    else:
        rows = [list(row) for row in openpyxl.load_workbook(scored(tmp_path / "in.parquet", "out.xlsx")).active.values]
        assert [[row[0], row[4]] for row in rows[1:]] == [["good", "ok"], ["caf\\xe9 bad", "unreadable"]]
    lines = scored(tmp_path / "in.parquet", "out.jsonl").read_text("utf-8").splitlines()
    rows = [[row["review"], row["status"]] for row in map(json.loads, lines)]
    assert rows == [["good", "ok"], ["caf\\xe9 bad" * length, "unreadable"]]
    assert [[row[0], row[4]] for row in rows_of(scored(tmp_path / "in.parquet"))[1:]] == rows
    assert pq.read_table(scored(tmp_path / "in.parquet", "out.parquet"))["review"].type == kind


def test_numbers_that_json_has_not_are_null_in_it_however_deep_they_lie(scored, tmp_path):
    nan, inf = float("nan"), float("inf")
    table = pa.table({"review": ["good"], "x": [nan], "list": [[1.0, nan]], "struct": [{"a": [{"b": inf}]}]})
    pq.write_table(table, tmp_path / "in.parquet")
    line = scored(tmp_path / "in.parquet", "out.jsonl").read_text()
    row = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert (row["x"], row["list"], row["struct"]) == (None, [1.0, None], {"a": [{"b": None}]})
    assert rows_of(scored(tmp_path / "in.parquet"))[1][2:4] == ["[1.0, null]", '{"a": [{"b": null}]}']


def test_bytes_are_the_text_they_hold_in_json_too(scored, tmp_path):
    pq.write_table(pa.table({"review": [b"good", b"caf\xe9"], "tags": [[b"a"], []]}), tmp_path / "in.parquet")
    rows = [json.loads(line) for line in scored(tmp_path / "in.parquet", "out.jsonl").read_text().splitlines()]
    assert [[row["review"], row["tags"]] for row in rows] == [["good", ["a"]], ["caf\\xe9", []]]
    assert [row[1] for row in rows_of(scored(tmp_path / "in.parquet"))[1:]] == ['["a"]', "[]"]


def test_a_column_of_parquet_that_holds_no_text_is_not_guessed(scored, tmp_path):
    pq.write_table(pa.table({"review": [1, 2], "text": ["a good film", "bad"]}), tmp_path / "in.parquet")
    rows = rows_of(scored(tmp_path / "in.parquet"))[1:]
    assert [row[:2] for row in rows] == [["1", "a good film"], ["2", "bad"]]
    assert [row[5] for row in rows] == ["ok", "ok"]


def test_a_workbook_keeps_numbers_dates_and_texts_apart(scored, tmp_path):
    book = openpyxl.Workbook()
    values = [["n", "date", "review", "flag"], [1, pd.Timestamp("2024-05-01").to_pydatetime(), "001 good", True], [0.1]]
    for row in values:
        book.active.append(row)
    book.save(tmp_path / "in.xlsx")
    after = [list(row[:4]) for row in openpyxl.load_workbook(scored(tmp_path / "in.xlsx", "out.xlsx")).active.values]
    assert after == [*values[:2], [0.1, None, None, None]]


def test_cells_too_many_in_a_workbook_change_none_of_our_columns(scored, tmp_path):
    book = openpyxl.Workbook()
    for row in [["review", "id"], ["bad film", 2, "x", 5, 6, 7, 8], ["good", 3, *[None] * 3, True, True]]:
        book.active.append(row)
    book.save(tmp_path / "in.xlsx")
    _, *rows = openpyxl.load_workbook(scored(tmp_path / "in.xlsx", "out.xlsx")).active.values
    assert [(*row[:2], row[5]) for row in rows] == [("bad film", 2, "ok"), ("good", 3, "ok")]
    assert [row[7][:19] for row in rows] == ["row 2: 7 cells for ", "row 3: 7 cells for "]


def test_surplus_cells_are_kept_and_counted_and_the_rows_are_scored_if_the_text_is_whole(run, tmp_path):
    rows = ['"bad, bad film",x,more,"and, more"', "good, but dull,x", "good,x"]
    (tmp_path / "in.csv").write_text("review,who\n" + "\n".join(rows) + "\n")
    done = score(tmp_path / "in.csv", tmp_path / "out.csv", "--artifacts", run)
    assert "1 row has more cells than there are columns; the rest is in the column problem\n" in done.stderr
    report = json.loads((tmp_path / "out.csv.json").read_text())
    assert (report["extra_cells"], len(report["unreadable"])) == (1, 1)
    _, *output = rows_of(tmp_path / "out.csv")
    assert [row[5] for row in output] == ["ok", "unreadable", "ok"]
    assert output[0][7] == 'line 2: 4 cells for 2 columns; left over: ["more", "and, more"]'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("Excellent\nDull\n", "First row used as the header: “Excellent”. If it is a review, use --no-header.\n"),
        ("Excellent,Bob\nDull,Ann\n", "First row used as the header: “Excellent”, “Bob”. If"),
        ("id,review\n1,good\n", ""),
        ("Great fun,Bob\nDull and long,Ann\n", ""),  # which is data, and scored
    ],
)
def test_a_header_in_doubt_is_named_although_nobody_sits_at_a_terminal(run, tmp_path, content, sentence):
    (tmp_path / "in.csv").write_text(content)
    done = score(tmp_path / "in.csv", tmp_path / "out.csv", "--artifacts", run)
    assert sentence in done.stderr
    assert ("used as the header" in done.stderr) is bool(sentence)
    given = score(tmp_path / "in.csv", tmp_path / "out.csv", "--artifacts", run, "--header")
    assert "used as the header" not in given.stderr


def test_json_lines_stay_as_they_were_written(scored, tmp_path):
    lines = ['{"review":"good",  "n": 1.10, "big": 123456789012345678901}', '{"review": null, "x": {"y": [1e5]}}', "{}"]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    after = scored(tmp_path / "in.jsonl", "out.jsonl").read_text().splitlines()
    assert [line.startswith(before[:-1]) for line, before in zip(after, lines, strict=True)] == [True] * 3
    assert [json.loads(line)["status"] for line in after] == ["ok", "empty", "empty"]
    assert rows_of(scored(tmp_path / "in.jsonl"))[1][:4] == ["good", "1.10", "123456789012345678901", ""]


def test_an_invalid_json_line_is_kept_among_numbers_in_every_format(scored, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"id": 1, "text": 5}\nnot json\n')
    lines = [json.loads(line) for line in scored(tmp_path / "in.jsonl", "out.jsonl").read_text().splitlines()]
    assert [(row["id"], row["text"]) for row in lines] == [(1, 5), (None, "not json")]
    rows = pq.read_table(scored(tmp_path / "in.jsonl", "out.parquet")).to_pylist()
    assert [(row["id"], row["text"]) for row in rows] == [(1, "5"), (None, "not json")]
    _, *rows = openpyxl.load_workbook(scored(tmp_path / "in.jsonl", "out.xlsx")).active.values
    assert [row[:2] for row in rows] == [(1, "5"), (None, "not json")]


def slowly(run, source, output, *options):
    """The command at work on a file that takes it a while."""
    command = [sys.executable, str(ROOT / "scripts/score.py"), str(source), str(output), "--artifacts", str(run)]
    return subprocess.Popen([*command, *options], stderr=subprocess.PIPE)


@pytest.fixture
def long_table(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.write("id,review\n")
        file.writelines(f"{i},a good film {i} is not dull {i % 7}\n" for i in range(20_000))
    return path


def wait_for_parts(output, process, count=2):
    folder = output.with_name(output.name + ".parts")
    while len(list(folder.glob("part-*.parquet"))) < count:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)


@pytest.mark.process
@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "parquet", "xlsx"])
def test_a_killed_run_resumes_to_the_same_output(scored, run, long_table, tmp_path, form):
    if form == "xlsx":
        lines = long_table.read_text().splitlines(keepends=True)
        long_table.write_text("".join(lines[:10_000]))
    output = tmp_path / f"resumed.{form}"
    process = slowly(run, long_table, output)
    wait_for_parts(output, process)
    process.kill()
    process.wait()
    process.stderr.close()
    assert not output.exists()
    scored(long_table, output.name, "--resume")
    unbroken = scored(long_table, f"unbroken.{form}")
    if form == "parquet":
        assert pq.read_table(output).equals(pq.read_table(unbroken))
    elif form == "xlsx":
        assert sheet_rows(output) == sheet_rows(unbroken)
    else:
        assert output.read_bytes() == unbroken.read_bytes()


def sheet_rows(path):
    with contextlib.closing(openpyxl.load_workbook(path, read_only=True)) as book:
        return list(book.active.values)


@pytest.mark.process
def test_resuming_keeps_the_finished_parts(scored, run, long_table, tmp_path):
    output = tmp_path / "out.csv"
    process = slowly(run, long_table, output)
    wait_for_parts(output, process)
    process.kill()
    process.wait()
    process.stderr.close()
    first = output.with_name("out.csv.parts") / "part-000000.parquet"
    table = pq.read_table(first)
    marked = table.set_column(1, "c1", pa.array(["kept"] * len(table), pa.string()))
    pq.write_table(marked, first)
    assert rows_of(scored(long_table, "out.csv", "--resume"))[1][1] == "kept"


@pytest.mark.process
def test_an_input_or_option_that_changed_is_refused(scored, run, long_table, tmp_path):
    output = tmp_path / "out.csv"
    process = slowly(run, long_table, output)
    wait_for_parts(output, process)
    process.kill()
    process.wait()
    process.stderr.close()
    done = score(long_table, output, "--artifacts", run, "--resume", "--explain")
    assert (done.returncode, "explain option changed" in done.stderr) == (2, True)
    with long_table.open("a") as file:
        file.write("x,one more\n")
    done = score(long_table, output, "--artifacts", run, "--resume")
    assert (done.returncode, "The input changed" in done.stderr) == (2, True)
    assert rows_of(scored(long_table, "out.csv"))[-1][:2] == ["x", "one more"]


def test_results_added_to_a_run_do_not_keep_it_from_resuming_and_another_model_does(table, tmp_path):
    run = tiny_run(tmp_path / "run")
    task = Task(table, tmp_path / "out.csv", "csv", folder=tmp_path / "parts", resume=True)
    score_file(task, load_bulk(run), lambda *sentence: None)
    add_parts(open_run(run), {"test.json": {"accuracy": 0.9}})
    content = score_file(task, load_bulk(run), lambda *sentence: None)
    assert content["model"]["manifest_sha256"] == sha256(run / "manifest.json")
    with pytest.raises(FileError, match="The model changed"):
        score_file(task, load_bulk(tiny_run(tmp_path / "other", seed=1)), lambda *sentence: None)


def test_nothing_to_resume_starts_from_the_beginning(scored, table):
    assert len(rows_of(scored(table, "out.csv", "--resume"))) == len(REVIEWS) + 1


@pytest.mark.process
def test_an_interrupted_run_ends_with_130_and_says_how_to_resume(run, long_table, tmp_path):
    process = slowly(run, long_table, tmp_path / "out.csv")
    wait_for_parts(tmp_path / "out.csv", process, 1)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"--resume" in stderr
    assert b"Traceback" not in stderr
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.process
def test_two_runs_never_work_on_one_output(run, long_table, tmp_path):
    process = slowly(run, long_table, tmp_path / "out.csv")
    wait_for_parts(tmp_path / "out.csv", process, 1)
    process.send_signal(signal.SIGSTOP)  # or it might be done before the other has begun
    done = score(long_table, tmp_path / "out.csv", "--artifacts", run)
    process.kill()
    process.communicate()
    assert done.returncode == 2
    assert "Another run is at work" in done.stderr

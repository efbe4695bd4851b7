"""Limits on memory: small files that would take much of it, chunks, unpacked data, and row groups of the output."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment import file_limits
from sentiment.bulk.writing import _grouped, unique_names
from sentiment.tables import base, formats
from sentiment.tables.base import Options
from sentiment.tables.delimited import DelimitedSource
from sentiment.tables.errors import FileError
from sentiment.tables.inspection import inspect
from sentiment.tables.open import open_source
from tests.hostile_files import zipped

pytestmark = pytest.mark.process

# Inspects files in a process with a gigabyte and a half of memory, and prints the number of rows or the error of each
CHILD = """
import json, resource, sys
from pathlib import Path
from sentiment import file_limits
from sentiment.tables.inspection import inspect
from sentiment.tables.errors import FileError
from sentiment.tables.base import Options
most = 1500 << 20
file_limits.MAX_UNPACKED_FREE = 50_000_000  # a fifth of its value, to save time
resource.setrlimit(resource.RLIMIT_DATA, (most, most))
outcomes = {}
for path in map(Path, sys.argv[1:]):
    try:
        outcomes[path.name] = f"{inspect(path, Options(), lambda *_: None).survey.rows} rows"
    except FileError as error:
        outcomes[path.name] = str(error)
    except BaseException as error:
        outcomes[path.name] = f"uncaught {type(error).__name__}: {error}"
print(json.dumps(outcomes))
"""
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>review</t></is></c></row>'
CELL = '<c r="{}" t="inlineStr"><is><t>good</t></is></c>'


def workbook(path: Path, rows: str, **parts: str) -> None:
    """A workbook whose first sheet has these rows of XML."""
    openpyxl.Workbook().save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["xl/worksheets/sheet1.xml"] = SHEET.format(rows).encode()
    members |= {f"xl/{name}.xml": content.encode() for name, content in parts.items()}
    path.write_bytes(zipped(members))


def repeated_parquet(path: Path, text: str, rows: int, *, in_lists_of: int = 0) -> None:
    """A Parquet file whose rows all hold one text, written once; or lists of it."""
    indices = pa.array(np.zeros(rows * max(in_lists_of, 1), "int32"))
    column = pa.DictionaryArray.from_arrays(indices, pa.array([text]))
    columns = {"review": column}
    if in_lists_of:
        offsets = pa.array(np.arange(rows + 1, dtype="int32") * in_lists_of)
        columns = {"review": ["good"] * rows, "tags": pa.ListArray.from_arrays(offsets, column)}
    pq.write_table(pa.table(columns), path, compression="zstd", dictionary_pagesize_limit=1 << 30, store_schema=False)


def plain_parquet(path: Path, size: int) -> None:
    """A Parquet file of one long text without a dictionary."""
    table = pa.table({"review": ["x" * size]})
    pq.write_table(table, path, compression="zstd", use_dictionary=False, write_statistics=False)


# By name: what writes the file, and what its inspection must say
FILES = {
    "dictionary.parquet": (lambda p: repeated_parquet(p, "x" * 4_000_000, 3_000), "unpacks to more than 50 MB"),
    "dictionary_in_lists.parquet": (
        lambda p: repeated_parquet(p, "y" * 100_000, 1_000, in_lists_of=300),
        "a row of more than 16,000,000 bytes",
    ),
    "long_value.parquet": (
        lambda p: repeated_parquet(p, "x" * 20_000_000, 100_000),
        "a cell of more than 16,000,000 bytes",
    ),
    "one_value.parquet": (lambda p: plain_parquet(p, 60_000_000), "unpacks to more than 50 MB"),
    "many_rows.parquet": (lambda p: repeated_parquet(p, "good", 15_000_000), "unpacks to more than 50 MB"),
    "wide.csv": (lambda p: p.write_text(",".join(["review"] * 100_000) + "\n" + "good\n" * 2_048), "4,096 columns"),
    "wide_and_empty.csv": (lambda p: p.write_text("," * 999_999 + "\n" + "good\n" * 100), "4,096 columns"),
    "long_names.csv": (lambda p: p.write_text("review," + "n" * 2_000_000 + "\ngood,1\n"), "column names of more"),
    "ragged.csv": (lambda p: p.write_text("review,id\n" + ("," * 2_000_000 + "x\n") * 8), "8 rows"),
    "wide_rows.jsonl": (
        lambda p: p.write_text("".join(json.dumps({f"k{i}": 1}) + "\n" for i in range(16_384))),
        "4,096 columns",
    ),
    "wide_row.jsonl": (lambda p: p.write_text(json.dumps({f"k{i}": 0 for i in range(500_000)})), "4,096 columns"),
    "long_keys.jsonl": (lambda p: p.write_text(json.dumps({"k" * 2_000_000: 0})), "column names of more"),
    "floats.jsonl": (lambda p: p.write_text('{"review":"good","a":[' + "1e1," * 500_000 + "0]}"), "1 rows"),
    "row_far_down.xlsx": (
        lambda p: workbook(p, f'{HEADER}<row r="2000000000">{CELL.format("A2000000000")}</row>'),
        "rows beyond 1,048,576",
    ),
    "gap.xlsx": (
        lambda p: workbook(p, f'{HEADER}<row r="1000000">{CELL.format("A1000000")}</row>'),
        "999,998 blank rows before row 1,000,000",
    ),
    "far_right.xlsx": (lambda p: workbook(p, f'<row r="1">{CELL.format("ZZZ1")}</row>'), "4,096 columns"),
    "beyond_all_columns.xlsx": (lambda p: workbook(p, f'<row r="1">{CELL.format("ZZZZZ1")}</row>'), "damaged"),
    "long_cell.xlsx": (
        lambda p: workbook(p, HEADER + CELL.replace("good", "x" * 60_000_000).join(["<row>", "</row>"])),
        "unpacks to more than 32 MB",
    ),
    "long_row.xlsx": (
        lambda p: workbook(p, f'{HEADER}<row r="2">{"<c/>" * 1_050_000}</row>'),
        "a row of more than 4,000,000 bytes",
    ),
    "styles.xlsx": (
        lambda p: workbook(p, HEADER, styles="<styleSheet>" + "<xf/>" * 1_000_000 + "</styleSheet>"),
        "such as its styles",
    ),
    "strings.xlsx": (
        lambda p: workbook(p, HEADER, sharedStrings="<sst>" + "<si/>" * 8_000_000 + "</sst>"),
        "unpacks to more than 32 MB",
    ),
    "packed.csv.gz": (
        lambda p: p.write_bytes(gzip.compress(b"review\n" + b"x" * 60_000_000)),
        "unpacks to more than 50 MB",
    ),
    "packed.csv.zst": (
        lambda p: p.write_bytes(pa.compress(b"review\n" + b"x" * 60_000_000, "zstd", asbytes=True)),
        "unpacks to more than 50 MB",
    ),
    "packed.zip": (
        lambda p: p.write_bytes(zipped({"a.txt": b"x" * 60_000_000})),
        "unpacks to more than 50 MB",
    ),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """The outcome of the inspection of each file."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, (make, _) in FILES.items():
        make(folder / name)
        assert (folder / name).stat().st_size < 20_000_000  # else it is not small
    command = [sys.executable, "-c", CHILD, *(str(folder / name) for name in FILES)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout)


@pytest.mark.parametrize("name", FILES)
def test_a_file_made_to_fill_the_memory_does_not(name, outcomes):
    _, expected = FILES[name]
    assert re.search(rf"\b{re.escape(expected)}", outcomes[name]), outcomes[name]
    assert "uncaught" not in outcomes[name]


def write_short_rows(folder: Path) -> list[Path]:
    """Writes files of a hundred rows that each lack two of three cells."""
    csv, jsonl, xlsx = (folder / f"short.{form}" for form in ("csv", "jsonl", "xlsx"))
    csv.write_text("review,a,b\n" + "good\n" * 100)
    jsonl.write_text('{"review": "good", "a": 1, "b": 2}\n' + '{"review": "good"}\n' * 100)
    book = openpyxl.Workbook()
    book.active.append(["review", "a", "b"])
    for _ in range(100):
        book.active.append(["good", None, None])
    book.save(xlsx)
    return [csv, jsonl, xlsx]


def test_the_number_of_missing_cells_is_limited(tmp_path, monkeypatch):
    for path in write_short_rows(tmp_path):
        monkeypatch.setattr(file_limits, "MAX_MISSING", 200)
        assert inspect(path, Options(), lambda *_: None).survey.rows in (100, 101)
        monkeypatch.setattr(file_limits, "MAX_MISSING", 199)
        with pytest.raises(FileError, match=r"More than 199 cells of .* are missing"):
            inspect(path, Options(), lambda *_: None)


@pytest.mark.parametrize("size", [10, 1_000, 10_000])
def test_a_chunk_exceeds_its_limits_by_one_row_at_most(size, tmp_path, monkeypatch):
    monkeypatch.setattr(base, "CHUNK_CHARACTERS", 5_000)
    monkeypatch.setattr(base, "CHUNK_CELLS", 60)
    path = tmp_path / "in.csv"
    path.write_text("review,a,b\n" + ("x" * size + ",1\n") * 100)
    chunks = [len(chunk.texts) for chunk in open_source(path).chunks(0)]
    assert sum(chunks) == 100
    assert max(chunks) <= max(1, min(20, 5_000 // size + 1))
    surplus = tmp_path / "surplus.csv"
    surplus.write_text("review,a\n" + ("good,1," + "x" * size + "\n") * 100)
    assert max(len(chunk.texts) for chunk in open_source(surplus).chunks(0)) <= max(1, min(30, 5_000 // size + 1))


def test_a_parquet_chunk_counts_every_repetition_of_a_text_in_a_dictionary(tmp_path, monkeypatch):
    monkeypatch.setattr("sentiment.tables.parquet.CHUNK_CHARACTERS", 100_000)
    for name, kind in (("plain", pa.string()), ("category", pa.dictionary(pa.int32(), pa.string()))):
        column = pa.array(["x" * 1_000] * 2_000).cast(kind)
        pq.write_table(pa.table({"review": column}), tmp_path / f"{name}.parquet")
        chunks = [len(chunk.texts) for chunk in open_source(tmp_path / f"{name}.parquet").chunks(0)]
        assert sum(chunks) == 2_000
        assert max(chunks) <= 256


@pytest.mark.parametrize("extra", [0, 1])
@pytest.mark.parametrize("format", ["gz", "zst", "zip"])
def test_packed_data_may_unpack_to_the_limit_but_not_to_a_byte_more(format, extra, tmp_path, monkeypatch):
    monkeypatch.setattr(file_limits, "MAX_UNPACKED_FREE", 1_000_000)
    monkeypatch.setattr(file_limits, "MAX_UNPACKED_RATIO", 1)
    text = b"review\n" + b"x" * (1_000_000 - 7 + extra)
    pack = {
        "gz": gzip.compress,
        "zst": lambda content: pa.compress(content, "zstd", asbytes=True),
        "zip": lambda content: zipped({"in.csv": content}),
    }
    path = tmp_path / f"in.csv.{format}"
    path.write_bytes(pack[format](text))
    if not extra:
        assert DelimitedSource(path, "csv", format, Options()).columns == ["review"]
        return
    with pytest.raises(FileError, match="unpacks to more than 1 MB, too much for a file of its size; use it unpacked"):
        open_source(path)


def test_text_that_compresses_as_usual_is_not_refused(tmp_path):
    """A packed file may unpack to 200 times its size, and to 256 MB whatever its size."""
    assert file_limits.unpacked_limit(1_000) == 256_000_000
    assert file_limits.unpacked_limit(100_000_000) == 20_000_000_000
    path = tmp_path / "in.csv.gz"
    path.write_bytes(gzip.compress(b"review\n" + b"a good film\n" * 1_000_000))
    with formats.open_bytes(path, "gz") as file:
        assert sum(map(len, iter(lambda: file.read(1 << 20), b""))) == 12_000_007


def test_a_workbook_keeps_blank_rows_between_others_up_to_the_limit(tmp_path, monkeypatch):
    path = tmp_path / "gap.xlsx"
    workbook(path, f'{HEADER}<row r="12">{CELL.format("A12")}</row>')
    monkeypatch.setattr("sentiment.tables.xlsx.MAX_BLANK_ROWS", 10)
    assert [row.line for row in open_source(path).rows()] == list(range(2, 13))
    monkeypatch.setattr("sentiment.tables.xlsx.MAX_BLANK_ROWS", 9)
    with pytest.raises(FileError, match="10 blank rows before row 12"):
        open_source(path)


def test_reading_a_workbook_does_not_change_the_filters_of_warnings(tmp_path):
    path = tmp_path / "in.xlsx"
    workbook(path, HEADER + "".join(f'<row r="{i}">{CELL.format(f"A{i}")}</row>' for i in range(2, 300)))
    rows = open_source(path).rows()
    before = list(warnings.filters)
    next(rows)
    assert warnings.filters == before


def test_parts_are_joined_to_row_groups_of_a_good_size():
    small = pa.table({"text": ["good"] * 2_048})
    groups = [sum(table.num_rows for table in group) for group in _grouped(iter([small] * 70))]
    assert groups == [65_536, 65_536, 12_288]
    large = pa.table({"text": ["x" * 30_000_000]})
    assert [len(group) for group in _grouped(iter([large] * 7))] == [3, 3, 1]
    assert list(_grouped(iter([]))) == []


def test_thousands_of_columns_with_one_name_get_different_names():
    names = unique_names(["a"] * 4_096)
    assert names[:3] == ["a", "a_2", "a_3"]
    assert len(set(names)) == 4_096
    assert unique_names(["", "b", "b", "b_2", "", "column_5"]) == [
        "column_1",
        "b",
        "b_3",
        "b_2",
        "column_5_2",
        "column_5",
    ]


class TooLarge:
    """Packed data that need more memory than there is, as LZMA may."""

    def read(self, size):
        raise MemoryError


def test_packed_data_that_need_too_much_memory_are_refused_in_a_sentence():
    stream = file_limits.BoundedStream(TooLarge(), 100, "reviews.zip")
    with pytest.raises(file_limits.LimitError, match=r"^reviews\.zip needs too much memory to unpack;.*\.$"):
        stream.read(10)

"""No table for users has a cell or a column name that a spreadsheet would run as a formula."""

from __future__ import annotations

import ast
import csv
import io
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from sentiment.app.shared import chart_block
from sentiment.bulk.pipeline import Task, score_file
from sentiment.tables.spreadsheets import escape_formula

HOME = Path(__file__).resolve().parent.parent
SIGNS = "=+-@＝＋－＠"
IGNORED = (  # skipped by at least one spreadsheet at the start of a cell
    " \t\r\n\x00\x01\x0b\x0c\x1f\x7f\x85\xa0\xad\u061c\u1680\u180e\u2003\u2007\u200b\u200e\u2028\u202e"
    "\u202f\u2060\u3000\ufe0f\ufeff\ufffe"
)
HOSTILE = [
    *(sign + "SUM(A1)" for sign in SIGNS),
    *(ignored + "=1+1" for ignored in IGNORED),
    *("\t good", "\rgood", "\ngood"),
    *("  =1+1", "\ufeff\x00 @x", "\u200b\u200b-x", " ＝1", "-2+3", "+1 (555) x", "=-1", "@1", "--1", "-1-", "-"),
]
PLAIN = [
    *("-1.5", "+3", "1e5", "-1e-5", "-1,000.5", "-.5", "+5%", " -1.5", "\xa0-2", "0"),
    *("", " ", "good = fine", "a - b", "me@home", "'=1", "\xa0good", "\u200bgood", "5-4"),
]


def csv_rows(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize("cell", HOSTILE, ids=ascii)
def test_a_cell_that_is_a_formula_gets_an_apostrophe(cell):
    assert escape_formula(cell) == "'" + cell


@pytest.mark.parametrize("cell", PLAIN, ids=ascii)
def test_numbers_and_plain_text_stay_as_they_are(cell):
    assert escape_formula(cell) == cell


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A file of hostile and plain cells, with hostile column names."""
    path = tmp_path_factory.mktemp("in") / "in.jsonl"
    cells = [*HOSTILE, *PLAIN]
    rows = [{"review": f"good {i}", **{f"{name}!": cell for name in HOSTILE}} for i, cell in enumerate(cells)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def table_rows(output: Path) -> list[list[str]]:
    if output.suffix == ".xlsx":
        rows = openpyxl.load_workbook(output).active.iter_rows()
        assert all(cell.data_type != "f" for row in rows for cell in row)
        unescape = openpyxl.utils.escape.unescape
        rows = openpyxl.load_workbook(output).active.values
        return [[unescape(str("" if cell is None else cell)) for cell in row] for row in rows]
    return csv_rows(output.read_bytes().decode(), "\t" if output.suffix == ".tsv" else ",")


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "xlsx"])
def test_every_spreadsheet_format_escapes_cells_and_names_by_default(suffix, raw, classifier, source, tmp_path):
    output = tmp_path / f"out.{suffix}"
    score_file(Task(source, output, suffix, text_column="review", raw=raw), classifier, lambda *_: None)
    header, *rows = table_rows(output)
    apostrophe = "" if raw else "'"
    assert header[1 : len(HOSTILE) + 1] == [f"{apostrophe}{name}!" for name in HOSTILE]
    for row, cell in zip(rows, [*HOSTILE, *PLAIN], strict=True):
        expected = apostrophe + cell if cell in HOSTILE else cell
        assert set(row[1 : len(HOSTILE) + 1]) == {expected}


def test_every_table_that_the_app_offers_escapes_cells_and_names():
    frame = pd.DataFrame({f"{name}!": [*HOSTILE, *PLAIN] for name in HOSTILE})
    header, *rows = csv_rows(chart_block.escaped_csv(frame))
    assert header == [f"'{name}!" for name in HOSTILE]
    for row, cell in zip(rows, [*HOSTILE, *PLAIN], strict=True):
        assert set(row) == {"'" + cell if cell in HOSTILE else cell}


# These modules write tables that no visitor gets: metrics of a training run, or files that only this program reads.
INTERNAL_WRITERS = {
    "sentiment/dataset/stored_reading.py",
    "sentiment/training/callbacks.py",
    "dev/benchmarking/classical.py",
    "dev/benchmarking/growth.py",
    "dev/benchmarking/setting.py",
    "dev/proofs/mutations.py",
}
WRITING_CALLS = {"to_csv", "writer", "DictWriter", "to_excel"}


def test_no_other_module_writes_a_table_for_users():
    found = set()
    for path in [*HOME.glob("sentiment/**/*.py"), *HOME.glob("scripts/*.py"), *HOME.glob("dev/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITING_CALLS:
                found.add(path.relative_to(HOME).as_posix())
    assert found == {"sentiment/app/shared/chart_block.py", "sentiment/bulk/writing.py"} | INTERNAL_WRITERS

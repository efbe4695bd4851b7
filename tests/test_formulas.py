"""No table that leaves the program holds a cell or a name of a column that a spreadsheet would run."""

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
IGNORED = (
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


def csv_of(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize("cell", HOSTILE, ids=ascii)
def test_a_cell_that_would_run_gets_an_apostrophe(cell):
    assert escape_formula(cell) == "'" + cell


@pytest.mark.parametrize("cell", PLAIN, ids=ascii)
def test_numbers_and_plain_text_stay_as_they_are(cell):
    assert escape_formula(cell) == cell


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A file of hostile and of plain cells, under names of columns that are hostile too."""
    path = tmp_path_factory.mktemp("in") / "in.jsonl"
    cells = [*HOSTILE, *PLAIN]
    rows = [{"review": f"good {i}", **{f"{name}!": cell for name in HOSTILE}} for i, cell in enumerate(cells)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def table_of(output: Path) -> list[list[str]]:
    if output.suffix == ".xlsx":
        rows = openpyxl.load_workbook(output).active.iter_rows()
        assert all(cell.data_type != "f" for row in rows for cell in row)
        unescape = openpyxl.utils.escape.unescape
        rows = openpyxl.load_workbook(output).active.values
        return [[unescape(str("" if cell is None else cell)) for cell in row] for row in rows]
    return csv_of(output.read_bytes().decode(), "\t" if output.suffix == ".tsv" else ",")


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("form", ["csv", "tsv", "xlsx"])
def test_every_spreadsheet_format_escapes_cells_and_names_by_default(form, raw, classifier, source, tmp_path):
    output = tmp_path / f"out.{form}"
    score_file(Task(source, output, form, text_column="review", raw=raw), classifier, lambda *_: None)
    header, *rows = table_of(output)
    before = "" if raw else "'"
    assert header[1 : len(HOSTILE) + 1] == [f"{before}{name}!" for name in HOSTILE]
    for row, cell in zip(rows, [*HOSTILE, *PLAIN], strict=True):
        expected = before + cell if cell in HOSTILE else cell
        assert set(row[1 : len(HOSTILE) + 1]) == {expected}


def test_every_table_that_the_app_offers_escapes_cells_and_names():
    frame = pd.DataFrame({f"{name}!": [*HOSTILE, *PLAIN] for name in HOSTILE})
    header, *rows = csv_of(chart_block.escaped_csv(frame))
    assert header == [f"'{name}!" for name in HOSTILE]
    for row, cell in zip(rows, [*HOSTILE, *PLAIN], strict=True):
        assert set(row) == {"'" + cell if cell in HOSTILE else cell}


# Those that write what no visitor sees: figures of a training run, or what only this program reads.
FIGURES = {
    "sentiment/dataset/stored_reading.py",
    "sentiment/training/callbacks.py",
    "dev/benchmarking/classical.py",
    "dev/benchmarking/growth.py",
    "dev/benchmarking/setting.py",
    "dev/proofs/mutations.py",
}
WRITERS = {"to_csv", "writer", "DictWriter", "to_excel"}


def test_no_table_leaves_but_by_the_writers_tried_here():
    found = set()
    for path in [*HOME.glob("sentiment/**/*.py"), *HOME.glob("scripts/*.py"), *HOME.glob("dev/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITERS:
                found.add(path.relative_to(HOME).as_posix())
    assert found == {"sentiment/app/shared/chart_block.py", "sentiment/bulk/writing.py"} | FIGURES

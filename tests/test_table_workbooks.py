"""Excel workbooks: the sheet that is read, rows above its header, and formulas without a value."""

from __future__ import annotations

from functools import partial

import pytest

from sentiment.tables.errors import FileError
from tests.table_files import TABLE, read_table, workbook


@pytest.fixture
def read(tmp_path):
    return partial(read_table, tmp_path)


@pytest.mark.parametrize(
    ("sheets", "sheet", "note"),
    [
        ({"A": TABLE}, "A", ""),
        ({"empty": [], "A": TABLE}, "A", ""),
        ({"Info": [["This is about the reviews."], ["Made in May."]], "A": TABLE}, "A", "not “Info”"),
        ({"hidden": TABLE, "A": TABLE}, "A", "Hidden sheets are not read: “hidden”"),
        ({"A": TABLE, "B": TABLE}, "A", "not “B”"),
        ({"A": [["review"], ["good"]], "Codes": TABLE}, "A", "not “Codes”"),
    ],
)
def test_the_first_visible_sheet_with_a_table_is_read(read, sheets, sheet, note):
    found = read("in.xlsx", workbook(**sheets))
    assert found.detected["sheet"] == sheet
    assert note in found.notes if note else not found.notes


@pytest.mark.parametrize("sheet", ["hidden one", "2", "HIDDEN ONE"])
def test_a_sheet_is_chosen_by_name_or_number(read, sheet):
    content = workbook(A=TABLE, **{"hidden one": [["review"], ["good"]]})
    assert read("in.xlsx", content, sheet=sheet).rows == [["good"]]
    with pytest.raises(FileError, match=r"There is no sheet C in in\.xlsx; the sheets are A, hidden one"):
        read("in.xlsx", content, sheet="C")


@pytest.mark.parametrize(
    "above",
    [
        [["Hotel reviews"]],
        [[None, "Hotel reviews"], [], ["Made in May"]],
        [["", None, "Ratings"]],
        [[]],
    ],
)
def test_rows_above_the_header_of_a_sheet_are_left_out(read, above):
    found = read("in.xlsx", workbook(A=[*above, *TABLE]))
    assert (found.columns, len(found.rows), found.rows[0]) == (TABLE[0], 3, ["1", "We liked it", "5"])
    assert ("Left out above the table" in found.notes) is any(map(any, above))


@pytest.mark.parametrize("header", [True, False])
def test_no_row_above_a_table_is_left_out_if_the_options_state_the_header(read, header):
    content = workbook(A=[["Report"], *TABLE])
    assert len(read("in.xlsx", content).rows) == 3
    assert len(read("in.xlsx", content, header=header).rows) == 5 - header


def test_a_workbook_whose_only_table_is_hidden_is_refused(read):
    with pytest.raises(FileError, match=r"in\.xlsx has no rows on its visible sheets"):
        read("in.xlsx", workbook(A=[], hidden=TABLE))


def test_formulas_without_a_saved_value_are_counted(read):
    rows = [["id", "review"], *([i, '="a"&"b"' if i % 2 else "fine"] for i in range(1000))]
    found = read("in.xlsx", workbook(A=rows))
    assert "500 formulas have no saved value" in found.notes
    assert len(found.rows) == 1000

"""The header of a table is found below a title and next to row names, or its absence is noticed."""

from __future__ import annotations

import csv
import io
from functools import partial

import pytest

from tests.table_files import read_table

R_NAMES = ["row_name", "review", "stars"]


@pytest.fixture
def read(tmp_path):
    return partial(read_table, tmp_path)


@pytest.mark.parametrize("header", [True, False])
def test_no_row_above_a_table_is_left_out_if_the_options_state_the_header(read, header):
    lines = [["Report", "", ""], ["id", "review", "stars"], ["1", "good", "5"]]
    content = "\n".join(",".join(line) for line in lines)
    assert "Report" in read("in.csv", content).notes
    found = read("in.csv", content, header=header)
    assert found.rows == lines[header:]
    assert not found.notes


@pytest.mark.parametrize(
    ("content", "columns", "first", "note"),
    [
        (
            '"review","stars"\n"1","We liked it, a lot",5\n"2","Dull",1\n',
            R_NAMES,
            ["1", "We liked it, a lot", "5"],
            "row_name",
        ),
        ("review\tstars\nAnn\tWe liked it\t5\nBob\tDull\t1\n", R_NAMES, ["Ann", "We liked it", "5"], "row_name"),
        (
            '"review" "stars"\n"1" "We liked it, a lot" 5\n"2" "Dull" 1\n',
            R_NAMES,
            ["1", "We liked it, a lot", "5"],
            "row_name",
        ),
        ("Comments:\n1,Thanks\n2,Good\n", ["row_name", "Comments:"], ["1", "Thanks"], "row_name"),
        (
            "Report,,\n,,\nid,review,stars\n1,good,5\n2,bad,1\n",
            ["id", "review", "stars"],
            ["1", "good", "5"],
            "“Report”",
        ),
        ("All our reviews\nid;review\n1;good\n2;bad\n", ["id", "review"], ["1", "good"], "“All our reviews”"),
        (
            "List export v7\nDate,Name,URL\n2024-01-01,Mine,x\n\nPosition,Name,URL\n1,Film A,y\n2,Film B,z\n",
            ["Position", "Name", "URL"],
            ["1", "Film A", "y"],
            "“List export v7”",
        ),
        ("id,review,note\n1,good,x,\n2,bad,y,\n", ["id", "review", "note"], ["1", "good", "x", ""], ""),
        (",review\n0,good\n1,bad\n", ["", "review"], ["0", "good"], ""),
        (",review,\n0,good,x\n1,bad,y\n2,dull,z\n", ["", "review", ""], ["0", "good", "x"], ""),
        ("id,review\n1,good, long\n2,bad, dull\n", ["id", "review"], ["1", "good", " long"], ""),
        ("review\nGood, really good\nBad, not good\nNice, fine\n", ["review"], ["Good, really good"], ""),
        ("comment\nA, b, c\nD, e, f\nG, h, i\nJ, k, l\nM, n, o\n", ["comment"], ["A, b, c"], ""),
    ],
)
def test_the_header_is_found_below_a_title_and_next_to_row_names(read, content, columns, first, note):
    found = read("in.csv", content)
    assert (found.columns, found.rows[0]) == (columns, first)
    assert note in found.notes if note else not found.notes


@pytest.mark.parametrize(
    "rows",
    [
        [["2024-01-02", "We liked it"], ["2024-01-03", "Dull"]],
        [["ham", "Great fun"], ["spam", "Win now"]],
        [["neutral", "A bank"], ["mixed", "A town"], ["positive", "A joy"]],
        [["It was fine, really.", "Ann"], ["Dull and long.", "Bob"]],
        [["5", "Great"], ["1", "Awful"]],
    ],
)
def test_a_first_row_that_is_like_the_others_is_data(read, rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    assert read("in.csv", text.getvalue()).rows == rows

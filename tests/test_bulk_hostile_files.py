"""The corpus of hostile files: what must come out of each does come out."""

import csv

import pytest

from sentiment.bulk.pipeline import Task, score_file
from sentiment.tables.base import Options
from sentiment.tables.errors import FileError
from tests.hostile_files import cases

CASES = list(cases())


def test_the_corpus_holds_sixty_cases_or_more_each_with_a_name_of_its_own():
    assert len({case.name for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_must_come_out_comes_out(case, classifier, tmp_path):
    source, output = tmp_path / case.name, tmp_path / "scored.csv"
    source.write_bytes(case.content)
    task = Task(source, output, "csv", raw=True, options=Options(**(case.options or {})))
    if case.error:
        with pytest.raises(FileError, match=case.error):
            score_file(task, classifier, lambda *_: None)
        assert not output.exists()
        return
    result = score_file(task, classifier, lambda *_: None)
    csv.field_size_limit(10**8)
    with output.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    width = len(case.columns)
    assert header[:width] == case.columns
    assert len(rows) == len(case.rows) == result["rows"]
    status, problem = header.index(result["columns"]["status"]), result["columns"].get("problem")
    for row, (cells, expected) in zip(rows, case.rows, strict=True):
        assert row[:width] == cells
        if expected == "ok":
            assert row[status] in ("ok", "mostly_unknown", "truncated")
        else:
            assert row[status] == expected
        if expected == "unreadable":
            assert row[header.index(problem)].startswith(("line ", "row "))

"""The corpus of hostile files (``tests/hostile_files.py``): each gives its expected rows or error."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sentiment.bulk.pipeline import Task, score_file
from sentiment.tables.base import Options
from sentiment.tables.errors import FileError
from tests.hostile_files import Case, cases

CASES = list(cases())


def written(case: Case, folder: Path) -> Task:
    """Writes the file of a case; returns the task that scores it."""
    (folder / case.name).write_bytes(case.content)
    options = Options(**(case.options or {}))
    return Task(folder / case.name, folder / "scored.csv", "csv", raw=True, options=options)


def test_the_corpus_has_at_least_sixty_cases_with_different_names():
    assert len({case.name for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", [case for case in CASES if case.error], ids=lambda case: case.name)
def test_a_file_that_cannot_be_read_is_refused_with_its_reason(case, classifier, tmp_path):
    with pytest.raises(FileError, match=case.error):
        score_file(written(case, tmp_path), classifier, lambda *_: None)
    assert not (tmp_path / "scored.csv").exists()


@pytest.mark.parametrize("case", [case for case in CASES if not case.error], ids=lambda case: case.name)
def test_a_hostile_file_gives_its_expected_rows(case, classifier, tmp_path):
    result = score_file(written(case, tmp_path), classifier, lambda *_: None)
    csv.field_size_limit(10**8)  # a case has longer cells than Python's limit
    with (tmp_path / "scored.csv").open(newline="", encoding="utf-8") as file:
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

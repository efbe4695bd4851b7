"""Tables downloaded from the app: no formula runs, nothing is lost, and no column has the name of another."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest

from sentiment import Classifier
from sentiment.app.bulk import downloads
from sentiment.app.shared import chart_block
from sentiment.bulk.parts import Parts
from sentiment.bulk.pipeline import Task, score_file
from sentiment.bulk.results import Results
from tests.tiny import tiny_run

NEW_COLUMNS = ["row", "sentiment", "p_positive", "confidence", "status", "tokens_read", "problem"]


def test_no_cell_of_a_downloaded_table_runs_in_a_spreadsheet():
    table = pd.DataFrame({"=text": ["=1+1", "-dull-", "a good film", None], "n": [1, -2, 3, 4]})
    assert chart_block.escaped_csv(table).splitlines() == ["'=text,n", "'=1+1,1", "'-dull-,-2", "a good film,3", ",4"]


def test_a_downloaded_table_is_read_back_as_it_was():
    cells = ["one\rtwo", "one\ntwo", "one\r\ntwo", 'a "quoted", word', "plain"]
    content = chart_block.escaped_csv(pd.DataFrame({"text": cells, "n": range(5)}))
    header, *rows = csv.reader(io.StringIO(content, newline=""))
    assert header == ["text", "n"]
    assert rows == [[cell, str(i)] for i, cell in enumerate(cells)]


@pytest.mark.parametrize("taken", [*NEW_COLUMNS, "other"])
def test_downloaded_rows_name_the_new_columns_as_the_whole_output_does(tmp_path, taken):
    (tmp_path / "in.csv").write_text(f'review,{taken}\r\n"a good\rfilm",=1\r\n', newline="")
    task = Task(tmp_path / "in.csv", tmp_path / "out.csv", "csv", folder=tmp_path / "parts")
    score_file(task, Classifier.load(tiny_run(tmp_path / "tiny")), lambda *_: None)
    content = downloads._selection_as_csv(Results(Parts(tmp_path / "parts"), ["review", taken], 0), np.array([0]))
    header, row = csv.reader(io.StringIO(content, newline=""))
    first, *others = [name if taken == "other" else f"predicted_{name}" for name in NEW_COLUMNS]
    assert header == [first, "review", taken, *others]
    assert row[:3] == ["1", "a good\rfilm", "'=1"]

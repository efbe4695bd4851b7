"""Tables that leave the app."""

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

OURS = ["row", "sentiment", "p_positive", "confidence", "status", "tokens_read", "problem"]


def test_no_cell_of_a_downloaded_table_runs_in_a_spreadsheet():
    sentence = chart_block.escaped_csv(
        pd.DataFrame({"=text": ["=1+1", "-dull-", "a good film", None], "n": [1, -2, 3, 4]})
    )
    assert sentence.splitlines() == ["'=text,n", "'=1+1,1", "'-dull-,-2", "a good film,3", ",4"]


def test_a_downloaded_table_is_read_back_as_it_was():
    cells = ["one\rtwo", "one\ntwo", "one\r\ntwo", 'a "quoted", word', "plain"]
    sentence = chart_block.escaped_csv(pd.DataFrame({"text": cells, "n": range(5)}))
    assert list(csv.reader(io.StringIO(sentence, newline=""))) == [
        ["text", "n"],
        *([c, str(i)] for i, c in enumerate(cells)),
    ]


@pytest.mark.parametrize("taken", [*OURS, "other"])
def test_if_one_of_our_names_is_taken_all_get_the_prefix_next_to_the_table_too(tmp_path, taken):
    (tmp_path / "in.csv").write_text(f'review,{taken}\r\n"a good\rfilm",=1\r\n', newline="")
    task = Task(tmp_path / "in.csv", tmp_path / "out.csv", "csv", folder=tmp_path / "parts")
    score_file(task, Classifier.load(tiny_run(tmp_path / "tiny")), lambda *_: None)
    sentence = downloads._selection_as_csv(Results(Parts(tmp_path / "parts"), ["review", taken], 0), np.array([0]))
    header, row = csv.reader(io.StringIO(sentence, newline=""))
    first, *ours = [name if taken == "other" else f"predicted_{name}" for name in OURS]
    assert header == [first, "review", taken, *ours]
    assert row[:3] == ["1", "a good\rfilm", "'=1"]

"""CSV files as TensorBoard saves them, one metric in each; the name of the file names the metric."""

from __future__ import annotations

import pytest

from sentiment.app.training import csv_logs
from sentiment.app.training.import_errors import ImportedHistoryError

LINES = b"Wall time,Step,Value\n1700000000.5,0,0.5\n1700000060.5,1,0.25\n"


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("run-train-tag-epoch_loss.csv", {"epoch": [1, 2], "loss": [0.5, 0.25]}),
        ("run-validation-tag-epoch_accuracy.csv", {"epoch": [1, 2], "val_accuracy": [0.5, 0.25]}),
        ("run-fit_b-validation-tag-epoch_loss.csv", {"epoch": [1, 2], "val_loss": [0.5, 0.25]}),
        ("run-.-tag-Loss_train.csv", {"step": [0, 1], "loss": [0.5, 0.25]}),
        ("logs/run-a-tag-lr-Adam.csv", {"step": [0, 1], "learning_rate": [0.5, 0.25]}),
        ("val_loss.csv", {"step": [0, 1], "val_loss": [0.5, 0.25]}),
    ],
)
def test_the_name_of_a_file_gives_metric_split_and_axis(name: str, columns: dict[str, list[float]]) -> None:
    remarks: list[str] = []
    frame = csv_logs.read(name, LINES, lambda *words: remarks.extend(words))
    assert {column: frame[column].tolist() for column in frame} == columns
    assert not remarks


def test_columns_may_be_quoted_reordered_and_separated_otherwise() -> None:
    lines = b'"value";"STEP";"Wall Time"\n0.5;7;1700000000\n'
    frame = csv_logs.read("run-train-tag-loss.csv", lines, lambda *_: None)
    assert frame.to_dict("list") == {"step": [7.0], "loss": [0.5]}


@pytest.mark.parametrize("name", ["data.csv", "run-train-tag-evaluation_time.csv", "run-train-tag-.csv", ".csv"])
def test_a_scalar_without_a_known_name_is_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(ImportedHistoryError, match="name it as TensorBoard does"):
        csv_logs.read(name, LINES, lambda *_: None)


def test_a_step_that_is_not_a_number_is_refused_in_a_sentence() -> None:
    with pytest.raises(ImportedHistoryError, match="not a number"):
        csv_logs.read("run-train-tag-epoch_loss.csv", LINES + b"1700000061,two,0.2\n", lambda *_: None)

"""Histories from elsewhere: read as they were written, or refused in a sentence."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.app.training import imported_histories
from sentiment.app.training.imported_histories import ImportedHistoryError


def varint(number: int) -> bytes:
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def event(step: int, tag: str, value: float, time: float = 0.0, tensor: bool = True) -> bytes:
    """An event as ``tf.summary.scalar`` writes it, in the file's framing (checksums are not looked at)."""
    held = field(8, b"\x08\x01" + field(4, struct.pack("<f", value))) if tensor else b"\x15" + struct.pack("<f", value)
    summary = field(5, field(1, field(1, tag.encode()) + held))
    record = b"\x09" + struct.pack("<d", time) + b"\x10" + varint(step) + summary
    return struct.pack("<Q", len(record)) + b"\0" * 4 + record + b"\0" * 4


@pytest.mark.parametrize("tensor", [True, False])
@settings(deadline=None)
@given(st.integers(0, 2**40), st.text(max_size=20), st.floats(width=32, allow_nan=False), st.floats(0, 2e9))
def test_a_scalar_is_read_as_it_was_written(tensor, step, tag, value, time):
    assert list(imported_histories.scalars(event(step, tag, value, time, tensor))) == [(time, step, tag, value)]


def test_tensorboard_logs_of_keras_become_a_history():
    files = {
        "logs/train/events.out.tfevents.1": event(0, "epoch_loss", 0.5, 60) + event(1, "epoch_loss", 0.25, 120),
        "logs/validation/events.out.tfevents.2": event(1, "epoch_accuracy", 0.75, 121),
    }
    history = imported_histories.from_events(files)
    rows = {(row["metric"], row["split"], row["epoch"]): row["value"] for row in history.to_dict("records")}
    assert rows == {("loss", "train", 1): 0.5, ("loss", "train", 2): 0.25, ("accuracy", "validation", 2): 0.75}
    assert set(history["run"]) == {"logs"}


def test_runs_side_by_side_in_a_folder_stay_apart():
    files = {
        f"logs/{run}/{split}/events.out.tfevents.1": event(0, "epoch_loss", loss)
        for run, split, loss in (("a", "train", 0.5), ("a", "validation", 0.6), ("b", "train", 0.25))
    }
    rows = imported_histories.from_events(files).to_dict("records")
    found = {(row["run"], row["split"]): row["value"] for row in rows}
    assert found == {
        ("logs/a", "train"): 0.5,
        ("logs/a", "validation"): pytest.approx(0.6),
        ("logs/b", "train"): 0.25,
    }


@pytest.mark.parametrize(
    ("tag", "metric", "split"),
    [("Loss/train", "loss", "train"), ("eval/loss", "loss", "validation"), ("val_acc", "accuracy", "validation"),
     ("train/learning_rate", "learning rate", "train")],
)  # fmt: skip
def test_scalars_that_other_programs_log_are_counted_in_steps(tag, metric, split):
    [row] = imported_histories.from_events({"logs/events.out.tfevents.1": event(500, tag, 0.5)}).to_dict("records")
    assert (row["metric"], row["split"], row["step"]) == (metric, split, 500)
    assert np.isnan(row["epoch"])


def test_a_record_that_is_still_being_written_is_left_out():
    whole = event(0, "epoch_loss", 0.5)
    assert len(list(imported_histories.scalars(whole + whole[:-9]))) == 1


def test_a_number_without_end_is_refused():
    record = b"\x10" + b"\xff" * 1_000 + b"\x01"
    with pytest.raises(ImportedHistoryError, match="no event files"):
        list(imported_histories.scalars(struct.pack("<Q", len(record)) + b"\0" * 4 + record + b"\0" * 4))


def test_a_file_of_csv_logger_becomes_a_history_with_epochs_from_one():
    content = b"epoch,acc,loss,lr,val_loss\n0,0.7,0.6,0.001,0.5\n1,0.8,0.4,0.001,0.45\n"
    history = imported_histories.from_csv("training.log", content)
    assert set(history["metric"]) == {"accuracy", "loss", "learning rate"}
    assert history[(history["split"] == "validation") & (history["epoch"] == 2)]["value"].tolist() == [0.45]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "other", ["value", "run", "split", "metric", "step", "minutes", "column", "date", "a b c", "acc"]
)
def test_whatever_separates_the_columns_and_whichever_stand_beside_them_a_history_is_read(separator, other):
    lines = [["epoch", other, "accuracy", "loss"], ["0", "1", "0.7", "0.6"], ["1", "2", "0.8", "0.4"]]
    if other == "date":
        lines[1][1] = lines[2][1] = "1 May 2026"
    history = imported_histories.from_csv("t.tsv", "\n".join(map(separator.join, lines)).encode())
    found = {(row["metric"], row["epoch"]): row["value"] for row in history.to_dict("records")}
    assert found == {("accuracy", 1): 0.7, ("accuracy", 2): 0.8, ("loss", 1): 0.6, ("loss", 2): 0.4}
    assert set(history["run"]) == {"t.tsv"}


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"epoch,loss\n0,high\n", b"\xff\xfe\x00", b"just words"])
def test_another_file_is_refused_in_a_sentence(content):
    with pytest.raises(ImportedHistoryError, match=r"^training\.log .*\.$"):
        imported_histories.from_csv("training.log", content)


@pytest.mark.parametrize(
    "content", [b"", b"no events at all, only words", event(0, "epoch_loss", 1.0)[:20] + b"\xff" * 99]
)
def test_other_files_are_no_event_files(content):
    with pytest.raises(ImportedHistoryError):
        imported_histories.from_events({"logs/events.out.tfevents.1": content})


@pytest.mark.parametrize("epoch", ["9" * 31, "-5", "1e300", "inf", "nan", ""])
def test_an_epoch_that_no_training_has_is_refused_in_a_sentence(epoch):
    content = f"epoch,loss\n0,0.5\n{epoch},0.4\n".encode()
    with pytest.raises(ImportedHistoryError, match=r"^training\.log counts .*\.$"):
        imported_histories.from_csv("training.log", content)


@pytest.mark.parametrize("step", [2**63 + 1, 2**64 - 1, 10**13])
def test_nor_is_a_step_that_no_training_has(step):
    with pytest.raises(ImportedHistoryError, match="counts an epoch or step"):
        imported_histories.from_events({"logs/events.out.tfevents.1": event(step, "epoch_loss", 0.5)})


def test_values_that_no_axis_can_show_are_left_out():
    content = b"epoch,loss,accuracy\n0,inf,0.5\n1,nan,0.6\n2,0.25,-inf\n"
    rows = imported_histories.from_csv("t.csv", content).to_dict("records")
    found = {(row["metric"], row["epoch"]): row["value"] for row in rows}
    assert found == {("accuracy", 1): 0.5, ("accuracy", 2): 0.6, ("loss", 3): 0.25}


def test_a_history_of_many_megabytes_is_refused(monkeypatch):
    monkeypatch.setattr(imported_histories, "_MAX_BYTES", 100)
    with pytest.raises(ImportedHistoryError, match="has more than"):
        imported_histories.from_csv("t.csv", b"epoch,loss\n" + b"0,0.5\n" * 50)
    with pytest.raises(ImportedHistoryError, match="has more than"):
        imported_histories.from_events({"a": b"\0" * 60, "b": b"\0" * 60})

"""Imported training histories: CSV files and TensorBoard logs are read, or refused in a sentence."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.proofs import mutations
from sentiment.app.training import imported_histories
from sentiment.app.training.import_errors import ImportedHistoryError
from tests.event_files import event, framed


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


def test_runs_in_one_folder_stay_separate():
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
def test_scalars_of_other_programs_are_counted_in_steps(tag, metric, split):
    [row] = imported_histories.from_events({"logs/events.out.tfevents.1": event(500, tag, 0.5)}).to_dict("records")
    assert (row["metric"], row["split"], row["step"]) == (metric, split, 500)
    assert np.isnan(row["epoch"])


def test_a_record_that_is_still_being_written_is_left_out():
    record = event(0, "epoch_loss", 0.5)
    assert len(list(imported_histories.scalars(record + record[:-9]))) == 1


def test_an_endless_number_is_refused():
    record = b"\x10" + b"\xff" * 1_000 + b"\x01"
    with pytest.raises(ImportedHistoryError, match="not TensorBoard event files"):
        list(imported_histories.scalars(framed(record)))


def test_a_file_of_csv_logger_becomes_a_history_that_counts_epochs_from_one():
    content = b"epoch,acc,loss,lr,val_loss\n0,0.7,0.6,0.001,0.5\n1,0.8,0.4,0.001,0.45\n"
    history = imported_histories.from_csv("training.log", content)
    assert set(history["metric"]) == {"accuracy", "loss", "learning rate"}
    assert history[(history["split"] == "validation") & (history["epoch"] == 2)]["value"].tolist() == [0.45]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "other", ["value", "run", "split", "metric", "step", "minutes", "column", "date", "a b c", "acc"]
)
def test_a_history_is_read_with_any_delimiter_and_any_other_columns(separator, other):
    lines = [["epoch", other, "accuracy", "loss"], ["0", "1", "0.7", "0.6"], ["1", "2", "0.8", "0.4"]]
    if other == "date":
        lines[1][1] = lines[2][1] = "1 May 2026"
    history = imported_histories.from_csv("t.tsv", "\n".join(map(separator.join, lines)).encode())
    found = {(row["metric"], row["epoch"]): row["value"] for row in history.to_dict("records")}
    assert found == {("accuracy", 1): 0.7, ("accuracy", 2): 0.8, ("loss", 1): 0.6, ("loss", 2): 0.4}
    assert set(history["run"]) == {"t.tsv"}


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"epoch,loss\n0,high\n", b"\xff\xfe\x00", b"just words"])
def test_a_csv_file_without_a_history_is_refused_in_a_sentence(content):
    with pytest.raises(ImportedHistoryError, match=r"^training\.log .*\.$"):
        imported_histories.from_csv("training.log", content)


@pytest.mark.parametrize(
    "content", [b"", b"no events at all, only words", event(0, "epoch_loss", 1.0)[:20] + b"\xff" * 99]
)
def test_a_file_without_events_is_refused(content):
    with pytest.raises(ImportedHistoryError):
        imported_histories.from_events({"logs/events.out.tfevents.1": content})


@pytest.mark.parametrize("epoch", ["9" * 31, "-5", "1e300", "inf", "nan", ""])
def test_an_impossible_epoch_is_refused_in_a_sentence(epoch):
    content = f"epoch,loss\n0,0.5\n{epoch},0.4\n".encode()
    with pytest.raises(ImportedHistoryError, match=r"^training\.log has an epoch .*\.$"):
        imported_histories.from_csv("training.log", content)


@pytest.mark.parametrize("step", [2**63 + 1, 2**64 - 1, 10**13])
def test_an_impossible_step_is_refused(step):
    with pytest.raises(ImportedHistoryError, match="has an epoch or step"):
        imported_histories.from_events({"logs/events.out.tfevents.1": event(step, "epoch_loss", 0.5)})


def test_values_that_are_not_finite_are_left_out():
    content = b"epoch,loss,accuracy\n0,inf,0.5\n1,nan,0.6\n2,0.25,-inf\n"
    rows = imported_histories.from_csv("t.csv", content).to_dict("records")
    found = {(row["metric"], row["epoch"]): row["value"] for row in rows}
    assert found == {("accuracy", 1): 0.5, ("accuracy", 2): 0.6, ("loss", 3): 0.25}


def test_a_history_of_too_many_bytes_is_refused(monkeypatch):
    monkeypatch.setattr(imported_histories, "HISTORY_BYTES", 100)
    with pytest.raises(ImportedHistoryError, match="has more than"):
        imported_histories.from_csv("t.csv", b"epoch,loss\n" + b"0,0.5\n" * 50)
    with pytest.raises(ImportedHistoryError, match="has more than"):
        imported_histories.from_events({"a": b"\0" * 60, "b": b"\0" * 60})


def values(history, metric: str = "loss", split: str = "train", at: str = "epoch") -> dict[float, float]:
    """Returns a line's values by epoch or step, each of which must occur once."""
    rows = history[(history["metric"] == metric) & (history["split"] == split)]
    assert rows[at].is_unique
    assert rows[at].is_monotonic_increasing
    return {at: pytest.approx(value) for at, value in zip(rows[at], rows["value"], strict=True)}


def read(content, name: str = "t.csv"):
    """Returns the history in a CSV text or in event files, and the remarks on it."""
    remarks: list[str] = []

    def note(_, sentence):
        remarks.append(sentence)

    if isinstance(content, str):
        return imported_histories.from_csv(name, content.encode(), note), remarks
    return imported_histories.from_events(content, note), remarks


def table(epochs, losses, header: str = "epoch,loss") -> str:
    """Returns a CSV text with a line for each epoch."""
    return "\n".join([header, *(f"{epoch},{loss}" for epoch, loss in zip(epochs, losses, strict=True))]) + "\n"


@pytest.mark.parametrize(
    ("epochs", "losses", "drawn", "said"),
    [
        ([0, 1, 2, 0, 1], [0.9, 0.8, 0.7, 0.5, 0.4], {1: 0.5, 2: 0.4}, "the second replaces epochs 1–3 of the first"),
        ([0, 1, 2, 3, 2, 3, 4], [9, 8, 7, 6, 5, 4, 3], {1: 9, 2: 8, 3: 5, 4: 4, 5: 3}, "replaces epochs 3–4 of"),
        ([0, 1, 2, 3, 4, 2], [9, 8, 7, 6, 5, 1], {1: 9, 2: 8, 3: 1}, "the second replaces epochs 3–5 of the first"),
        ([0, 1, 0, 1, 0], [6, 5, 4, 3, 2], {1: 2}, "It holds 3 fits; later ones replace epochs 1–2 of earlier ones"),
        ([0, 1, 1, 2], [4, 3, 2, 1], {1: 4, 2: 2, 3: 1}, "several values for epoch 2; the last is drawn"),
        ([0, 1, 2, 3], [4, 3, 2, 1], {1: 4, 2: 3, 3: 2, 4: 1}, None),
    ],
)
def test_a_fit_that_was_appended_replaces_the_epochs_from_which_it_starts(epochs, losses, drawn, said):
    history, remarks = read(table(epochs, losses))
    assert values(history) == drawn
    assert not remarks if said is None else said in " ".join(remarks)


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_each_epoch_has_one_value_which_is_the_last(epochs):
    drawn = values(read(table(epochs, range(len(epochs))))[0])
    expected = {}
    for place, epoch in enumerate(epochs):
        expected = {known: value for known, value in expected.items() if known <= epoch} | {epoch + 1: place}
    assert drawn == expected


def test_a_replaced_fit_is_not_drawn_where_the_newer_one_is_nan():
    history, remarks = read("epoch,loss,acc\n0,0.9,0.5\n1,0.8,0.6\n0,nan,0.7\n1,0.3,0.8\n")
    assert values(history) == {2: 0.3}
    assert values(history, "accuracy") == {1: 0.7, 2: 0.8}
    assert "1 of 4 values of loss are NaN or infinite and cannot be drawn." in remarks


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_repeated_header_is_not_read_as_values(end):
    content = table([0, 1], [0.9, 0.8]) + "\n" + table([0], [0.7]) + table([1], [0.6])
    history, remarks = read("\ufeff" + content.replace("\n", end))
    assert values(history) == {1: 0.7, 2: 0.6}
    assert remarks == ["It holds two fits; the second replaces epochs 1–2 of the first."]


def test_a_second_header_names_the_columns_below_it():
    history, _ = read("epoch,accuracy,loss\n0,0.5,0.9\n1,0.6,0.8\nepoch,loss,val_loss\n1,0.4,0.45\n")
    assert values(history) == {1: 0.9, 2: 0.4}
    assert values(history, split="validation") == {2: 0.45}
    assert values(history, "accuracy") == {1: 0.5}


def test_lines_with_more_or_fewer_cells_than_the_header_are_left_out_and_counted():
    history, remarks = read("epoch,accuracy,loss\n0,0.5,0.9\n1,0.6,0.8\n0,0.7,0.1,0.6,0.2\n1,0.9\n")
    assert values(history) == {1: 0.9, 2: 0.8}
    assert any(remark.startswith("2 lines have more or fewer cells") for remark in remarks)


def test_a_file_of_many_different_headers_is_refused():
    content = "".join(f"epoch,loss,x{i}\n0,0.5,1\n" for i in range(30))
    with pytest.raises(ImportedHistoryError, match="different headers"):
        read(content)


@pytest.mark.parametrize(
    ("trained", "validated"),
    [
        ("binary_accuracy", "val_binary_accuracy"),
        ("sparse_categorical_accuracy", "val_sparse_categorical_accuracy"),
        ("categorical_accuracy", "eval_categorical_accuracy"),
        ("weighted_acc", "val_weighted_acc"),
        ("weighted_binary_accuracy", "val_acc"),
        ("accuracy_1", "val_accuracy_1"),
        ("trainAcc", "validAcc"),
        ("Accuracy/train", "Accuracy/eval"),
        ("BinaryAccuracy", "VAL_ACC"),
    ],
)
def test_accuracy_is_recognised_by_its_many_names(trained, validated):
    history, remarks = read(f"epoch,loss,{trained},{validated}\n0,0.5,0.75,0.625\n")
    assert (values(history, "accuracy"), values(history, "accuracy", "validation")) == ({1: 0.75}, {1: 0.625})
    assert not remarks
    files = {
        "logs/train/tfevents": event(0, f"epoch_{trained}", 0.75),
        "logs/validation/tfevents": event(0, f"epoch_{validated}", 0.625),
    }
    history, remarks = read(files)
    assert (values(history, "accuracy"), values(history, "accuracy", "validation")) == ({1: 0.75}, {1: 0.625})
    assert not remarks


@pytest.mark.parametrize("other", ["top_k_categorical_accuracy", "binary_accuracy", "test_acc", "aux_loss"])
def test_a_metric_that_is_not_drawn_is_named(other):
    history, remarks = read(f"epoch,{other},loss,accuracy\n0,0.1,0.5,0.75\n")
    assert (values(history), values(history, "accuracy")) == ({1: 0.5}, {1: 0.75})
    assert remarks == [f"Not drawn: {other}."]
    logged = event(0, "epoch_loss", 0.5) + event(0, "epoch_accuracy", 0.75) + event(0, f"epoch_{other}", 0.1)
    history, remarks = read({"logs/train/tfevents": logged})
    assert (values(history), values(history, "accuracy")) == ({1: 0.5}, {1: 0.75})
    assert remarks == [f"Not drawn: epoch_{other}."]


def test_of_many_metrics_that_are_not_drawn_a_few_are_named():
    _, remarks = read(
        "epoch,loss," + ",".join(f"{letter}_loss" for letter in "abcdefghijkl") + "\n" + "1," * 13 + "1\n"
    )
    assert remarks == ["Not drawn: a_loss, b_loss, c_loss, d_loss, e_loss and 7 more."]


@pytest.mark.parametrize("value", ["nan", "NaN", "inf", "-inf"])
def test_a_loss_that_is_never_finite_is_reported_in_a_sentence(value):
    with pytest.raises(ImportedHistoryError, match=r"nothing to draw.*every value is NaN"):
        read(table([0, 1], [value] * 2))
    history, remarks = read(f"epoch,loss,accuracy\n0,{value},0.5\n1,{value},0.5\n")
    assert values(history, "accuracy") == {1: 0.5, 2: 0.5}
    assert remarks == ["Every value of loss is NaN or infinite and cannot be drawn."]
    events = [event(step, "epoch_loss", float(value), step) for step in (0, 1, 2)]
    with pytest.raises(ImportedHistoryError, match=r"nothing to draw.*every value is NaN"):
        read({"logs/train/tfevents": b"".join(events)})
    history, remarks = read({"logs/train/tfevents": b"".join([*events, event(1, "epoch_accuracy", 0.5)])})
    assert values(history, "accuracy") == {2: 0.5}
    assert remarks == ["Every value of epoch_loss is NaN or infinite and cannot be drawn."]


def test_a_header_without_rows_is_reported_as_no_finished_epoch():
    with pytest.raises(ImportedHistoryError, match="has no finished epoch"):
        read("epoch,loss\n")


def series(losses: dict[int, float], start: float, tag: str = "epoch_loss") -> bytes:
    """Returns events with the losses by step, a second apart."""
    return b"".join(event(step, tag, value, start + step) for step, value in losses.items())


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    "names", [("tfevents.1", "tfevents.2"), ("tfevents.9", "tfevents.10"), ("tfevents.b", "tfevents.a")]
)
def test_a_restarted_run_shows_its_newest_values_in_any_order_of_the_files(names, swapped):
    first, second = ({0: 1.0, 1: 0.9, 2: 0.8, 3: 0.7, 4: 0.6}, 100), ({2: 0.3, 3: 0.2}, 500)
    files = {}
    for split, shift in (("train", 0), ("validation", 0.05)):
        for name, (losses, start) in zip(names, (first, second), strict=True):
            files[f"logs/{split}/{name}"] = series({at: loss + shift for at, loss in losses.items()}, start)
    history, remarks = read(dict(reversed(files.items())) if swapped else files)
    assert values(history) == {1: 1.0, 2: 0.9, 3: 0.3, 4: 0.2}
    assert values(history, split="validation") == {1: 1.05, 2: 0.95, 3: 0.35, 4: 0.25}
    assert history.loc[history["split"] == "train", "minutes"].is_monotonic_increasing
    assert remarks == ["It holds two fits; the second replaces epochs 3–5 of the first."]


def test_validation_that_the_newer_fit_has_not_reached_is_dropped_as_well():
    files = {
        "logs/train/a": series({0: 1.0, 1: 0.9, 2: 0.8}, 100) + series({1: 0.5}, 500),
        "logs/validation/a": series({0: 1.1, 1: 1.0, 2: 0.95}, 100.5),
    }
    assert values(read(files)[0], split="validation") == {1: 1.1}


def test_a_run_that_resumes_without_going_back_keeps_all_its_values():
    files = {"logs/train/b": series({0: 1.0, 1: 0.9}, 100), "logs/train/a": series({2: 0.8, 3: 0.7}, 500)}
    history, remarks = read(files)
    assert values(history) == {1: 1.0, 2: 0.9, 3: 0.8, 4: 0.7}
    assert remarks == []


def test_steps_are_replaced_as_epochs_are_and_validation_may_count_differently():
    losses = series({100: 4, 200: 3, 300: 2}, 0, "Loss/train") + series({200: 1}, 1000, "Loss/train")
    validated = series({1: 4, 2: 3}, 350, "Loss/validation")
    history, remarks = read({"logs/a": losses + validated})
    assert values(history, at="step") == {100: 4, 200: 1}
    assert values(history, split="validation", at="step") == {1: 4, 2: 3}
    assert remarks == ["It holds two fits; the second replaces steps 200–300 of the first."]


def test_two_tags_of_one_metric_are_not_mixed():
    logged = series({0: 1, 1: 2}, 0, "train_loss_step") + series({0: 5, 1: 6}, 0.5, "train_loss_epoch")
    history, remarks = read({"logs/a": logged})
    assert values(history, at="step") == {0: 5, 1: 6}
    assert remarks == ["Not drawn: train_loss_step."]


def test_blank_cells_of_lightning_are_not_values():
    content = """epoch,lr-Adam,step,train_loss,val_acc,val_loss
,0.001,49,,,
0,,49,0.9,,
0,,99,0.7,,
0,,99,,0.6,0.65
,0.001,149,,,
1,,149,0.5,,
1,,199,,0.7,0.55
"""
    history, remarks = read(content)
    assert values(history) == {1: 0.8, 2: 0.5}
    assert values(history, split="validation") == {1: 0.65, 2: 0.55}
    assert values(history, "accuracy", "validation") == {1: 0.6, 2: 0.7}
    assert values(history, "learning rate") == {1: 0.001, 2: 0.001}
    assert sorted(set(history["step"])) == [99, 199]
    assert remarks == ["Training loss: the mean over each epoch is drawn."]
    again = content + "0,,49,0.4,,\n0,,99,,0.8,0.3\n"
    history, remarks = read(again)
    assert (values(history), values(history, split="validation")) == ({1: 0.4}, {1: 0.3})
    assert remarks[0] == "It holds two fits; the second replaces epochs 1–2 of the first."


def test_an_accuracy_without_a_split_is_of_validation_if_the_losses_name_theirs():
    history, _ = read("epoch,train_loss,valid_loss,accuracy,time\n0,0.7,0.6,0.65,00:12\n")
    assert (values(history), values(history, split="validation")) == ({1: 0.7}, {1: 0.6})
    assert values(history, "accuracy", "validation") == {1: 0.65}


def test_fractional_epochs_are_kept():
    history, _ = read(
        ",loss,learning_rate,epoch,step,eval_loss\n0,0.9,1e-3,0.5,50,\n1,0.7,5e-4,1.0,100,\n2,,,1.0,100,0.8\n"
    )
    assert values(history) == {0.5: 0.9, 1: 0.7}
    assert values(history, split="validation") == {1: 0.8}


def test_a_file_that_counts_steps_only_is_drawn_by_steps():
    history, _ = read("step,loss\n10,0.9\n20,0.8\n30,0.7\n20,0.5\n")
    assert values(history, at="step") == {10: 0.9, 20: 0.5}
    assert history["epoch"].isna().all()


@pytest.mark.parametrize("step", ["", "train"])
def test_a_step_that_is_not_a_number_is_ignored(step):
    assert values(read(f"epoch,step,loss\n0,{step},0.9\n1,{step},0.8\n")[0]) == {1: 0.9, 2: 0.8}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"epoch,loss\n" + b"1,0.5\n" * 300_000, "more than 200,000 lines"),
        (b"epoch,loss\n" + b'"' + b"x\n" * 1_000_000, "more than 200,000 lines"),
        (b"epoch,loss" + b",loss" * 500_000 + b"\n1,0.5\n", "more than 1,000 columns"),
        (b"epoch,loss\n1" + b",0.5" * 500_000 + b"\n", "more than 1,000 columns"),
    ],
)
def test_a_log_that_takes_too_long_to_read_is_refused_quickly(content, said):
    start = time.process_time()
    with pytest.raises(ImportedHistoryError, match=said):
        imported_histories.from_csv("log.csv", content)
    assert time.process_time() - start < 5  # seconds; reading all of it takes far longer


def test_event_files_with_too_many_scalars_are_refused(monkeypatch):
    monkeypatch.setattr(imported_histories, "HISTORY_ROWS", 7)
    [(name, content)] = [each for each in mutations.histories().items() if "tfevents" in each[0]]
    with pytest.raises(ImportedHistoryError, match="more than 7 scalars"):
        imported_histories.from_events({name: content})
    monkeypatch.setattr(imported_histories, "HISTORY_ROWS", 8)
    assert len(imported_histories.from_events({name: content})) == 8

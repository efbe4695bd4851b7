"""Training histories of other programs: CSV files such as those of Keras' CSVLogger, or TensorBoard's event files.

A training that was restarted has several values for an epoch. The newest wins, and the earlier fit's values at that
epoch and after it are dropped.

An event file is a sequence of records (TFRecord: length, checksum, content, checksum). Each is an ``Event`` in Protocol
Buffers' wire format. Only scalars are read, so TensorFlow is not needed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
import pandas as pd

from sentiment.app.training import csv_logs, metric_names, restarts
from sentiment.app.training.histories import METRICS, tidy
from sentiment.app.training.import_errors import ImportedHistoryError, Remark, ignore
from sentiment.budget import HISTORY_BYTES, HISTORY_ROWS

_MAX_COUNT = 10**12  # largest plausible epoch or step
_VARINT_BYTES = 10  # of the longest valid varint, which has 64 bits


class Scalar(NamedTuple):
    """One measurement in an event file; ``time`` in seconds since 1970."""

    time: float
    step: int
    tag: str
    value: float


def from_csv(name: str, content: bytes, remark: Remark = ignore) -> pd.DataFrame:
    """Reads a CSV file with a column of epochs or steps. Minutes are unknown.

    Whole epochs count from 0 in the file and from 1 in the history. Fractional ones, as written by Hugging Face's
    trainer, are not changed.

    Raises:
        ImportedHistoryError: it is not a training history, is too large, or has nothing to draw.
    """
    _check_size(name, len(content))
    frame = csv_logs.read(name, content, remark)
    if frame.empty:
        raise ImportedHistoryError(f"{name} has no finished epoch.")
    history = tidy(_by_epoch(name, frame, remark).assign(run=name, minutes=np.nan))
    if history.empty:
        raise ImportedHistoryError(f"{name} has nothing to draw, because every value is NaN, infinite or missing.")
    return history


def from_events(files: Mapping[str, bytes], remark: Remark = ignore) -> pd.DataFrame:
    """Reads the event files of a folder, given by their paths in it. Later events replace earlier ones after a restart.

    Each folder is a run; its subfolders named after a split, as Keras writes them, belong to it. Tags may name the
    split too, as in "Loss/train" or "eval/loss". Only tags that start with ``epoch_``, as in Keras, count epochs.

    Raises:
        ImportedHistoryError: they are not event files, are too large, or have no loss, accuracy or learning rate.
    """
    _check_size("This folder", sum(map(len, files.values())))
    rows: list[tuple[str, str | None, str, str, bool, float, float, float]] = []
    for path, content in sorted(files.items()):  # of events at the same time, that of the last file is newer
        folders = PurePosixPath(path).parts[:-1]
        split = metric_names.split_prefix(folders[-1]) if folders else None
        run = "/".join(folders if split is None else folders[:-1]) or "TensorBoard"
        for time, step, tag, value in scalars(content):
            column = metric_names.column(tag, split or "")
            if len(rows) >= HISTORY_ROWS:
                raise ImportedHistoryError(f"This folder has more than {HISTORY_ROWS:,} scalars; choose fewer files.")
            rows.append((run, column, path.rpartition("/")[0], tag, tag.startswith("epoch_"), step, time, value))
    frame = pd.DataFrame(rows, columns=["run", "column", "folder", "tag", "by_epoch", "step", "time", "value"])
    if frame["column"].isna().all():
        raise ImportedHistoryError("No loss, accuracy or learning-rate scalars found in these event files.")
    _check_counts("This folder", frame["step"].astype(np.float64))
    frame = frame.sort_values("time", kind="stable")
    history = pd.concat([_history(str(run), own, remark) for run, own in frame.groupby("run")])
    if history.empty:
        raise ImportedHistoryError("These event files have nothing to draw, because every value is NaN or infinite.")
    return history


def _check_size(name: str, size: int) -> None:
    if size > HISTORY_BYTES:
        raise ImportedHistoryError(f"{name} has more than {HISTORY_BYTES // 1_000_000} MB; choose a shorter history.")


def _check_counts(name: str, counts: pd.Series) -> None:
    """Refuses implausible epochs or steps, which a chart's axis cannot show."""
    if not counts.between(0, _MAX_COUNT).all():
        raise ImportedHistoryError(f"{name} has an epoch or step that is negative, missing or above {_MAX_COUNT:,}.")


def _by_epoch(name: str, frame: pd.DataFrame, remark: Remark) -> pd.DataFrame:
    """Returns a row for each epoch of a CSV file, or for each step if it has no whole epochs."""
    if "epoch" in frame and "step" in frame and frame["step"].isna().all():
        frame = frame.drop(columns="step")
    units = [unit for unit in ("epoch", "step") if unit in frame]
    if "step" in units:  # step loggers write a row for each metric and leave its other cells blank
        frame[units] = frame[units].bfill().ffill()
    for unit in units:
        _check_counts(name, frame[unit])
    whole = "epoch" in units and bool((frame["epoch"] % 1 == 0).all())
    frame[units[0]] += whole
    place = frame.groupby(units).ngroup()
    keep = restarts.kept(place.to_numpy(np.dtype("float64")), repeats="step" in units)
    if replaced := restarts.sentence(units[0], frame[units[0]].to_numpy(np.float64), keep):
        remark(name, replaced)
    frame = frame[keep].groupby(units, as_index=False).last()
    if whole and frame["epoch"].duplicated().any():
        averaged = [column for column in ("loss", "accuracy") if column in frame]
        others = [str(column) for column in frame if column not in ("epoch", *averaged)]
        epochs = frame.groupby("epoch", as_index=False)
        if (epochs[averaged].count()[averaged] > 1).any(axis=None):
            remark(name, f"Training {' and '.join(averaged)}: the mean over each epoch is drawn.")
        frame = epochs.agg({**dict.fromkeys(averaged, "mean"), **dict.fromkeys(others, "last")})
    if "step" in units and not frame["step"].is_monotonic_increasing:  # counted within an epoch
        frame = frame.drop(columns="step")
    return frame.reindex(columns=["epoch", "step", *(column for column in METRICS if column in frame)])


def _history(run: str, rows: pd.DataFrame, remark: Remark) -> pd.DataFrame:
    """Returns the history of one run from its events, the oldest first.

    If it has measurements by epoch, those by step are dropped.
    """
    by_epoch = bool(rows.loc[rows["column"].notna(), "by_epoch"].any())
    rows = rows[rows["by_epoch"] == by_epoch]
    drawn = _plainest(rows)
    if left := metric_names.undrawn(rows["tag"], drawn["tag"]):
        remark(run, left)
    rows = _newest(run, drawn, "epoch" if by_epoch else "step", remark)
    finite = rows["value"].map(np.isfinite)
    for tag, own in finite.groupby(rows["tag"]):
        csv_logs.remark_infinite_values(run, str(tag), own, remark)
    wide = rows.assign(value=rows["value"].where(finite)).pivot(index="step", columns="column", values="value")
    wide = wide.reset_index()
    minutes = wide["step"].map((rows.groupby("step")["time"].max() - rows["time"].min()) / 60)
    epoch, step = (wide["step"] + 1, np.nan) if by_epoch else (np.nan, wide["step"])
    return tidy(wide.assign(run=run, epoch=epoch, step=step, minutes=minutes))


def _plainest(rows: pd.DataFrame) -> pd.DataFrame:
    """Returns for each column the events of one tag in one folder, the one with the plainest name."""
    series = rows.groupby(["column", "folder", "tag"], sort=False).ngroup()  # -1 without a column
    first = rows.loc[~series.duplicated() & series.ge(0), ["column", "folder", "tag"]].assign(series=series)
    first = first.sort_values("tag", key=lambda tags: tags.map(metric_names.plainness), kind="stable")
    return rows[series.isin(first.drop_duplicates("column")["series"])]


def _newest(run: str, rows: pd.DataFrame, unit: str, remark: Remark) -> pd.DataFrame:
    """Drops events that a restart replaced. Where the steps of the training loss go back, all series were restarted."""
    keep = pd.Series(True, rows.index)
    remarks: dict[str, int] = {}
    pilot = rows[rows["column"] == "loss"]
    for _, own in rows.groupby("column"):
        steps, times = own["step"].to_numpy(np.float64), own["time"].to_numpy(np.float64)
        kept = restarts.kept(steps) & ~restarts.abandoned(
            steps, times, pilot["step"].to_numpy(np.float64), pilot["time"].to_numpy(np.float64)
        )
        keep[own.index] = kept
        remarks[restarts.sentence(unit, steps + (unit == "epoch"), kept)] = int((~kept).sum())
    if sentence := max(remarks, key=remarks.__getitem__, default=""):
        remark(run, sentence)
    return rows[keep]


def scalars(content: bytes) -> Iterator[Scalar]:
    """Yields the scalars of an event file in order, up to the first truncated record.

    Raises:
        ImportedHistoryError: it is not an event file.
    """
    place = 0
    while place + 12 <= len(content):
        (length,) = struct.unpack_from("<Q", content, place)
        record = content[place + 12 : place + 12 + length]
        if len(record) < length:
            return
        place += length + 16
        try:
            yield from _event(record)
        except (IndexError, struct.error, UnicodeDecodeError) as error:
            raise ImportedHistoryError("These are not TensorBoard event files.") from error


def _event(record: bytes) -> Iterator[Scalar]:
    time, step, summaries = 0.0, 0, []
    for number, value in _fields(record):
        if number == 1 and isinstance(value, bytes):
            (time,) = struct.unpack("<d", value)
        elif number == 2 and isinstance(value, int):
            step = value
        elif number == 5 and isinstance(value, bytes):
            summaries.append(value)
    for summary in summaries:
        for number, value in _fields(summary):
            if number == 1 and isinstance(value, bytes):
                tag, measured = _measurement(value)
                if measured is not None:
                    yield Scalar(time, step, tag, measured)


def _measurement(content: bytes) -> tuple[str, float | None]:
    """Returns tag and value of a ``Summary.Value``: a plain number, or a tensor with one element."""
    tag, measured = "", None
    for number, value in _fields(content):
        if isinstance(value, bytes):
            if number == 1:
                tag = value.decode()
            elif number == 2:
                (measured,) = struct.unpack("<f", value)
            elif number == 8:
                measured = _tensor(value)
    return tag, measured


def _tensor(content: bytes) -> float | None:
    """Returns the number in a ``TensorProto``; None if it has another type or several elements."""
    fields = dict(_fields(content))
    # the number as raw bytes, floats or doubles
    number = next((fields[field] for field in (4, 5, 6) if field in fields), None)
    for kind, code, size in ((1, "<f", 4), (2, "<d", 8)):  # data types float and double
        if fields.get(1) == kind and isinstance(number, bytes) and len(number) == size:
            return float(struct.unpack(code, number)[0])
    return None


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yields number and content of each field: an integer for varints, bytes for everything else."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == 0:
            value, place = _varint(message, place)
            yield key >> 3, value
            continue
        size = {1: 8, 5: 4}.get(kind)
        if kind == 2:
            size, place = _varint(message, place)
        if size is None or place + size > len(message):
            raise IndexError
        yield key >> 3, message[place : place + size]
        place += size


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = 0
    for i in range(_VARINT_BYTES):
        byte = message[place + i]
        value |= (byte & 0x7F) << 7 * i
        if not byte & 0x80:
            return value, place + i + 1
    raise IndexError

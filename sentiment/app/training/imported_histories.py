"""Training histories of other programs: Keras' CSVLogger, or TensorBoard's event files.

An event file is a sequence of records (TFRecord: length, checksum, content, checksum). Each is an ``Event`` in Protocol
Buffers' wire format, of which only scalars are read. TensorFlow is not needed.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
import pandas as pd

from sentiment.app.training.histories import METRICS, tidy

_NAMES = {"lr": "learning_rate", "acc": "accuracy", "val_acc": "val_accuracy"}  # names in older versions of Keras
_SEPARATORS = ",;\t|"
_MAX_BYTES = 20_000_000  # per history
_INFINITE = [np.inf, -np.inf]  # cannot be drawn on an axis
_MAX_COUNT = 10**12  # largest plausible epoch or step
_VARINT_BYTES = 10  # bytes of 64 bits at most, so that a malformed varint ends
_MEASURED = ("loss", "accuracy", "learning_rate")
_SPLITS = {
    **dict.fromkeys(("train", "training"), ""),
    **dict.fromkeys(("validation", "valid", "val", "eval", "dev"), "val_"),
}  # word in a tag or a folder -> prefix of a column


class ImportedHistoryError(Exception):
    """A history that cannot be read; the message is one sentence for the user."""


class Scalar(NamedTuple):
    """One measurement in an event file; ``time`` in seconds since 1970."""

    time: float
    step: int
    tag: str
    value: float


def from_csv(name: str, content: bytes) -> pd.DataFrame:
    """Reads a CSVLogger file. Epochs count from 1; steps and minutes are unknown.

    Raises:
        ImportedHistoryError: it is not a CSVLogger file.
    """
    _check_size(name, len(content))
    header = content.partition(b"\n")[0].decode(errors="replace")
    try:
        frame = pd.read_csv(io.BytesIO(content), sep=max(_SEPARATORS, key=header.count))
        frame = frame.rename(columns={old: new for old, new in _NAMES.items() if new not in frame.columns})
        if not {"epoch", "loss"} <= set(frame.columns):
            raise ImportedHistoryError(f"{name} has no columns epoch and loss, which CSVLogger writes.")
        frame = frame.filter(["epoch", *METRICS]).apply(pd.to_numeric).astype(np.float64).replace(_INFINITE, np.nan)
    except (ValueError, UnicodeDecodeError, pd.errors.ParserError, OverflowError) as error:
        raise ImportedHistoryError(f"{name} is no table that CSVLogger wrote.") from error
    _check(name, frame["epoch"])
    return tidy(frame.assign(run=name, epoch=frame["epoch"] + 1, step=np.nan, minutes=np.nan))


def from_events(files: Mapping[str, bytes]) -> pd.DataFrame:
    """Reads the event files of a folder, given by their paths in it.

    Each folder is a run; its subfolders named after a split, as Keras writes them, belong to it. Tags may name the
    split too, as in "Loss/train" or "eval/loss". Only tags that start with ``epoch_``, as in Keras, count epochs.

    Raises:
        ImportedHistoryError: they hold no loss, accuracy or learning rate.
    """
    _check_size("This folder", sum(map(len, files.values())))
    rows: list[tuple[str, str, bool, int, float, float]] = []
    for path, content in files.items():
        folders = PurePosixPath(path).parts[:-1]
        split = _SPLITS.get(folders[-1].lower()) if folders else None
        run = "/".join(folders if split is None else folders[:-1]) or "TensorBoard"
        rows += [
            (run, column, scalar.tag.startswith("epoch_"), scalar.step, scalar.time, scalar.value)
            for scalar in scalars(content)
            if (column := _column(scalar.tag, split or ""))
        ]
    if not rows:
        raise ImportedHistoryError("There is no loss, accuracy or learning rate in these event files.")
    _check("This folder", pd.Series([float(row[3]) for row in rows]))
    frame = pd.DataFrame(rows, columns=["run", "column", "by_epoch", "step", "time", "value"])
    frame = frame.replace(_INFINITE, np.nan)
    return pd.concat(_history(str(run), own) for run, own in frame.groupby("run"))


def _check_size(name: str, size: int) -> None:
    if size > _MAX_BYTES:
        raise ImportedHistoryError(f"{name} has more than {_MAX_BYTES // 1_000_000} MB; choose a shorter history.")


def _check(name: str, counts: pd.Series) -> None:
    """Refuses implausible epochs or steps, which a chart's axis cannot show."""
    if not counts.between(0, _MAX_COUNT).all():
        raise ImportedHistoryError(f"{name} counts an epoch or step that is negative, missing or above {_MAX_COUNT:,}.")


def _column(tag: str, split: str) -> str | None:
    """Returns the history column of a tag; None for one that is not drawn."""
    words = re.findall(r"[a-z]+", tag.lower())
    split = next((_SPLITS[word] for word in words if word in _SPLITS), split)
    rest = "_".join(word for word in words if word not in _SPLITS and word not in ("epoch", "batch"))
    measured = _NAMES.get(rest, rest)
    if measured not in _MEASURED:
        return None
    return measured if measured == "learning_rate" else split + measured


def _history(run: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Returns the history of one run. If it has measurements by epoch, those by step are dropped."""
    by_epoch = bool(rows["by_epoch"].any())
    rows = rows[rows["by_epoch"] == by_epoch]
    wide = rows.pivot_table(index="step", columns="column", values="value", aggfunc="last").reset_index()
    minutes = wide["step"].map((rows.groupby("step")["time"].max() - rows["time"].min()) / 60)
    epoch, step = (wide["step"] + 1, np.nan) if by_epoch else (np.nan, wide["step"])
    return tidy(wide.assign(run=run, epoch=epoch, step=step, minutes=minutes))


def scalars(content: bytes) -> Iterator[Scalar]:
    """Yields the scalars of an event file in order, up to the first truncated record."""
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
            raise ImportedHistoryError("These are no event files of TensorBoard.") from error


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

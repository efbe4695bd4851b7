"""Reads training histories from CSV files, as written by Keras' CSVLogger, Lightning's CSVLogger or TensorBoard."""

from __future__ import annotations

import codecs
import io
import re

import numpy as np
import pandas as pd

from sentiment.app.training import metric_names
from sentiment.app.training.import_errors import ImportedHistoryError, Remark
from sentiment.budget import HISTORY_COLUMNS, HISTORY_ROWS

_SEPARATORS = (b",", b";", b"\t", b"|")
_COUNTERS = {"epoch": "epoch", "epochs": "epoch", "step": "step", "steps": "step", "global_step": "step"}
_MAX_HEADERS = 20
_SCALAR = {"wall time", "step", "value"}  # columns of a scalar saved by TensorBoard; the file's name has its tag
_SAVED = re.compile(r"(?:run-)?(.*?)-?tag-(.*)")  # as in run-validation-tag-epoch_loss.csv


def read(name: str, content: bytes, remark: Remark) -> pd.DataFrame:
    """Returns the columns ``epoch``, ``step`` and those of ``histories.METRICS`` that the file has: <float64>.

    Blank cells and values that cannot be drawn are NaN. Rows are in the order of the file.

    Raises:
        ImportedHistoryError: it has no epochs or steps, no metrics, malformed numbers, or too many lines or columns.
    """
    try:
        sections = [_numbers(name, header, body, remark) for header, body in _sections(name, content, remark)]
    except (ValueError, OverflowError) as error:
        raise ImportedHistoryError(
            f"{name} has a value that is not a number; correct it or remove its line."
        ) from error
    return pd.concat(sections, ignore_index=True)


def _sections(name: str, content: bytes, remark: Remark) -> list[tuple[bytes, bytearray]]:
    """Returns each header with the lines below it. A repeated header does not start a new section."""
    sections: list[tuple[bytes, bytearray]] = []
    ragged = 0
    for number, line in enumerate(io.BytesIO(content.removeprefix(codecs.BOM_UTF8))):
        if number > HISTORY_ROWS:
            raise ImportedHistoryError(f"{name} has more than {HISTORY_ROWS:,} lines; keep every tenth, for example.")
        if line.count(_separator(line)) >= HISTORY_COLUMNS:
            raise ImportedHistoryError(
                f"{name} has more than {HISTORY_COLUMNS:,} columns; keep only those to be drawn."
            )
        if _is_header(line):
            if not sections or line.strip() != sections[-1][0].strip():
                sections.append((line.rstrip() + b"\n", bytearray()))
            if len(sections) > _MAX_HEADERS:
                raise ImportedHistoryError(f"{name} has more than {_MAX_HEADERS} different headers; split it.")
        elif sections and line.strip():
            header, body = sections[-1]
            separator = _separator(header)
            if b'"' in line or line.count(separator) == header.count(separator):
                body += line
            else:  # cells may belong to other columns
                ragged += 1
    if not sections:
        raise ImportedHistoryError(f"{name} has no column named epoch or step, so it is not a training history.")
    if ragged:
        lines = "1 line has" if ragged == 1 else f"{ragged:,} lines have"
        remark(name, f"{lines} more or fewer cells than the header, so the columns are uncertain; not drawn.")
    return sections


def _is_header(line: bytes) -> bool:
    if b"epoch" not in (lower := line.lower()) and b"step" not in lower:
        return False
    return any(_name(cell.decode(errors="replace")) in _COUNTERS for cell in line.split(_separator(line)))


def _separator(header: bytes) -> bytes:
    return max(_SEPARATORS, key=header.count)


def _name(cell: str) -> str:
    return cell.strip(' \t\r\n"').lower()


def _numbers(name: str, header: bytes, body: bytearray, remark: Remark) -> pd.DataFrame:
    raw = pd.read_csv(
        io.BytesIO(header + body),
        sep=_separator(header).decode(),
        index_col=False,
        keep_default_na=False,
        na_values=["", "NA"],  # CSVLogger writes NA for what an interrupted epoch did not measure
    )
    if {_name(str(column)) for column in raw} == _SCALAR:
        raw = _scalar(name, raw)
    names = [str(column) for column in raw]
    counters = {column: _COUNTERS[_name(column)] for column in names if _name(column) in _COUNTERS}
    metrics = metric_names.choose(column for column in names if column not in counters)
    if not metrics:
        raise ImportedHistoryError(f"{name} has no loss, accuracy or learning-rate column.")
    if left := metric_names.undrawn(names, metrics):
        remark(name, left)
    given = raw[[*counters, *metrics]].copy()
    for column in (column for column, unit in counters.items() if unit == "step"):
        given[column] = pd.to_numeric(given[column], errors="coerce")  # a cell of text is not a step
    numbers = given.astype(np.float64)
    finite = numbers[[*metrics]].apply(np.isfinite)
    for column in metrics:
        remark_infinite_values(name, column, finite[column][given[column].notna()], remark)
    numbers[[*metrics]] = numbers[[*metrics]].where(finite)
    numbers.columns = pd.Index([*counters.values(), *metrics.values()])
    return numbers.loc[:, ~numbers.columns.duplicated()]


def _scalar(name: str, raw: pd.DataFrame) -> pd.DataFrame:
    """Converts a scalar saved by TensorBoard. The file's name has its metric, and its epochs count from 0."""
    stem = name.rsplit("/", 1)[-1].removesuffix(".csv")
    run, tag = saved.groups() if (saved := _SAVED.fullmatch(stem)) else ("", stem)
    prefixes = [prefix for word in re.findall("[a-z]+", run.lower()) if (prefix := metric_names.split_prefix(word))]
    metric = metric_names.column(tag, prefixes[0] if prefixes else "")
    if metric is None:
        raise ImportedHistoryError(
            f"The name of {name} has no metric; name it as TensorBoard does, such as run-train-tag-epoch_loss.csv."
        )
    values = raw.set_axis([_name(str(column)) for column in raw], axis=1)
    by_epoch = "epoch" in re.findall("[a-z]+", tag.lower())
    counter = (pd.to_numeric(values["step"]) + 1).rename("epoch") if by_epoch else values["step"]
    return pd.DataFrame({counter.name: counter, metric: values["value"]})


def remark_infinite_values(run: str, name: str, finite: pd.Series, remark: Remark) -> None:
    """Remarks how many values of a metric are NaN or infinite, if any.

    Args:
        run: name of the run.
        name: name of the metric.
        finite: <bool>[n], whether each value is finite.
        remark: called with a sentence.
    """
    bad = len(finite) - int(finite.sum())
    if bad:
        many = "Every value" if bad == len(finite) else f"{bad:,} of {len(finite):,} values"
        remark(run, f"{many} of {name} {'is' if bad == len(finite) else 'are'} NaN or infinite and cannot be drawn.")

"""Reads the CSV files in which loggers such as Keras' CSVLogger or Lightning's write a training, as numbers."""

from __future__ import annotations

import codecs
import io
import re

import numpy as np
import pandas as pd

from sentiment.app.training import metric_names
from sentiment.app.training.import_errors import ImportedHistoryError, Say
from sentiment.budget import HISTORY_COLUMNS, HISTORY_ROWS

_SEPARATORS = (b",", b";", b"\t", b"|")
_COUNTERS = {"epoch": "epoch", "epochs": "epoch", "step": "step", "steps": "step", "global_step": "step"}
_MAX_HEADERS = 20
_SCALARS = {"wall time", "step", "value"}  # columns of a scalar that TensorBoard saves; its name is the file's
_SAVED = re.compile(r"(?:run-)?(.*?)-?tag-(.*)")  # as in run-validation-tag-epoch_loss.csv


def read(name: str, content: bytes, say: Say) -> pd.DataFrame:
    """Returns columns ``epoch``, ``step`` and those of ``histories.METRICS``, as far as there are any: <float64>.

    Blank cells and values that cannot be drawn are NaN. Rows are in the order of the file.

    Raises:
        ImportedHistoryError: it has no epochs or steps, or nothing measured beside them.
    """
    try:
        sections = [_numbers(name, header, body, say) for header, body in _sections(name, content, say)]
    except (ValueError, OverflowError) as error:
        raise ImportedHistoryError(
            f"{name} has a value that is not a number; correct it or remove its line."
        ) from error
    return pd.concat(sections, ignore_index=True)


def _sections(name: str, content: bytes, say: Say) -> list[tuple[bytes, bytearray]]:
    """Returns each header with the lines below it. A header that is repeated starts no new section."""
    sections: list[tuple[bytes, bytearray]] = []
    ragged = 0
    for number, line in enumerate(io.BytesIO(content.removeprefix(codecs.BOM_UTF8))):
        if number > HISTORY_ROWS:
            raise ImportedHistoryError(f"{name} has more than {HISTORY_ROWS:,} lines; keep every tenth, for example.")
        if line.count(_separator(line)) >= HISTORY_COLUMNS:
            raise ImportedHistoryError(f"{name} has more than {HISTORY_COLUMNS:,} columns; keep those to be drawn.")
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
        say(name, f"{lines} more or fewer cells than the header, so the columns are uncertain; not drawn.")
    return sections


def _is_header(line: bytes) -> bool:
    if b"epoch" not in (lower := line.lower()) and b"step" not in lower:
        return False
    return any(_name(cell.decode(errors="replace")) in _COUNTERS for cell in line.split(_separator(line)))


def _separator(header: bytes) -> bytes:
    return max(_SEPARATORS, key=header.count)


def _name(cell: str) -> str:
    return cell.strip(' \t\r\n"').lower()


def _numbers(name: str, header: bytes, body: bytearray, say: Say) -> pd.DataFrame:
    raw = pd.read_csv(
        io.BytesIO(header + body),
        sep=_separator(header).decode(),
        index_col=False,
        keep_default_na=False,
        na_values=["", "NA"],  # CSVLogger writes NA for what an interrupted epoch did not measure
    )
    if {_name(str(column)) for column in raw} == _SCALARS:
        raw = _scalar(name, raw)
    names = [str(column) for column in raw]
    counters = {column: _COUNTERS[_name(column)] for column in names if _name(column) in _COUNTERS}
    metrics = metric_names.choose(column for column in names if column not in counters)
    if not metrics:
        raise ImportedHistoryError(f"{name} has no column of a loss, an accuracy or a learning rate.")
    if left := metric_names.undrawn(names, metrics):
        say(name, left)
    given = raw[[*counters, *metrics]].copy()
    for column in (column for column, unit in counters.items() if unit == "step"):
        given[column] = pd.to_numeric(given[column], errors="coerce")  # as a word, it is no counter
    numbers = given.astype(np.float64)
    finite = numbers[[*metrics]].apply(np.isfinite)
    for column in metrics:
        say_infinite(name, column, finite[column][given[column].notna()], say)
    numbers[[*metrics]] = numbers[[*metrics]].where(finite)
    numbers.columns = pd.Index([*counters.values(), *metrics.values()])
    return numbers.loc[:, ~numbers.columns.duplicated()]


def _scalar(name: str, raw: pd.DataFrame) -> pd.DataFrame:
    """Returns a scalar that TensorBoard saved, with its metric from the file's name; epochs there count from 0."""
    stem = name.rsplit("/", 1)[-1].removesuffix(".csv")
    run, tag = saved.groups() if (saved := _SAVED.fullmatch(stem)) else ("", stem)
    prefixes = [prefix for word in re.findall("[a-z]+", run.lower()) if (prefix := metric_names.split_prefix(word))]
    metric = metric_names.column(tag, prefixes[0] if prefixes else "")
    if metric is None:
        raise ImportedHistoryError(
            f"{name} doesn't say what it measured; name it as TensorBoard does, such as run-train-tag-epoch_loss.csv."
        )
    values = raw.set_axis([_name(str(column)) for column in raw], axis=1)
    by_epoch = "epoch" in re.findall("[a-z]+", tag.lower())
    counter = (pd.to_numeric(values["step"]) + 1).rename("epoch") if by_epoch else values["step"]
    return pd.DataFrame({counter.name: counter, metric: values["value"]})


def say_infinite(run: str, name: str, finite: pd.Series, say: Say) -> None:
    """Says how many values of a metric are NaN or infinite, if any."""
    bad = len(finite) - int(finite.sum())
    if bad:
        many = "Every value" if bad == len(finite) else f"{bad:,} of {len(finite):,} values"
        say(run, f"{many} of {name} {'is' if bad == len(finite) else 'are'} NaN or infinite and cannot be drawn.")

"""What a file is before anything is scored: its columns, a preview, and a guess at which of them matter."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from sentiment.bulk.cells import as_texts, longest
from sentiment.bulk.progress import Report
from sentiment.bulk.readers.base import Options
from sentiment.bulk.readers.columns import Cells, guess_label_column, guess_text_column, is_dated
from sentiment.bulk.readers.open import Survey, header_in_doubt, open_source

PREVIEW_ROWS = 20
PREVIEW_CHARACTERS = 400
_PREVIEWED = 4_000_000  # characters in the whole preview; with many columns, cells are cut shorter
_LEAST_PREVIEWED = 20  # characters of a cell that are shown in any case
_VALUE_BYTES = 200  # a column with a longer cell is no category
MOST_VALUES = 30  # a column with more is no category
_PROFILED = 100  # columns looked at for categories
_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file is.

    Attributes:
        form: csv, tsv, txt, jsonl, parquet or xlsx.
        found: how it was read: encoding, delimiter, header.
        columns: the names, as they stand.
        text: the column that most looks like reviews.
        label: the column that looks like labels, None without one.
        survey: how many rows there are, how many cannot be read, and the longest cell.
        problems: the first rows that cannot be read, a sentence each.
        sample: the first rows, long cells cut.
        dates: places of the columns that hold dates.
        values: for columns that hold few different values, by place: how often each stands.
        header_in_doubt: the first row was taken for the header, and may be data.
    """

    form: str
    found: dict[str, str | int | bool]
    columns: list[str]
    text: int
    label: int | None
    survey: Survey
    problems: list[str]
    sample: list[list[str]]
    dates: list[int]
    values: dict[str, dict[str, int]]
    header_in_doubt: bool = False

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def inspect(path: Path, options: Options, report: Report) -> Inspection:
    """Reads the whole file once.

    Raises:
        BulkError: it cannot be read at all.
    """
    source = open_source(path, options)
    sample = source.sample()
    text = guess_text_column(source.columns, sample, source.texts)
    values: dict[int, Counter[str]] = {i: Counter() for i in range(min(len(source.columns), _PROFILED)) if i != text}
    survey = Survey()
    problems: list[str] = []
    for chunk in source.chunks(text):
        survey.add(chunk)
        problems += [said[:PREVIEW_CHARACTERS] for said in chunk.problems.values()][: _PROBLEMS - len(problems)]
        for place in list(values):
            if longest(chunk.columns[place]) > _VALUE_BYTES or pa.types.is_nested(chunk.columns[place].type):
                del values[place]
                continue
            values[place].update(value for value in as_texts(chunk.columns[place]) if value)
            if len(values[place]) > MOST_VALUES:
                del values[place]
        report("reading", survey.rows, 0)
    return Inspection(
        form=source.form,
        found=source.found,
        columns=source.columns,
        text=text,
        label=guess_label_column(source.columns, sample, text),
        survey=survey,
        problems=problems,
        sample=_preview(sample, len(source.columns)),
        dates=[
            i
            for i in range(len(source.columns))
            if i != text and _are_dates([row[i] for row in sample if i < len(row)])
        ],
        values={str(place): dict(counter.most_common()) for place, counter in values.items() if counter},
        header_in_doubt=header_in_doubt(source, options, sample),
    )


def _preview(sample: Sequence[Cells], columns: int) -> list[list[str]]:
    """The first rows, their cells cut so that all of them take bounded memory."""
    most = max(_LEAST_PREVIEWED, min(PREVIEW_CHARACTERS, _PREVIEWED // (PREVIEW_ROWS * columns)))
    return [[(cell or "")[:most] for cell in row] for row in sample[:PREVIEW_ROWS]]


def _are_dates(values: Iterable[str | None]) -> bool:
    """Whether all values are dates written with signs between their parts; a bare number or a mark is none."""
    given = [value for value in values if value]
    if not given or any(value.replace(".", "").isdecimal() or not is_dated(value) for value in given):
        return False
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        return bool(pd.to_datetime(given, errors="coerce", format="mixed", utc=True).notna().all())

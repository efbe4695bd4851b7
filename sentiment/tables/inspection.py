"""Inspects a file before it is scored: its columns, a preview, and guesses of the text and label columns."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa

from sentiment.tables.base import Options
from sentiment.tables.cells import as_texts, longest_cell
from sentiment.tables.columns import guess_text_column, looks_like_date
from sentiment.tables.date_forms import DateForms
from sentiment.tables.labels import guess_label_column
from sentiment.tables.open import Survey, header_in_doubt, open_source
from sentiment.tables.sampling import Cells
from sentiment.types import Report

PREVIEW_ROWS = 20
PREVIEW_CHARACTERS = 400
_PREVIEWED = 4_000_000  # characters in the whole preview; with many columns, cells are cut shorter
_LEAST_PREVIEWED = 20  # characters of a cell that are always shown
_VALUE_BYTES = 200  # a column with a longer cell is not categorical
MOST_VALUES = 30  # a column with more is not categorical
_PROFILED = 100  # columns whose values are counted
_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Inspection:
    """The result of an inspection; its attributes are the keys of ``inspection.json``.

    Attributes:
        form: csv, tsv, txt, jsonl, parquet or xlsx.
        found: how the file was read: encoding, delimiter, header.
        columns: the names, as in the file.
        text: the position of the column that looks most like reviews.
        label: the position of the column that looks like labels, None if there is none.
        survey: the number of rows and of unreadable rows, and the longest cell.
        problems: the problems of the first unreadable rows.
        sample: the first rows, long cells truncated.
        dates: positions of the columns that hold dates.
        values: the frequency of each value, by position, for columns with few distinct values.
        header_in_doubt: whether the first row, which was taken for the header, may be data.
        notes: sentences for the user, see ``Source``.
        sheets: the names of a workbook's sheets that can be read, see ``Source``.
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
    notes: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """Returns the inspection as a dictionary for JSON."""
        return asdict(self)


def inspect(path: Path, options: Options, report: Report) -> Inspection:
    """Inspects a file, which is read once from end to end.

    Raises:
        FileError: the file cannot be read.
    """
    source = open_source(path, options)
    sample = source.sample()
    text = guess_text_column(source.columns, sample, source.texts)
    values: dict[int, Counter[str]] = {i: Counter() for i in range(min(len(source.columns), _PROFILED)) if i != text}
    survey = Survey()
    problems: list[str] = []
    for chunk in source.chunks(text):
        survey.add(chunk)
        problems += [problem[:PREVIEW_CHARACTERS] for problem in chunk.problems.values()][: _PROBLEMS - len(problems)]
        for position in list(values):
            if longest_cell(chunk.columns[position]) > _VALUE_BYTES or pa.types.is_nested(chunk.columns[position].type):
                del values[position]
                continue
            values[position].update(value for value in as_texts(chunk.columns[position]) if value)
            if len(values[position]) > MOST_VALUES:
                del values[position]
        report("reading", survey.rows, 0)
    return Inspection(
        form=source.format,
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
            if i != text and _are_dates(source.columns[i], [row[i] for row in sample if i < len(row)])
        ],
        values={str(position): dict(counter.most_common()) for position, counter in values.items() if counter},
        header_in_doubt=header_in_doubt(source, options, sample),
        notes=source.remarks(),
        sheets=source.sheets,
    )


def _preview(sample: Sequence[Cells], columns: int) -> list[list[str]]:
    """Returns the first rows, with cells truncated so that the preview takes bounded memory."""
    most = max(_LEAST_PREVIEWED, min(PREVIEW_CHARACTERS, _PREVIEWED // (PREVIEW_ROWS * columns)))
    return [[(cell or "")[:most] for cell in row] for row in sample[:PREVIEW_ROWS]]


def _are_dates(name: str, values: Iterable[str | None]) -> bool:
    """Returns whether all values are dates with separators, or, if the column's name says so, times in numbers."""
    given = [value for value in values if value]
    forms = DateForms(name)
    forms.add(given)
    rewritten = forms.rewrite(given)
    if not given or not forms.are_dates(given) or not all(map(looks_like_date, rewritten)):
        return False
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        return bool(pd.to_datetime(rewritten, errors="coerce", format="mixed", utc=True).notna().all())

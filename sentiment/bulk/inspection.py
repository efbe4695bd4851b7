"""What a file is before anything is scored: its columns, a preview, and a guess at which of them matter."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sentiment.bulk.columns import guess_label_column, guess_text_column
from sentiment.bulk.parquet import as_texts
from sentiment.bulk.progress import Report
from sentiment.bulk.reading import open_source
from sentiment.bulk.source import Options

PREVIEW_ROWS = 20
PREVIEW_CHARACTERS = 400
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
        rows: how many.
        longest: characters in the longest cell.
        problems: the first rows that cannot be read, a sentence each.
        unreadable: how many such rows there are.
        sample: the first rows, long cells cut.
        values: for columns that hold few different values, by place: how often each stands.
    """

    form: str
    found: dict[str, str | int | bool]
    columns: list[str]
    text: int
    label: int | None
    rows: int
    longest: int
    problems: list[str]
    unreadable: int
    sample: list[list[str]]
    values: dict[str, dict[str, int]]

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
    text = guess_text_column(source.columns, sample)
    values: dict[int, Counter[str]] = {i: Counter() for i in range(min(len(source.columns), _PROFILED)) if i != text}
    rows, longest, unreadable = 0, 0, 0
    problems: list[str] = []
    for chunk in source.chunks(text):
        rows += len(chunk.texts)
        unreadable += len(chunk.problems)
        problems += list(chunk.problems.values())[: _PROBLEMS - len(problems)]
        longest = max(longest, *(_longest(column) for column in chunk.columns))
        for place in list(values):
            values[place].update(value for value in as_texts(chunk.columns[place]) if value)
            if len(values[place]) > MOST_VALUES:
                del values[place]
        report("reading", rows, 0)
    return Inspection(
        form=source.form,
        found=source.found,
        columns=source.columns,
        text=text,
        label=guess_label_column(source.columns, sample, text),
        rows=rows,
        longest=longest,
        problems=problems,
        unreadable=unreadable,
        sample=[[(cell or "")[:PREVIEW_CHARACTERS] for cell in row] for row in sample[:PREVIEW_ROWS]],
        values={str(place): dict(counter.most_common()) for place, counter in values.items() if counter},
    )


def _longest(column: pa.Array) -> int:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pc.max(pc.utf8_length(column)).as_py() or 0
    return 0

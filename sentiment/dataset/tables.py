"""Reads labelled reviews from tables, with the readers and the guesses of scoring.

Labels are understood by all values of a column, so they are mapped only after the last row has been read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sentiment.dataset.records import (
    NEGATIVE,
    POSITIVE,
    UNLABELLED,
    DatasetError,
    Interpretation,
    LabelMeaning,
    RawData,
    Removed,
)
from sentiment.dataset.stanford import check_size
from sentiment.dataset.wording import list_names
from sentiment.tables.base import Chunk, Source
from sentiment.tables.cells import truncate
from sentiment.tables.columns import (
    find_column,
    find_columns,
    guess_text_column,
    looks_like_reviews,
)
from sentiment.tables.empty_words import is_empty_word
from sentiment.tables.errors import FileError
from sentiment.tables.headers import header_note
from sentiment.tables.joining import joined_chunks
from sentiment.tables.labels import Meaning, chosen_meanings, guess_label_column, is_label_name, value_meanings
from sentiment.tables.open import header_in_doubt, open_source
from sentiment.tables.reading import Reading
from sentiment.tables.sampling import Cells

_FORMS = {
    "csv": "CSV",
    "tsv": "TSV",
    "txt": "text",
    "jsonl": "JSON lines",
    "json": "JSON",
    "parquet": "Parquet",
    "xlsx": "workbook",
}
_PART_FILES = {
    "train": ("train.parquet", "train-*.parquet"),
    "test": ("test.parquet", "test-*.parquet"),
    "unsup": ("unsup.parquet", "unsup*-*.parquet"),
}
_OPTIONAL = ("rating", "movie")  # columns of the Stanford release
_MAX_LABELS = 100_000  # distinct values of a label column
_LABEL_CHARACTERS = 100  # of a value; the rest is cut off
_MAX_MEANINGS = 30  # values whose meaning is shown
_CODES: dict[Meaning, int] = {"positive": POSITIVE, "negative": NEGATIVE, "neutral": 2, "unknown": 3, "empty": 4}


def read_table(path: Path, reading: Reading, sha256: str) -> RawData:
    """Reads the reviews of one file.

    Raises:
        DatasetError: no column looks like labels, or its values are not understood.
        FileError: the file or a choice cannot be used.
    """
    reading = _with_usual(path, reading)
    table = _Table.read(path, "", reading)
    return _raw_data(_FORMS[table.format], sha256, [table], reading, path.name)


def _with_usual(path: Path, reading: Reading) -> Reading:
    """Returns the reading with the usual columns and labels, if none are chosen and the file has such columns."""
    usual = reading.usual
    if usual is None or reading.text_column is not None or reading.label_column is not None:
        return reading
    columns = open_source(path, reading.options).columns
    try:
        for wanted in filter(None, (usual.text_column, usual.label_column)):
            find_columns(columns, wanted)
    except FileError:
        return reading
    labels = usual.labels if reading.labels is None else reading.labels
    return replace(reading, text_column=usual.text_column, label_column=usual.label_column, labels=labels)


def find_parts(folder: Path) -> dict[str, list[Path]]:
    """Returns the Parquet files of each part in a folder, "train", "test" and "unsup"; omits parts without files."""
    found = {part: sorted({p for g in globs for p in folder.glob(g)}) for part, globs in _PART_FILES.items()}
    return {part: files for part, files in found.items() if files}


def read_parts(parts: Mapping[str, Sequence[Path]], reading: Reading, sha256: str, name: str) -> RawData:
    """Reads a folder of Parquet files; columns that are guessed are those of its first file.

    Raises:
        DatasetError: no column looks like labels, or its values are not understood.
        FileError: a file or a choice cannot be used.
    """
    tables: list[_Table] = []
    for part, files in parts.items():
        for file in files:
            tables.append(_Table.read(file, part, reading))
            reading = tables[0].settled(reading)
    return _raw_data("Parquet folder", sha256, tables, reading, name)


@dataclass(slots=True)
class _Table:
    """The columns of a table that training needs, without rows that are unreadable or empty.

    Attributes:
        columns: the names of all columns of the file.
        format: the format of the file.
        text: positions of the columns of reviews.
        label: position of the column of labels, None in an unlabelled part.
        part: the part of the data set, "" if there are none.
        notes: sentences for the user, see ``Interpretation``.
        texts: the reviews.
        codes: the label of each review, as a position in ``values``; 0 is a missing one.
        values: the distinct labels.
        optional: the cells of the optional columns.
        unreadable: the number of rows left out because they cannot be read.
        empty: the number of rows left out because they have no text.
    """

    columns: list[str]
    format: str
    text: list[int]
    label: int | None
    part: str
    notes: list[str]
    texts: list[pa.Array] = field(default_factory=list)
    codes: list[npt.NDArray[np.int32]] = field(default_factory=list)
    values: dict[str, int] = field(default_factory=lambda: {"": 0})
    optional: dict[str, list[pa.Array]] = field(default_factory=dict)
    unreadable: int = 0
    empty: int = 0

    @classmethod
    def read(cls, path: Path, part: str, reading: Reading) -> _Table:
        """Reads a file once from end to end."""
        source = open_source(path, reading.options)
        sample = source.sample()
        text = _text_columns(source, sample, reading)
        label = None if part == "unsup" else _label_column(source, sample, text, reading)
        table = cls(source.columns, source.format, text, label, part, [])
        size = 0
        for chunk in joined_chunks(source, text):
            size += table._add(chunk, path.name)
            if size > path.stat().st_size:
                check_size(size, path.name, path.stat().st_size)
        table.notes += [*source.remarks(), *_doubts(source, sample, text[0], reading)]
        return table

    def _add(self, chunk: Chunk, name: str) -> int:
        """Adds the rows of a chunk that hold text; returns their size in bytes."""
        rows = pa.array([i not in chunk.problems and not _is_empty(text) for i, text in enumerate(chunk.texts)])
        texts = pa.array(chunk.texts, pa.large_string()).filter(rows)
        self.unreadable += len(chunk.problems)
        self.empty += len(rows) - len(texts) - len(chunk.problems)
        self.texts.append(texts)
        if self.label is not None:
            self.codes.append(self._encode(truncate(chunk.columns[self.label], _LABEL_CHARACTERS).filter(rows)))
            if len(self.values) > _MAX_LABELS:
                raise DatasetError(
                    f"The column {list_names([self.label_name])} of {name} has more than {_MAX_LABELS:,} different "
                    "values, too many for labels; name another with --label-column."
                )
        for column in _OPTIONAL:
            if column in self.columns and (position := self.columns.index(column)) != self.label:
                cells = truncate(chunk.columns[position], _LABEL_CHARACTERS).filter(rows)
                self.optional.setdefault(column, []).append(cells)
        return int(texts.nbytes)

    def _encode(self, labels: pa.Array) -> npt.NDArray[np.int32]:
        encoded = pc.dictionary_encode(pc.utf8_trim_whitespace(labels.fill_null("")))
        codes = [self.values.setdefault(value, len(self.values)) for value in encoded.dictionary.to_pylist()]
        return np.array(codes, np.int32)[encoded.indices.to_numpy()]

    @property
    def label_name(self) -> str:
        """The name of the column of labels, "" if there is none."""
        return "" if self.label is None else self.columns[self.label]

    def settled(self, reading: Reading) -> Reading:
        """Returns the choices with the names of this table's columns in place of guesses."""
        text = reading.text_column or self.columns[self.text[0]]
        return replace(reading, text_column=text, label_column=reading.label_column or self.label_name or None)

    def frame(self, meanings: Mapping[str, Meaning]) -> pd.DataFrame:
        """Returns the columns of ``RawData.reviews``; ``label`` has further codes for rows to be left out."""
        texts = pa.chunked_array(self.texts, pa.large_string()).to_pandas()
        if self.label is None:
            labels = np.full(len(texts), UNLABELLED, np.int8)
        else:
            by_code = np.array([_CODES[meanings[value]] for value in self.values], np.int8)
            labels = by_code[np.concatenate([np.empty(0, np.int32), *self.codes])]
        ratings = pd.to_numeric(self._optional("rating", len(texts)), errors="coerce").fillna(0)
        return pd.DataFrame(
            {
                "text": texts,
                "label": labels,
                "rating": ratings.where(ratings.between(1, 10), 0).astype("int8"),
                "film": self._optional("movie", len(texts)),
                "part": pd.Series(self.part, texts.index, dtype="str"),
            }
        )

    def _optional(self, name: str, rows: int) -> pd.Series:
        if name not in self.optional:
            return pd.Series("", range(rows), dtype="str")
        return pa.chunked_array(self.optional[name], pa.string()).fill_null("").to_pandas()


def _raw_data(form: str, sha256: str, tables: Sequence[_Table], reading: Reading, name: str) -> RawData:
    """Joins the tables, and leaves out the labelled rows that are neither positive nor negative."""
    first = tables[0]
    means = _meanings(first, {value for table in tables for value in table.values}, reading.labels)
    reviews = pd.concat([table.frame(means) for table in tables], ignore_index=True)
    n = reviews["label"].value_counts()
    if _CODES["unknown"] in n.index and not {POSITIVE, NEGATIVE} <= set(n.index):
        unknown = [value for value, meaning in means.items() if meaning == "unknown"]
        raise DatasetError(
            f"{name} has labels in the column {list_names([first.label_name])} whose meaning is not clear: "
            f"{list_names(unknown)}. Give it with --labels, such as good=positive,bad=negative,ok=none."
        )
    removed = Removed(
        unreadable=sum(table.unreadable for table in tables),
        empty=sum(table.empty for table in tables),
        missing_label=int(n.get(_CODES["empty"], 0)),
        neutral=int(n.get(_CODES["neutral"], 0)),
        unknown_label=int(n.get(_CODES["unknown"], 0)),
    )
    kept = reviews[reviews["label"].isin((POSITIVE, NEGATIVE, UNLABELLED))].reset_index(drop=True)
    neutral = reviews.loc[reviews["label"] == _CODES["neutral"], "text"].tolist()
    return RawData(form, sha256, kept, removed, _interpretation(tables, means), neutral)


def _is_empty(text: object) -> bool:
    return not isinstance(text, str) or not text or text.isspace() or is_empty_word(text)


def _meanings(table: _Table, values: Iterable[str], chosen: Mapping[str, int | None] | None) -> dict[str, Meaning]:
    """Returns the meaning of each label; short labels first, so that 2 precedes 10.

    Args:
        table: the table that names the column.
        values: the distinct labels of all tables.
        chosen: the meanings that the user chose; None for the usual ones.
    """
    ordered = sorted(values, key=lambda value: (len(value), value))
    guessed = value_meanings(ordered, table.label_name)
    return guessed if chosen is None else chosen_meanings(guessed, chosen)


def _interpretation(tables: Sequence[_Table], means: Mapping[str, Meaning]) -> Interpretation:
    counts: Counter[str] = Counter()
    for table in tables:
        if table.codes:
            numbers = np.bincount(np.concatenate(table.codes), minlength=len(table.values))
            counts.update(dict(zip(table.values, numbers.tolist(), strict=True)))
    first = tables[0]
    labels = [LabelMeaning(value, meaning, counts[value]) for value, meaning in means.items() if counts[value]]
    most = sorted(labels, key=lambda label: label.n, reverse=True)[:_MAX_MEANINGS]
    return Interpretation(
        columns=first.columns,
        text=[first.columns[position] for position in first.text],
        label=first.label_name,
        labels=[label for label in labels if label in most],
        notes=first.notes,
    )


def _text_columns(source: Source, sample: Sequence[Cells], reading: Reading) -> list[int]:
    if reading.text_column is not None:
        return find_columns(source.columns, reading.text_column)
    return [guess_text_column(source.columns, sample, source.texts)]


def _label_column(source: Source, sample: Sequence[Cells], text: Sequence[int], reading: Reading) -> int:
    """Returns the named column, else the guessed one, else one with a usual name and other values.

    Without a header, a column is guessed by its values alone.
    """
    if reading.label_column is not None:
        return find_column(source.columns, reading.label_column)
    others = [position for position in range(len(source.columns)) if position not in text]
    position = guess_label_column(source.columns, sample, text)
    if position is None:
        position = next((i for i in others if is_label_name(source.columns[i])), None)
    if position is None and source.found.get("header") is False:
        position = next((i for i in others if _are_classes({row[i] or "" for row in sample if i < len(row)})), None)
    if position is None:
        raise DatasetError(
            f"{source.path.name} has no column that looks like labels; its columns are {list_names(source.columns)}. "
            "Name it with --label-column."
        )
    return position


def _are_classes(values: Iterable[str]) -> bool:
    """Returns whether all values are labels, and both classes are among them."""
    meanings = set(value_meanings(values).values())
    return {"positive", "negative"} <= meanings and "unknown" not in meanings


def _doubts(source: Source, sample: Sequence[Cells], text: int, reading: Reading) -> list[str]:
    """Returns a sentence for each guess that may be wrong."""
    doubts = []
    if header_in_doubt(source, reading.options, sample):
        doubts.append(f"{header_note(source.columns)} If it is a review, use --no-header.")
    if reading.text_column is None and not looks_like_reviews(source.columns, sample, text):
        name = list_names([source.columns[text]])
        doubts.append(f"No column looks like reviews; {name} was read. Name another with --text-column.")
    return doubts

"""Results of a scored file, read from its parts: the verdicts of all rows, and rows filtered and sorted.

``figures`` computes the statistics.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sentiment.bulk import dates, figures
from sentiment.bulk.dates import DateReader
from sentiment.bulk.figures import OUTCOMES
from sentiment.bulk.parts import Parts
from sentiment.bulk.scoring import DIGITS, VERDICT
from sentiment.tables.cells import as_plain_type, as_texts, truncate
from sentiment.tables.columns import find_columns
from sentiment.tables.date_forms import DateForms
from sentiment.tables.joining import join_cells
from sentiment.tables.labels import LABELS, Meaning, chosen_meanings, value_meanings

Rows = npt.NDArray[np.int64]

_MOST_LABELS = 10_000  # a column with more distinct values does not hold labels
_LABEL_CHARACTERS = 100  # of a cell; a longer one is not a label
_GROUP_CHARACTERS = 200
_SAMPLED_PARTS, _SAMPLED_ROWS = 10, 500  # from which the formats of dates are guessed
_LEFT_OUT_LABELS = {"neutral": "neutral_label", "empty": "no_label", "unknown": "unknown_label"}
LEFT_OUT = ("not_predicted", "mostly_unknown", *_LEFT_OUT_LABELS.values())
_ORDERS = {"row": None, "probability": "p_positive", "length": "tokens_read"}


@dataclass(frozen=True, slots=True)
class Filter:
    """Selects the rows of a table; an empty attribute selects all.

    Attributes:
        sentiments: the selected sentiments, "positive" and "negative".
        confidences: the selected confidence levels.
        statuses: the selected statuses.
        between: bounds on the probability of "positive".
        search: a string that the text contains; case is ignored.
        cells: cells of the confusion matrix: (label, verdict), each "positive" or "negative".
        threshold: the probability of "positive" from which on the verdict in ``cells`` is positive.
        mislabelled: only rows whose label is probably wrong.
    """

    sentiments: tuple[str, ...] = ()
    confidences: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    between: tuple[float, float] = (0.0, 1.0)
    search: str = ""
    cells: tuple[tuple[str, str], ...] = ()
    threshold: float = 0.5
    mislabelled: bool = False


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The verdicts of all parts, the meanings of the labels, and the number of rows up to the end of each part."""

    verdicts: pd.DataFrame
    meanings: dict[str, Meaning]
    ends: npt.NDArray[np.int64]


@dataclass
class Results:
    """The rows scored so far.

    Attributes:
        parts: the scored parts.
        columns: the input's columns.
        text: the position of the scored column, or the positions of several.
        label: the position of the label column, None if there is none.
        labels: the meaning that the user chose for each label, as in ``parse_labels``; None guesses the meanings.
    """

    parts: Parts
    columns: list[str]
    text: int | Sequence[int]
    label: int | None = None
    labels: Mapping[str, int | None] | None = None

    @cached_property
    def _loaded(self) -> _Loaded:
        tables = [self._verdict_columns(table) for table in self.parts.tables([*VERDICT.names, *self._label_names])]
        ends = np.cumsum([table.num_rows for table in tables], dtype=np.int64)
        frame = (pa.concat_tables(tables).unify_dictionaries() if tables else self._verdict_columns(None)).to_pandas()
        for name in ("sentiment", "confidence", "status"):
            frame[name] = frame[name].cat.reorder_categories(sorted(frame[name].cat.categories))
        meanings: dict[str, Meaning] = {}
        if self.label is not None:
            values = list(frame["label"].cat.categories)
            meanings = self._read_meanings([value for value in values if value], self.columns[self.label])
            meaning = frame["label"].map({**meanings, "": "empty"}).astype(object)
            frame["meaning"] = meaning.fillna(frame["label"].isna().map({True: "empty", False: "unknown"}))
            frame["label"] = pd.array(frame["meaning"].map(LABELS).astype(object), dtype="Int8")
        return _Loaded(frame, meanings, ends)

    @property
    def verdicts(self) -> pd.DataFrame:
        """The verdicts: ``sentiment``, ``confidence``, ``status`` (categories), ``p_positive``, ``tokens_read``.

        With labels, also ``meaning``, and ``label``: 1 positive, 0 negative, missing if neither.
        """
        return self._loaded.verdicts

    @property
    def meanings(self) -> dict[str, Meaning]:
        """The meaning of each value of the label column, chosen or guessed."""
        return self._loaded.meanings

    @property
    def texts(self) -> list[int]:
        """The positions of the scored columns."""
        return find_columns(self.columns, self.text)

    @property
    def rows(self) -> int:
        """The number of scored rows."""
        return len(self.verdicts)

    @property
    def predicted(self) -> pd.DataFrame:
        """The rows whose verdict counts: those that the model can read."""
        return self.verdicts[self._is_predicted()]

    def _is_predicted(self) -> npt.NDArray[np.bool_]:
        return (self.verdicts["sentiment"].notna() & (self.verdicts["status"] != "mostly_unknown")).to_numpy(bool)

    def _is_positive(self) -> npt.NDArray[np.bool_]:
        return (self.verdicts["sentiment"] == "positive").to_numpy(bool)

    @property
    def labelled(self) -> pd.DataFrame:
        """The predicted rows that have a label.

        ``label`` is int8 here, and ``logit`` (float64) is computed from the rounded probability.
        """
        rows = self.predicted[self.predicted["label"].notna()]
        edge = 10.0**-DIGITS / 2  # a probability rounded to 0 or 1 is at most this far from it
        p = rows["p_positive"].clip(edge, 1 - edge)
        return rows.assign(label=rows["label"].astype("int8"), logit=np.log(p / (1 - p)))

    def counts(self, name: str) -> dict[str, int]:
        """Counts the rows by the values of one of the verdict's columns."""
        return {str(value): int(n) for value, n in self.verdicts[name].value_counts().items() if n}

    def outcomes(self) -> dict[str, int]:
        """Counts the predicted rows by outcome. The other rows are "left out", so all counts add up to ``rows``."""
        counts = self._outcome().value_counts()
        predicted = {name: int(counts.get(name, 0)) for name in OUTCOMES}
        return {**predicted, "left out": self.rows - sum(predicted.values())}

    def histogram(self) -> pd.DataFrame:
        """Returns a histogram of the probability by outcome; see ``figures.histogram``."""
        return figures.histogram(self.predicted["p_positive"], self._outcome())

    def _outcome(self) -> pd.Series:
        predicted = self.predicted
        return predicted["sentiment"].astype(object).mask(predicted["confidence"] == "unsure", "unsure")

    def column(self, position: int) -> pd.Series:
        """Returns one of the input's columns as categories, <category>[rows], with long cells truncated."""
        cells = [cells.dictionary_encode() for cells in self._cells(position, _GROUP_CHARACTERS)]
        kind = pa.dictionary(pa.int32(), pa.string())
        return pa.chunked_array(cells, kind).unify_dictionaries().to_pandas()[: self.rows]

    def by_group(self, position: int) -> pd.DataFrame:
        """Returns the positive share by the values of a column; see ``figures.shares_by_group``."""
        predicted = self._is_predicted()
        return figures.shares_by_group(self.column(position)[predicted], self._is_positive()[predicted])

    def over_time(self, position: int) -> pd.DataFrame:
        """Returns the positive share by the dates in a column; see ``figures.shares_over_time``."""
        read = DateReader(self._sample(position), self._date_forms(position))
        parts = [read(cells.to_pylist()) for cells in self._cells(position, dates.CHARACTERS)]
        days = np.concatenate([*parts, np.empty(0, "datetime64[D]")])[: self.rows]
        predicted = self._is_predicted()
        return figures.shares_over_time(days[predicted], self._is_positive()[predicted])

    def date_doubt(self, position: int) -> str:
        """Returns a sentence on how ambiguous dates in a column are read; "" if there are none."""
        return self._date_forms(position).doubt()

    def words(self, count: int = 15) -> pd.DataFrame:
        """Returns the strongest words of the file; see ``figures.strongest_words``.

        Sums the strongest words of each row; the file must have been scored with ``explain``.
        """
        tables = self.parts.tables(["words_positive", "words_negative", "status"])
        readable = (table.filter(pc.not_equal(table["status"], "mostly_unknown")) for table in tables)
        return figures.strongest_words((table.drop_columns("status") for table in readable), count)

    def select(self, wanted: Filter, order: str = "row", descending: bool = False) -> Rows:
        """Returns the numbers of the rows that a filter selects, in order.

        Args:
            wanted: the filter.
            order: "row", "probability", "length" or "error" (the most confident contradictions of a label first).
            descending: reverses the order, except by error; rows without a probability stay last in an order by it.

        Returns:
            <int64>[selected], row numbers from 0.
        """
        frame, rows = self.verdicts, np.flatnonzero(self._is_wanted(wanted))
        if order == "error" and "label" in frame:
            distance = (frame["p_positive"] - frame["label"].astype("Float64")).abs().fillna(-1.0).to_numpy()
            distance = np.where(self._is_predicted(), distance, -1.0)
            return rows[np.argsort(-distance[rows], kind="stable")]
        if by := _ORDERS.get(order):
            return frame[by].iloc[rows].sort_values(ascending=not descending, kind="stable").index.to_numpy()
        return rows[::-1] if descending else rows

    def _is_wanted(self, wanted: Filter) -> npt.NDArray[np.bool_]:
        """Returns whether the filter selects each row, <bool>[rows]."""
        frame = self.verdicts
        keep = np.ones(len(frame), bool)
        for name, values in (
            ("sentiment", wanted.sentiments),
            ("confidence", wanted.confidences),
            ("status", wanted.statuses),
        ):
            if values:
                keep &= frame[name].isin(values).to_numpy()
        if wanted.between != (0.0, 1.0):
            keep &= frame["p_positive"].between(*wanted.between).to_numpy()
        if wanted.cells and "label" in frame:
            label, p = frame["label"], frame["p_positive"].to_numpy()  # p is NaN without a verdict
            in_cells = np.zeros(len(frame), bool)
            for true, verdict in wanted.cells:
                is_true = label.eq(int(true == "positive")).fillna(False).to_numpy(bool)
                in_cells |= is_true & (p >= wanted.threshold if verdict == "positive" else p < wanted.threshold)
            keep &= in_cells & self._is_predicted()
        if wanted.mislabelled:
            keep &= np.isin(np.arange(len(frame)), self.likely_mislabelled())
        if wanted.search:
            keep &= self._matches(wanted.search)
        return keep

    def read(self, rows: Sequence[int] | Rows, positions: Sequence[int], most: int | None = None) -> pd.DataFrame:
        """Returns the verdicts of some rows, with some of the input's columns as text.

        Args:
            rows: row numbers from 0; the column ``row`` counts from 1.
            positions: positions of the columns, which are named ``c0``, ``c1``, ...
            most: the largest number of characters of a cell; None for no limit.
        """
        names = [f"c{position}" for position in positions]
        found: dict[int, dict[str, object]] = {}
        ends = self._loaded.ends
        by_part: defaultdict[int, list[int]] = defaultdict(list)
        for row in rows:
            by_part[int(np.searchsorted(ends, row, side="right"))].append(int(row))
        for part, wanted in by_part.items():
            start = int(ends[part - 1]) if part else 0
            table = pq.read_table(self.parts.path(part), columns=[*VERDICT.names, *names, "problem"], partitioning=None)
            positions_in_part = pa.array([row - start for row in wanted])
            taken = {name: as_plain_type(table[name]).take(positions_in_part) for name in table.column_names}
            columns = {name: taken[name].to_pylist() for name in VERDICT.names}
            for name in (*names, "problem"):
                columns[name] = as_texts(taken[name] if most is None else truncate(taken[name], most))
            for i, row in enumerate(wanted):
                found[row] = {"row": row + 1, **{name: column[i] for name, column in columns.items()}}
        return pd.DataFrame([found[int(row)] for row in rows], columns=["row", *names, *VERDICT.names, "problem"])

    def read_texts(self, rows: Sequence[int] | Rows) -> list[object]:
        """Returns the scored text of some rows, with several columns joined; a missing cell is not a string."""
        names = [f"c{place}" for place in self.texts]
        cells = self.read(rows, self.texts)[names]
        return list(cells[names[0]]) if len(names) == 1 else [join_cells(row) for row in cells.itertuples(index=False)]

    def likely_mislabelled(self) -> Rows:
        """Returns the numbers of the rows whose label is probably wrong; see ``figures.are_likely_mislabelled``."""
        rows = self.labelled
        wrong = figures.are_likely_mislabelled(rows["p_positive"].to_numpy(), rows["label"].to_numpy())
        return rows.index.to_numpy()[wrong]

    def left_out(self) -> dict[str, int]:
        """Counts the rows that the metrics leave out, by reason; a reason in the text precedes one in the label."""
        frame = self.verdicts
        reason = frame["meaning"].map(_LEFT_OUT_LABELS)
        reason = reason.mask(frame["status"] == "mostly_unknown", "mostly_unknown").mask(
            frame["sentiment"].isna(), "not_predicted"
        )
        counts = reason.value_counts()
        return {name: int(counts[name]) for name in LEFT_OUT if name in counts}

    def label_metrics(self) -> dict[str, Any]:
        """Returns metrics of the verdicts against the labels for JSON; only two counts if no row has both."""
        rows = self.labelled
        counts = {"n": len(rows), "left_out": self.left_out()}
        return counts | (figures.label_metrics(rows) if len(rows) else {})

    def _verdict_columns(self, part: pa.Table | None) -> pa.Table:
        """Returns the verdicts and the truncated labels of a part, with text as dictionaries; empty for no part."""
        texts = pa.dictionary(pa.int32(), pa.string())
        fields = [pa.field(f.name, texts if pa.types.is_string(f.type) else f.type) for f in VERDICT]
        schema = pa.schema([*fields, *([pa.field("label", texts)] if self.label is not None else [])])
        if part is None:
            return schema.empty_table()
        columns = [part[name] for name in VERDICT.names] + [
            truncate(part[n], _LABEL_CHARACTERS) for n in self._label_names
        ]
        encoded = [
            pc.dictionary_encode(column) if kind == texts else column
            for column, kind in zip(columns, schema.types, strict=True)
        ]
        return pa.table(encoded, schema=schema)

    def _cells(self, position: int, most: int) -> Iterator[pa.Array]:
        """Yields one of the input's columns as truncated text, part by part."""
        for table in self.parts.tables([f"c{position}"]):
            yield truncate(table[f"c{position}"], most)

    def _date_forms(self, position: int) -> DateForms:
        """Returns the forms of the dates in all of a column's cells."""
        forms = DateForms(self.columns[position])
        for cells in self._cells(position, dates.CHARACTERS):
            forms.add(cells)
        return forms

    def _sample(self, position: int) -> list[str]:
        """Returns cells of a column from parts spread over the whole file."""
        parts = len(self._loaded.ends)
        step = max(1, parts // _SAMPLED_PARTS)
        found: list[str] = []
        for part in range(0, parts, step):
            name = f"c{position}"
            column = pq.read_table(self.parts.path(part), columns=[name], partitioning=None)[name]
            found += truncate(column.slice(0, _SAMPLED_ROWS), dates.CHARACTERS).drop_null().to_pylist()
        return found

    @property
    def _label_names(self) -> list[str]:
        return [] if self.label is None else [f"c{self.label}"]

    def _read_meanings(self, values: Sequence[str], name: str) -> dict[str, Meaning]:
        if len(values) > _MOST_LABELS:
            return {}
        guessed = value_meanings(values, name)
        return guessed if self.labels is None else chosen_meanings(guessed, self.labels)

    def _matches(self, search: str) -> npt.NDArray[np.bool_]:
        return np.logical_or.reduce([self._column_matches(position, search) for position in self.texts])

    def _column_matches(self, position: int, search: str) -> npt.NDArray[np.bool_]:
        name = f"c{position}"
        found = []
        for table in self.parts.tables([name]):
            texts = table[name]
            if not pa.types.is_string(texts.type):
                texts = pa.array(as_texts(texts), pa.large_string())
            found.append(pc.fill_null(pc.match_substring(texts, search, ignore_case=True), False).to_numpy())
        return np.concatenate(found)[: self.rows] if found else np.zeros(0, bool)

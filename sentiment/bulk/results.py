"""Results of a scored file, read from its parts: statistics of all rows, and rows filtered and sorted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sentiment.bulk import dates
from sentiment.bulk.dates import DateReader
from sentiment.bulk.parts import Parts
from sentiment.bulk.scoring import DIGITS, VERDICT
from sentiment.evaluation import metrics
from sentiment.tables.cells import as_plain_type, as_texts, truncate
from sentiment.tables.columns import find_columns
from sentiment.tables.date_forms import DateForms
from sentiment.tables.joining import join_cells
from sentiment.tables.labels import LABELS, Meaning, chosen_meanings, value_meanings

Rows = npt.NDArray[np.int64]

_MOST_LABELS = 10_000  # a column with more distinct values does not hold labels
_MOST_GROUPS = 30
_FEWEST_POINTS, _MOST_POINTS = 3, 60  # on a line over time
_REVIEWS_A_POINT = 5  # on average; with fewer, the line jumps between 0 and 1
_LABEL_CHARACTERS = 100  # of a cell; a longer one is not a label
_GROUP_CHARACTERS = 200
_WORD_CHARACTERS = 60
_MOST_WORDS = 100_000  # distinct words kept while counting, those with the strongest push
_SAMPLED_PARTS, _SAMPLED_ROWS = 10, 500  # from which the formats of dates are guessed
_LEFT_OUT_LABELS = {"neutral": "neutral_label", "empty": "no_label", "unknown": "unknown_label"}
OUTCOMES = ("positive", "unsure", "negative")  # of a judged row: its sentiment, or that the model is unsure
LEFT_OUT = ("not_judged", "mostly_unknown", *_LEFT_OUT_LABELS.values())
_ORDERS = {"row": None, "probability": "p_positive", "length": "tokens_read"}


@dataclass(frozen=True, slots=True)
class Filter:
    """Selects the rows of a table; an empty attribute selects all.

    Attributes:
        sentiments, confidences, statuses: the selected values.
        between: bounds on the probability of "positive".
        search: a string that the text contains, in any case.
        cell: a cell of the confusion matrix: (label, verdict), each "positive" or "negative".
        threshold: on the probability of "positive", for the verdict in ``cell``.
        mislabelled: only rows whose label is probably wrong.
    """

    sentiments: tuple[str, ...] = ()
    confidences: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    between: tuple[float, float] = (0.0, 1.0)
    search: str = ""
    cell: tuple[str, str] | None = None
    threshold: float = 0.5
    mislabelled: bool = False


@dataclass
class Results:
    """The rows scored so far.

    Attributes:
        parts: the scored parts.
        columns: the input's columns.
        text: the position of the scored column, or of several.
        label: the position of the column with labels, None if there is none.
        labels: the meanings of the label's values that were chosen; None guesses.
    """

    parts: Parts
    columns: list[str]
    text: int | Sequence[int]
    label: int | None = None
    labels: Mapping[str, int | None] | None = None
    _meanings: dict[str, Meaning] = field(default_factory=dict)
    _ends: list[int] = field(default_factory=list)

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """The verdicts: ``sentiment``, ``confidence``, ``status`` (categories), ``p_positive``, ``tokens_read``.

        With labels, also ``meaning``, and ``label``: 1 positive, 0 negative, missing if neither.
        """
        tables = [self._verdict_columns(table) for table in self.parts.tables([*VERDICT.names, *self._label_names])]
        self._ends = list(np.cumsum([table.num_rows for table in tables]))
        frame = (pa.concat_tables(tables).unify_dictionaries() if tables else self._verdict_columns(None)).to_pandas()
        for name in ("sentiment", "confidence", "status"):
            frame[name] = frame[name].cat.reorder_categories(sorted(frame[name].cat.categories))
        if self.label is not None:
            values = list(frame["label"].cat.categories)
            self._meanings = self._read_meanings([value for value in values if value])
            meaning = frame["label"].map({**self._meanings, "": "empty"}).astype(object)
            frame["meaning"] = meaning.fillna(frame["label"].isna().map({True: "empty", False: "unknown"}))
            frame["label"] = pd.array(frame["meaning"].map(LABELS).astype(object), dtype="Int8")
        return frame

    @property
    def meanings(self) -> dict[str, Meaning]:
        """The meaning of each value of the label column, by choice or by a guess."""
        _ = self.verdicts  # fills self._meanings
        return self._meanings

    @property
    def texts(self) -> list[int]:
        """The positions of the scored columns."""
        return find_columns(self.columns, self.text)

    @property
    def rows(self) -> int:
        """The number of scored rows."""
        return len(self.verdicts)

    @property
    def judged(self) -> pd.DataFrame:
        """The rows whose verdict counts: those that the model can read."""
        return self.verdicts[self._is_judged()]

    def _is_judged(self) -> npt.NDArray[np.bool_]:
        return (self.verdicts["sentiment"].notna() & (self.verdicts["status"] != "mostly_unknown")).to_numpy(bool)

    @property
    def labelled(self) -> pd.DataFrame:
        """The judged rows that have a label: ``label`` (int8), ``logit`` of the calibrated probability."""
        rows = self.judged[self.judged["label"].notna()]
        edge = 10.0**-DIGITS / 2  # a probability rounded to 0 or 1 is at most this far from it
        p = rows["p_positive"].clip(edge, 1 - edge)
        return rows.assign(label=rows["label"].astype("int8"), logit=np.log(p / (1 - p)))

    def counts(self, name: str) -> dict[str, int]:
        """Counts the rows by the values of one of the verdict's columns."""
        return {str(value): int(n) for value, n in self.verdicts[name].value_counts().items() if n}

    def outcomes(self) -> dict[str, int]:
        """Counts the judged rows by their outcome. The other rows are "left out", so all counts add up to ``rows``."""
        counts = self._outcome().value_counts()
        judged = {name: int(counts.get(name, 0)) for name in OUTCOMES}
        return {**judged, "left out": self.rows - sum(judged.values())}

    def histogram(self) -> pd.DataFrame:
        """Returns a histogram of the probability by outcome: ``low``, ``high``, ``label``, ``n``."""
        edges = np.linspace(0, 1, metrics.HISTOGRAM_BINS + 1)
        ends = {"low": edges[:-1].round(3), "high": edges[1:].round(3)}
        judged, outcome = self.judged, self._outcome()
        frames = [
            pd.DataFrame({**ends, "label": name, "n": np.histogram(rows["p_positive"], edges)[0]})
            for name in OUTCOMES
            if len(rows := judged[outcome == name])
        ]
        return pd.concat(frames) if frames else pd.DataFrame(columns=["low", "high", "label", "n"])

    def _outcome(self) -> pd.Series:
        judged = self.judged
        return judged["sentiment"].astype(object).mask(judged["confidence"] == "unsure", "unsure")

    def column(self, position: int) -> pd.Series:
        """Returns one of the input's columns as categories, with long cells truncated."""
        cells = [cells.dictionary_encode() for cells in self._cells(position, _GROUP_CHARACTERS)]
        kind = pa.dictionary(pa.int32(), pa.string())
        return pa.chunked_array(cells, kind).unify_dictionaries().to_pandas()[: self.rows]

    def by_group(self, position: int) -> pd.DataFrame:
        """Returns the positive share by group, largest first: ``group``, ``n``, ``share``, ``low``, ``high``."""
        return _shares(self._judged_by(self.column(position))).nlargest(_MOST_GROUPS, "n")

    def over_time(self, position: int) -> pd.DataFrame:
        """Returns the positive share by day, month or year, with the columns of ``by_group``.

        Uses the finest unit that gives few enough points for a line and enough reviews for each. If none does, uses
        the coarsest that still gives a line.
        """
        read = DateReader(self._sample(position), self._date_forms(position))
        days = [read(cells.to_pylist()) for cells in self._cells(position, dates.CHARACTERS)]
        all_days = np.concatenate([*days, np.empty(0, "datetime64[D]")])[: self.rows]
        by_unit = []
        for unit in ("D", "M", "Y"):
            starts = all_days.astype(f"datetime64[{unit}]").astype("datetime64[s]")
            by_unit.append(_shares(self._judged_by(pd.Series(starts))))
        short = [shares for shares in by_unit if len(shares) <= _MOST_POINTS] or by_unit[-1:]
        lines = [shares for shares in short if len(shares) >= _FEWEST_POINTS]
        full = [shares for shares in lines if shares["n"].mean() >= _REVIEWS_A_POINT]
        return (full or lines[-1:] or short)[0].sort_values("group")

    def date_doubt(self, position: int) -> str:
        """Returns how dates are read that could be read in several ways; "" if there are none."""
        return self._date_forms(position).doubt()

    def words(self, count: int = 15) -> pd.DataFrame:
        """Returns the strongest words of the file: ``word``, ``push`` (summed logits), ``rows``, ``side``.

        Sums the strongest words of each row; there are none unless the file was scored with ``explain``.
        """
        frames = [pd.DataFrame({"word": pd.Series(dtype="str"), "push": 0.0, "rows": 0})]
        for table in self.parts.tables(["words_positive", "words_negative", "status"]):
            readable = pc.not_equal(table["status"], "mostly_unknown")
            frames.append(_sum_words(table.filter(readable).drop_columns("status")))
            if sum(map(len, frames)) > 2 * _MOST_WORDS:
                frame = _merge_words(frames)
                frames = [frame.loc[frame["push"].abs().nlargest(_MOST_WORDS).index]]
        frame = _merge_words(frames)
        frame["side"] = np.where(frame["push"] > 0, "positive", "negative")
        ends = [frame.nlargest(count, "push"), frame.nsmallest(count, "push").iloc[::-1]]
        return pd.concat(ends).drop_duplicates("word")

    def select(self, wanted: Filter, order: str = "row", descending: bool = False) -> Rows:
        """Returns the numbers of the rows that a filter selects, in order.

        Args:
            wanted: the filter.
            order: row, probability, length, or error (the most confident contradictions of a label first).
            descending: reverses the order; rows without a verdict always come last.
        """
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
        if wanted.cell and "label" in frame:
            label = frame["label"].eq(int(wanted.cell[0] == "positive")).fillna(False).to_numpy(bool)
            label &= self._is_judged()
            p, threshold = frame["p_positive"].to_numpy(), wanted.threshold  # p is NaN without a verdict
            keep &= label & (p >= threshold if wanted.cell[1] == "positive" else p < threshold)
        if wanted.mislabelled:
            keep &= np.isin(np.arange(len(frame)), self.likely_mislabelled())
        if wanted.search:
            keep &= self._matches(wanted.search)
        rows = np.flatnonzero(keep)
        if order == "error" and "label" in frame:
            distance = (frame["p_positive"] - frame["label"].astype("Float64")).abs().fillna(-1.0).to_numpy()
            distance = np.where(self._is_judged(), distance, -1.0)
            return rows[np.argsort(-distance[rows], kind="stable")]
        if by := _ORDERS.get(order):
            return frame[by].iloc[rows].sort_values(ascending=not descending, kind="stable").index.to_numpy()
        return rows[::-1] if descending else rows

    def read(self, rows: Sequence[int] | Rows, positions: Sequence[int], most: int | None = None) -> pd.DataFrame:
        """Returns the verdicts of some rows, with some of the input's columns as text.

        Args:
            rows: numbers from 0; the column ``row`` counts from 1.
            positions: positions of the columns, which are named ``c0``, ``c1``, ...
            most: the largest number of characters of a cell; None for no limit.
        """
        names = [f"c{position}" for position in positions]
        found: dict[int, dict[str, object]] = {}
        _ = self.verdicts  # fills self._ends
        by_part: defaultdict[int, list[int]] = defaultdict(list)
        for row in rows:
            by_part[int(np.searchsorted(self._ends, row, side="right"))].append(int(row))
        for part, wanted in by_part.items():
            start = self._ends[part - 1] if part else 0
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
        """Returns the text of some rows, with several columns joined; not a string for a row without one."""
        names = [f"c{place}" for place in self.texts]
        cells = self.read(rows, self.texts)[names]
        return list(cells[names[0]]) if len(names) == 1 else [join_cells(row) for row in cells.itertuples(index=False)]

    def likely_mislabelled(self) -> Rows:
        """Returns rows whose label is probably wrong, by confident learning (Northcutt et al. 2021, section 3.1).

        Selects a row if its probability of the other class is at least the mean probability of the rows labelled so.
        """
        rows = self.labelled
        p, label = rows["p_positive"].to_numpy(), rows["label"].to_numpy()
        if len(np.unique(label)) < 2:
            return np.empty(0, np.int64)
        positive, negative = p[label == 1].mean(), (1 - p[label == 0]).mean()
        wrong = np.where(label == 0, (p >= positive) & (p > 0.5), (1 - p >= negative) & (p < 0.5))
        return rows.index.to_numpy()[wrong]

    def label_metrics(self) -> dict[str, Any]:
        """Returns metrics of the verdicts against the labels for JSON; only two counts if no row has both."""
        rows = self.labelled
        label, logit, p = (rows[name].to_numpy() for name in ("label", "logit", "p_positive"))
        if not len(rows):
            return {"n": 0, "left_out": self.left_out()}
        confusion = metrics.confusion((rows["sentiment"] == "positive").to_numpy(), label, 1)
        right = confusion.tp + confusion.tn
        both = len(np.unique(label)) == 2
        return {
            "n": len(rows),
            "left_out": self.left_out(),
            "positive": int(label.sum()),
            "accuracy": right / len(rows),
            "accuracy_interval": list(metrics.wilson_interval(right, len(rows))),
            "precision": confusion.precision,
            "recall": confusion.recall,
            "f1": confusion.f1,
            "auc": metrics.sweep(logit, label).auc if both else None,
            "log_loss": metrics.log_loss(logit, label),
            "calibration_error": metrics.reliability(p, label).error,
            "confusion": asdict(confusion),
            "likely_mislabelled": len(self.likely_mislabelled()),
        }

    def _verdict_columns(self, part: pa.Table | None) -> pa.Table:
        """Returns the verdicts of a part and its labels, truncated, with dictionary-encoded text; empty for no part."""
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
        _ = self.verdicts  # fills self._ends
        step = max(1, len(self._ends) // _SAMPLED_PARTS)
        found: list[str] = []
        for part in range(0, len(self._ends), step):
            name = f"c{position}"
            column = pq.read_table(self.parts.path(part), columns=[name], partitioning=None)[name]
            found += truncate(column.slice(0, _SAMPLED_ROWS), dates.CHARACTERS).drop_null().to_pylist()
        return found

    @property
    def _label_names(self) -> list[str]:
        return [] if self.label is None else [f"c{self.label}"]

    def _read_meanings(self, values: Sequence[str]) -> dict[str, Meaning]:
        if len(values) > _MOST_LABELS or self.label is None:
            return {}
        guessed = value_meanings(values, self.columns[self.label])
        return guessed if self.labels is None else chosen_meanings(guessed, self.labels)

    def left_out(self) -> dict[str, int]:
        """Counts the rows that the metrics leave out, by the reason: the text first, then the label."""
        frame = self.verdicts
        reason = frame["meaning"].map(_LEFT_OUT_LABELS)
        reason = reason.mask(frame["status"] == "mostly_unknown", "mostly_unknown").mask(
            frame["sentiment"].isna(), "not_judged"
        )
        counts = reason.value_counts()
        return {name: int(counts[name]) for name in LEFT_OUT if name in counts}

    def _judged_by(self, groups: pd.Series) -> pd.DataFrame:
        positive = (self.verdicts["sentiment"] == "positive").to_numpy()
        frame = pd.DataFrame({"group": groups, "positive": positive})
        return frame[self._is_judged() & groups.notna().to_numpy()]

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


def _sum_words(part: pa.Table) -> pd.DataFrame:
    """Sums the words of a part: ``word``, ``push``, ``rows``."""
    columns = [pc.split_pattern(column.combine_chunks().drop_null(), " ").flatten() for column in part.columns]
    entries = pa.concat_arrays(columns)
    entries = entries.filter(pc.match_substring(entries, ":"))
    both = pc.split_pattern(entries, ":", max_splits=1, reverse=True)
    word = pc.utf8_slice_codeunits(pc.list_element(both, 0), 0, _WORD_CHARACTERS)
    table = pa.table({"word": word, "push": pc.list_element(both, 1).cast(pa.float64())})
    summed = table.group_by("word").aggregate([("push", "sum"), ("push", "count")])
    return summed.rename_columns(["word", "push", "rows"]).to_pandas()


def _merge_words(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames).groupby("word", sort=False, as_index=False).sum()


def _shares(frame: pd.DataFrame) -> pd.DataFrame:
    counts = frame.groupby("group", observed=True)["positive"].agg(["size", "sum"]).reset_index()
    bounds = [metrics.wilson_interval(int(k), int(n)) for k, n in zip(counts["sum"], counts["size"], strict=True)]
    return pd.DataFrame(
        {
            "group": counts["group"],
            "n": counts["size"],
            "share": counts["sum"] / counts["size"],
            "low": [low for low, _ in bounds],
            "high": [high for _, high in bounds],
        }
    )

"""Labelled predictions at a threshold, their metrics and filters; without Streamlit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment.evaluation import comparison, metrics
from sentiment.evaluation.predictions import calibration_by_length, slices
from sentiment.model.decision import DecisionRule

LABELS = {1: "positive", 0: "negative"}  # label in a table of predictions -> its name
EVERYTHING = "everything"
CELLS = {
    "true positives": ("positive", "positive"),
    "false positives": ("negative", "positive"),
    "true negatives": ("negative", "negative"),
    "false negatives": ("positive", "negative"),
}  # name of a confusion cell -> (label, verdict)
WRONG, RIGHT, SURE_ERRORS = "wrong verdicts", "right verdicts", "high-confidence errors"
VERDICTS = (EVERYTHING, WRONG, SURE_ERRORS, RIGHT, *CELLS)

_MANY_UNKNOWN = 0.05  # share of unknown words at which they may have misled the model
_MIN_REPORTED = 30  # reviews; a smaller slice is not reported as the weakest
_SLICES = {
    "length": "Length in tokens",
    "rating": "Rating",
    "unknown_rate": "Unknown words",
    "truncated": "Truncated",
    "negation": "Contains negation",
    "contrast": "Contains contrast",
}
_VALUES = ((r"^below ", "< "), (r"^(.*) and more$", r"≥ \1"), (r"^(\d+)(?: ?%)? to (\d+)", r"\1–\2"), (r" %", "%"))
Slice = tuple[str, npt.NDArray[np.bool_]]  # its name, and <bool>[n], which reviews are in it


@dataclass(frozen=True)
class ScoredReviews:
    """A run's predictions on labelled reviews, with a threshold on the calibrated probability.

    Attributes:
        table: the predictions, with ``probability`` of "positive", ``verdict`` and ``right``.
        rule: the run's decision rule, for calibration and confidence levels; its threshold may differ.
        threshold: the verdict is "positive" at or above this probability.
        own: the name of each user-defined slice, and the function that finds its reviews in a table.
    """

    table: pd.DataFrame
    rule: DecisionRule
    threshold: float
    own: Sequence[tuple[str, Callable[[pd.DataFrame], npt.NDArray[np.bool_]]]] = ()

    @classmethod
    def from_predictions(
        cls, predictions: pd.DataFrame, rule: DecisionRule, threshold: float, **settings: Any
    ) -> ScoredReviews:
        """Applies the threshold to a predictions table; ``settings`` are further attributes."""
        probability = metrics.sigmoid(rule.calibrated(predictions["logit"].to_numpy()))
        if "probability" in predictions:  # used as they are, because a threshold may equal one of them
            probability = predictions["probability"].to_numpy(np.float64)
        called = probability >= threshold
        verdict = np.where(called, "positive", "negative")
        right = called == (predictions["label"].to_numpy() == 1)
        table = predictions.assign(probability=probability, verdict=verdict, right=right)
        return cls(table, rule, threshold, **settings)

    @property
    def labels(self) -> npt.NDArray[np.int8]:
        """Returns the labels: <int8>[n], 1 positive, 0 negative."""
        return self.table["label"].to_numpy()

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """Returns the probabilities of "positive": <float64>[n]."""
        return self.table["probability"].to_numpy()

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Returns whether each verdict agrees with its label: <bool>[n]."""
        return self.table["right"].to_numpy()

    @cached_property
    def confidence(self) -> npt.NDArray[np.str_]:
        """Returns the confidence level of each prediction: <str>[n]."""
        return np.array([self.rule.confidence(each) for each in self.probabilities.tolist()], dtype="str")

    @cached_property
    def sure_errors(self) -> npt.NDArray[np.bool_]:
        """Returns whether each prediction is confident and wrong: <bool>[n]."""
        return ~self.right & (self.confidence == "confident")

    @cached_property
    def confusion(self) -> metrics.Confusion:
        """Returns the four counts of the confusion matrix at the threshold."""
        return metrics.confusion(self.probabilities, self.labels, self.threshold)

    @cached_property
    def sweep(self) -> metrics.Sweep:
        """Returns the metrics at every threshold."""
        return metrics.sweep(self.probabilities, self.labels)

    def cost_per_100(self, threshold: float, ratio: float) -> float:
        """Returns the cost per 100 reviews if a false negative costs 1 and a false positive ``ratio``."""
        counts = metrics.confusion(self.probabilities, self.labels, threshold)
        return 100 * (counts.fn + ratio * counts.fp) / len(self.table)

    @cached_property
    def reliability(self) -> metrics.Reliability:
        """Returns the calibration, which does not depend on the threshold."""
        return metrics.reliability(self.probabilities, self.labels)

    @property
    def log_loss(self) -> float:
        """Returns the log loss of the calibrated scores, in nats."""
        return metrics.log_loss(self.rule.calibrated(self.table["logit"].to_numpy()), self.labels)

    @property
    def interval(self) -> tuple[float, float]:
        """Returns the 95% interval of the accuracy."""
        return metrics.wilson_interval(int(self.right.sum()), len(self.table))

    def curve(self) -> pd.DataFrame:
        """Returns ``recall``, ``false_positive_rate`` and ``precision`` by ``threshold``, thinned for a chart."""
        thin = self.sweep.thin()
        return pd.DataFrame(
            {
                "recall": thin.recall,
                "false_positive_rate": thin.false_positive_rate,
                "precision": thin.precision,
                "threshold": thin.thresholds.clip(max=1.0),
            }
        )

    def calibration(self) -> pd.DataFrame:
        """Returns ``stated``, ``observed`` and ``n`` of each probability bin."""
        bins = self.reliability
        return pd.DataFrame({"stated": bins.stated, "observed": bins.observed, "n": bins.count})

    def calibration_by_length(self) -> pd.DataFrame:
        """Returns ``length``, ``n``, ``error``, ``chance`` and ``high`` of each length band."""
        names = {"value": "length", "calibration_error": "error", "by_chance": "chance", "by_chance_high": "high"}
        bands = pd.DataFrame(calibration_by_length(self.table, self.rule)).rename(columns=names)
        return bands.assign(length=bands["length"].map(_shown_value))

    def cells(self) -> pd.DataFrame:
        """Returns the confusion matrix as rows: ``label``, ``verdict``, ``n``, ``share`` (of its label), ``right``."""
        counts = self.confusion
        rows = [
            ("positive", "positive", counts.tp, counts.tp + counts.fn),
            ("positive", "negative", counts.fn, counts.tp + counts.fn),
            ("negative", "positive", counts.fp, counts.fp + counts.tn),
            ("negative", "negative", counts.tn, counts.fp + counts.tn),
        ]
        frame = pd.DataFrame(rows, columns=["label", "verdict", "n", "of"])
        return frame.assign(share=frame["n"] / frame["of"].clip(lower=1), right=frame["label"] == frame["verdict"])

    def histogram(self) -> pd.DataFrame:
        """Counts the reviews of each class by probability: ``low``, ``high``, ``label``, ``n``."""
        edges = np.linspace(0, 1, metrics.HISTOGRAM_BINS + 1)
        ends = {"low": edges[:-1].round(3), "high": edges[1:].round(3)}
        counts = {
            name: np.histogram(self.probabilities[self.labels == label], edges)[0] for label, name in LABELS.items()
        }
        return pd.concat([pd.DataFrame({**ends, "label": name, "n": n}) for name, n in counts.items()])

    def by_slice(self, slices: Iterable[Slice] | None = None) -> pd.DataFrame:
        """Returns the accuracy of each non-empty slice, and how far it is from that of all other reviews.

        Args:
            slices: the slices to measure; by default all slices.

        Returns:
            Columns ``slice``, ``n``, ``errors``, ``accuracy``, ``low``, ``high`` (95%), ``difference``,
            ``difference_low`` and ``difference_high`` (95%; NaN for a slice of all reviews).
        """
        all_right, rows = int(self.right.sum()), []
        for name, mask in self.parts() if slices is None else slices:
            right, n = int(self.right[mask].sum()), int(mask.sum())
            if n:
                rest = (all_right - right, len(self.table) - n)
                bounds = metrics.difference_interval((right, n), rest) if rest[1] else (np.nan, np.nan)
                gap = right / n - rest[0] / rest[1] if rest[1] else np.nan
                rows.append((name, n, n - right, right / n, *metrics.wilson_interval(right, n), gap, *bounds))
        names = ["slice", "n", "errors", "accuracy", "low", "high"]
        return pd.DataFrame(rows, columns=[*names, "difference", "difference_low", "difference_high"])

    def weakest_slice(self) -> pd.Series | None:
        """Returns the least accurate row of ``by_slice`` that is significantly below all other reviews, if any."""
        rows = self.by_slice(self._parts_of_data())
        rows = rows[(rows["difference_high"] < 0) & (rows["n"] >= _MIN_REPORTED)]
        return None if rows.empty else rows.iloc[int(rows["accuracy"].to_numpy().argmin())]

    def select(self, verdicts: str, part: str, between: tuple[float, float]) -> pd.DataFrame:
        """Returns the rows that pass a filter, the most confident mistakes first.

        Args:
            verdicts: one of ``VERDICTS``.
            part: the name of a slice, or ``EVERYTHING``.
            between: bounds on the probability of "positive".
        """
        keep = (self.probabilities >= between[0]) & (self.probabilities <= between[1])
        if verdicts in CELLS:
            label, verdict = CELLS[verdicts]
            keep &= ((self.labels == (label == "positive")) & (self.table["verdict"] == verdict)).to_numpy()
        elif verdicts == SURE_ERRORS:
            keep &= self.sure_errors
        elif verdicts != EVERYTHING:
            keep &= self.right == (verdicts == RIGHT)
        if part != EVERYTHING:
            keep &= dict(self.parts()).get(part, keep)
        rows = self.table[keep]
        distance = (rows["probability"] - rows["label"]).abs()
        return rows.loc[distance.sort_values(ascending=False, kind="stable").index]

    def parts(self) -> Iterator[Slice]:
        """Yields the slices of the data, then the user-defined ones."""
        yield from self._parts_of_data()
        yield from self.own_parts()

    def own_parts(self) -> Iterator[Slice]:
        """Yields the user-defined slices."""
        for name, find in self.own:
            yield name, find(self.table)

    def _parts_of_data(self) -> Iterator[Slice]:
        for by, value, mask in slices(self.table):
            yield f"{_SLICES[by]}: {_shown_value(value)}", mask


def _shown_value(value: str) -> str:
    """Returns the value of a slice in symbols: "below 100" becomes "< 100", "1 % to 2 %" becomes "1–2%"."""
    for pattern, replacement in _VALUES:
        value = re.sub(pattern, replacement, value)
    return value


def possible_causes(rows: pd.DataFrame) -> list[str]:
    """Returns for each row of a predictions table the properties that may have misled the model, joined by commas."""
    mild = rows["rating"].isin([4, 5, 6, 7])
    signs = {
        "moderate rating": mild,
        "negation": rows["negation"],
        "contrast": rows["contrast"],
        "truncated": rows["truncated"],
        "rare words": rows["unknown_rate"] >= _MANY_UNKNOWN,
    }
    flags = pd.DataFrame(signs)
    return [", ".join(flags.columns[row]) for row in flags.to_numpy(bool)]


@dataclass(frozen=True)
class Pair:
    """Two runs on their common reviews. The second is the run that the page shows.

    Attributes:
        first: the other run, with a row for each common review.
        second: the run shown, with its rows in the same order.
    """

    first: ScoredReviews
    second: ScoredReviews

    @classmethod
    def match(cls, first: ScoredReviews, second: ScoredReviews) -> Pair | None:
        """Matches reviews by fingerprint, repeated texts in order; returns None without a match."""
        left, right = (_by_fingerprint(scored.table) for scored in (first, second))
        common = right.index.intersection(left.index)
        if not len(common):
            return None
        rows = (table.loc[common].reset_index(drop=True) for table in (left, right))
        tables = zip((first, second), rows, strict=True)
        return cls(*(replace(scored, table=table) for scored, table in tables))

    @property
    def test(self) -> comparison.Comparison:
        """Returns McNemar's test, with the number of reviews that only one run classifies correctly."""
        return comparison.compare(self.first.right, self.second.right)

    def changes(self) -> dict[str, comparison.Change]:
        """Returns every metric of both runs, with its difference and the interval of the difference."""
        first, second = (side.rule.calibrated(side.table["logit"].to_numpy()) for side in (self.first, self.second))
        return comparison.changes(first, second, self.second.labels, self.second.threshold)

    def agreement(self) -> pd.DataFrame:
        """Counts how often both, one or neither is correct: ``second``, ``first``, ``n`` and ``share``."""
        sides = pd.DataFrame({"second": self.second.right, "first": self.first.right})
        counts = sides.value_counts().reindex(pd.MultiIndex.from_product([[True, False]] * 2), fill_value=0)
        frame = counts.rename_axis(["second", "first"]).reset_index(name="n")
        words = {True: "correct", False: "incorrect"}
        frame["second"], frame["first"] = frame["second"].map(words), frame["first"].map(words)
        return frame.assign(share=frame["n"] / frame["n"].sum())

    def by_slice(self) -> pd.DataFrame:
        """Returns the difference in accuracy by slice: ``slice``, ``n``, ``difference``, ``low``, ``high`` (95%)."""
        gained = self.second.right.astype(int) - self.first.right
        rows = []
        for name, mask in self.second.parts():
            if n := int(mask.sum()):
                mean = float(gained[mask].mean())
                spread = metrics.Z * float(gained[mask].std()) / n**0.5  # of the mean of paired differences
                rows.append((name, n, mean, mean - spread, mean + spread))
        return pd.DataFrame(rows, columns=["slice", "n", "difference", "low", "high"])

    def select(self, second_right: bool | None, first_right: bool | None, part: str) -> pd.DataFrame:
        """Returns the reviews that pass a filter, those with the largest difference in probability first.

        Args:
            second_right: whether the second run is right; None selects all disagreements.
            first_right: whether the first run is right.
            part: the name of a slice, or ``EVERYTHING``.

        Returns:
            The rows of the second run, with the first run's probability as ``other``.
        """
        second, first = self.second.right, self.first.right
        keep = second != first if second_right is None else (second == second_right) & (first == first_right)
        if part != EVERYTHING:
            keep &= dict(self.second.parts()).get(part, keep)
        rows = self.second.table.assign(other=self.first.probabilities)[keep]
        gap = (rows["probability"] - rows["other"]).abs()
        return rows.loc[gap.sort_values(ascending=False, kind="stable").index]


def _by_fingerprint(table: pd.DataFrame) -> pd.DataFrame:
    """Indexes the table by fingerprint and the number of the review among those with the same fingerprint."""
    number = table.groupby("fingerprint").cumcount()
    return table.set_axis(pd.MultiIndex.from_arrays([table["fingerprint"], number], names=["print", "number"]))


def cell_name(cell: dict[str, Any]) -> str:
    """Returns the name of a confusion cell, given its ``label`` and ``verdict``."""
    return next(name for name, place in CELLS.items() if place == (cell["label"], cell["verdict"]))

"""Computes statistics of the scored rows of a file from columns that ``results`` has read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sentiment.evaluation import metrics

OUTCOMES = ("positive", "unsure", "negative")  # of a predicted row: its sentiment, or that the model is unsure

_MOST_GROUPS = 30
_FEWEST_POINTS, _MOST_POINTS = 3, 60  # on a line over time
_REVIEWS_A_POINT = 5  # on average; with fewer, the line jumps between 0 and 1
_WORD_CHARACTERS = 60
_MOST_WORDS = 100_000  # distinct words kept while counting, those with the strongest push


def histogram(probabilities: pd.Series, outcomes: pd.Series) -> pd.DataFrame:
    """Returns a histogram of the probability by outcome: ``low``, ``high``, ``label``, ``n``.

    Args:
        probabilities: <float64>[rows], the probability of "positive".
        outcomes: [rows], one of ``OUTCOMES`` for each row.
    """
    edges = np.linspace(0, 1, metrics.HISTOGRAM_BINS + 1)
    ends = {"low": edges[:-1].round(3), "high": edges[1:].round(3)}
    frames = [
        pd.DataFrame({**ends, "label": name, "n": np.histogram(chosen, edges)[0]})
        for name in OUTCOMES
        if len(chosen := probabilities[outcomes == name])
    ]
    return pd.concat(frames) if frames else pd.DataFrame(columns=["low", "high", "label", "n"])


def shares_by_group(groups: pd.Series, positive: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Returns the positive share of the largest groups: ``group``, ``n``, ``share``, ``low``, ``high``.

    Args:
        groups: [rows], the group of each row; rows without one are left out.
        positive: <bool>[rows], whether each row is predicted positive.
    """
    return _shares(groups, positive).nlargest(_MOST_GROUPS, "n")


def shares_over_time(days: npt.NDArray[np.datetime64], positive: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Returns the positive share by day, month or year, with the columns of ``shares_by_group``.

    Uses the finest unit that gives few enough points for a line and enough reviews for each. If none does, uses the
    coarsest that still gives a line.

    Args:
        days: <datetime64[D]>[rows]; rows with NaT are left out.
        positive: <bool>[rows], whether each row is predicted positive.
    """
    by_unit = []
    for unit in ("D", "M", "Y"):
        starts = days.astype(f"datetime64[{unit}]").astype("datetime64[s]")
        by_unit.append(_shares(pd.Series(starts), positive))
    short = [shares for shares in by_unit if len(shares) <= _MOST_POINTS] or by_unit[-1:]
    lines = [shares for shares in short if len(shares) >= _FEWEST_POINTS]
    full = [shares for shares in lines if shares["n"].mean() >= _REVIEWS_A_POINT]
    return (full or lines[-1:] or short)[0].sort_values("group")


def _shares(groups: pd.Series, positive: npt.NDArray[np.bool_]) -> pd.DataFrame:
    frame = pd.DataFrame({"group": groups, "positive": positive})
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


def strongest_words(tables: Iterable[pa.Table], count: int) -> pd.DataFrame:
    """Returns the words with the largest total contributions: ``word``, ``push`` (logits), ``rows``, ``side``.

    Args:
        tables: parts with the columns ``words_positive`` and ``words_negative``; see ``scoring.strongest_words``.
        count: the number of words on each side.
    """
    frames = [pd.DataFrame({"word": pd.Series(dtype="str"), "push": 0.0, "rows": 0})]
    for table in tables:
        frames.append(_sum_words(table))
        if sum(map(len, frames)) > 2 * _MOST_WORDS:
            frame = _merge_words(frames)
            frames = [frame.loc[frame["push"].abs().nlargest(_MOST_WORDS).index]]
    frame = _merge_words(frames)
    frame["side"] = np.where(frame["push"] > 0, "positive", "negative")
    ends = [frame.nlargest(count, "push"), frame.nsmallest(count, "push").iloc[::-1]]
    return pd.concat(ends).drop_duplicates("word")


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


def are_likely_mislabelled(p: npt.NDArray[np.float64], label: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Returns whether each label is probably wrong, by confident learning (Northcutt et al. 2021, section 3.1).

    A label is suspected if the probability of the other class is at least its mean over the rows labelled so.

    Args:
        p: <float64>[rows], the probability of "positive".
        label: <int8>[rows], 1 positive, 0 negative.

    Returns:
        <bool>[rows]; all False if only one class occurs.
    """
    if len(np.unique(label)) < 2:
        return np.zeros(len(p), bool)
    positive, negative = p[label == 1].mean(), (1 - p[label == 0]).mean()
    return np.where(label == 0, (p >= positive) & (p > 0.5), (1 - p >= negative) & (p < 0.5))


def label_metrics(labelled: pd.DataFrame) -> dict[str, Any]:
    """Returns metrics of the verdicts against the labels, for JSON.

    Args:
        labelled: ``Results.labelled``, with at least one row.
    """
    label, logit, p = (labelled[name].to_numpy() for name in ("label", "logit", "p_positive"))
    confusion = metrics.confusion((labelled["sentiment"] == "positive").to_numpy(), label, 1)
    right = confusion.tp + confusion.tn
    both = len(np.unique(label)) == 2
    return {
        "positive": int(label.sum()),
        "accuracy": right / len(labelled),
        "accuracy_interval": list(metrics.wilson_interval(right, len(labelled))),
        "precision": confusion.precision,
        "recall": confusion.recall,
        "f1": confusion.f1,
        "auc": metrics.sweep(logit, label).auc if both else None,
        "log_loss": metrics.log_loss(logit, label),
        "calibration_error": metrics.reliability(p, label).error,
        "confusion": asdict(confusion),
        "likely_mislabelled": int(are_likely_mislabelled(p, label).sum()),
    }

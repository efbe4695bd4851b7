"""Describes how a data set was read and which rows were left out, for the command line and the Dataset page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from sentiment.dataset.records import Dataset, Interpretation

_REASONS = {  # field of ``Removed`` -> singular and plural; contradicting copies are among the repeats
    "unreadable": ("unreadable row", "unreadable rows"),
    "empty": ("row without text", "rows without text"),
    "missing_label": ("row without a label", "rows without a label"),
    "neutral": ("row neither positive nor negative", "rows neither positive nor negative"),
    "unknown_label": ("row with a label of unknown meaning", "rows with a label of unknown meaning"),
    "unmatched": ("row that is not in the official IMDB release", "rows that are not in the official IMDB release"),
    "repeats": ("repeat of another row", "repeats of other rows"),
    "train_in_test": ("training text that is also in the test part", "training texts that are also in the test part"),
    "unlabelled_in_test": (
        "unlabelled text that is also in the test part",
        "unlabelled texts that are also in the test part",
    ),
    "excluded": ("row on the list of exclusions", "rows on the list of exclusions"),
}
_MEANINGS = {
    "positive": "positive",
    "negative": "negative",
    "neutral": "neither",
    "unknown": "not known",
}  # meaning of a label -> its name in a summary
_MAX_LISTED = 8


def summary_lines(data: Dataset) -> list[str]:
    """Returns lines on the format, the split, the columns, the labels, the rows left out and doubtful guesses."""
    lines = [f"{data.source.form}; split: {data.source.split}"]
    if data.interpretation is not None:
        lines.append(_columns(data.interpretation))
    if reasons := list_removed(asdict(data.source.removed)):
        lines.append(f"Left out: {', '.join(reasons)}.")
    if contradicting := data.source.removed.contradicting:
        copies = "repeats have" if contradicting > 1 else "repeat has"
        lines.append(f"{contradicting:,} {copies} a different label from the kept copy, which has the majority label.")
    return lines + (data.interpretation.notes if data.interpretation else [])


def list_removed(numbers: Mapping[str, int]) -> list[str]:
    """Returns the number of rows for each reason, in words."""
    return [f"{n:,} {words[n != 1]}" for name, words in _REASONS.items() if (n := numbers.get(name, 0))]


def count_removed(numbers: Mapping[str, int]) -> int:
    """Returns the number of rows that were left out."""
    return sum(numbers.get(name, 0) for name in _REASONS)


def list_names(names: Iterable[str]) -> str:
    """Lists names or values, shortened, because in a file without a header they are reviews."""
    names = [f"“{textwrap.shorten(name, 40, placeholder='…')}”" for name in names]
    more = [f"{len(names) - _MAX_LISTED:,} more"] if len(names) > _MAX_LISTED else []
    return ", ".join(names[:_MAX_LISTED] + more)


def _columns(found: Interpretation) -> str:
    by_meaning = {name: [label.value for label in found.labels if label.means == name] for name in _MEANINGS}
    labels = "; ".join(f"{_MEANINGS[name]}: {list_names(values)}" for name, values in by_meaning.items() if values)
    return f"Reviews: {list_names(found.text)}; labels: {list_names([found.label])} ({labels})."

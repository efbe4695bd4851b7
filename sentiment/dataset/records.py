"""The types of a data set: four tables of reviews and their source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sentiment.errors import SentimentError

NEGATIVE, POSITIVE, UNLABELLED = 0, 1, -1
NAMES = {NEGATIVE: "negative", POSITIVE: "positive"}


class DatasetError(SentimentError):
    """Raised for data that cannot be used; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Removed:
    """The number of rows that were removed, by reason.

    Attributes:
        empty: rows without text.
        unmatched: rows of an IMDB file that the official release lacks, or has fewer times.
        repeats: further copies of a text within train.
        contradicting: repeats whose label differs from that of the copy that was kept.
        train_in_test: train rows whose text is also in test.
        unlabelled_in_test: unlabelled rows whose text is also in test.
        excluded: train and unlabelled rows whose fingerprint the caller excluded.
        unreadable: rows of a table that could not be read.
        missing_label: rows with text and without a label.
        neutral: rows whose label is neither positive nor negative.
        unknown_label: rows whose label has no known meaning.
    """

    empty: int = 0
    unmatched: int = 0
    repeats: int = 0
    contradicting: int = 0
    train_in_test: int = 0
    unlabelled_in_test: int = 0
    excluded: int = 0
    unreadable: int = 0
    missing_label: int = 0
    neutral: int = 0
    unknown_label: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a data set, for a run's metadata.

    Attributes:
        form: the format, such as "Kaggle CSV" or "Stanford archive".
        sha256: of the file, in hex; for a folder, of the lines ``<sha256>  <relative path>`` of its files in
            alphabetical order, as ``sha256sum`` prints them.
        split: how train and test were separated.
        validation: how the validation reviews were chosen.
        removed: the number of rows that were removed.
        limit: the number of training reviews requested; None for all.
    """

    form: str
    sha256: str
    split: str
    validation: str
    removed: Removed
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class LabelMeaning:
    """The meaning of a value of a label column, as in ``tables.labels.Meaning``; ``n`` rows have it."""

    value: str
    means: str
    n: int


@dataclass(frozen=True, slots=True)
class Interpretation:
    """How a table was understood, for the user to check.

    Attributes:
        columns: the names of all columns.
        text: the names of the columns of reviews, usually one.
        label: the name of the column of labels.
        labels: the most frequent values of that column.
        notes: sentences for the user, such as guesses that may be wrong.
    """

    columns: list[str]
    text: list[str]
    label: str
    labels: list[LabelMeaning]
    notes: list[str]


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Reviews for training, validation and test.

    Every table has the columns ``text`` (str), ``label`` (int8; 1 positive, 0 negative, -1 unlabelled), ``rating``
    (int8, 1 to 10, 0 unknown), ``film`` (str, IMDb title id such as "tt0064354", "" unknown) and ``fingerprint`` (str,
    16 hex digits). Rows are sorted by fingerprint, so that the order of rows in a file does not matter.

    Attributes:
        train: the training reviews.
        validation: for choices during training. It shares no text with train, and no film if it is held out by film,
            as ``source`` says.
        test: for a finished model; nothing is removed from it.
        unlabelled: further reviews without labels, often none.
        source: the source of the reviews.
        interpretation: how a table was understood; None for the Stanford release.
        neutral: texts labelled neither positive nor negative, which are in no part.
    """

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    unlabelled: pd.DataFrame
    source: Source
    interpretation: Interpretation | None = None
    neutral: Sequence[str] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RawData:
    """Reviews as read from a file or folder.

    Attributes:
        form: as in ``Source``.
        sha256: as in ``Source``.
        reviews: columns ``text``, ``label``, ``rating``, ``film`` as in ``Dataset``, and ``part``: "train", "test",
            "unsup", or "" if the format has no split.
        removed: the rows of a table that were left out.
        interpretation: as in ``Dataset``.
        neutral: as in ``Dataset``.
    """

    form: str
    sha256: str
    reviews: pd.DataFrame
    removed: Removed = Removed()
    interpretation: Interpretation | None = None
    neutral: Sequence[str] = ()

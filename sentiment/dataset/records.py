"""What a data set is: four tables of reviews and where they came from."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

NEGATIVE, POSITIVE, UNLABELLED = 0, 1, -1
NAMES = {NEGATIVE: "negative", POSITIVE: "positive"}


class DatasetError(Exception):
    """Data that cannot be used; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Removed:
    """How many rows were taken out, and why.

    Attributes:
        empty: rows without text.
        unmatched: rows of an IMDB file that the official release does not hold, or holds fewer times.
        repeats: further copies of a text within train.
        contradicting: those repeats whose label differs from that of the copy that was kept.
        train_in_test: train rows whose text is also in test.
        unlabelled_in_test: unlabelled rows whose text is also in test.
        excluded: train and unlabelled rows whose fingerprint the caller excluded.
    """

    empty: int = 0
    unmatched: int = 0
    repeats: int = 0
    contradicting: int = 0
    train_in_test: int = 0
    unlabelled_in_test: int = 0
    excluded: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """Where a data set came from, for a run's metadata.

    Attributes:
        form: what stood at the path, such as "Kaggle CSV" or "Stanford archive".
        sha256: of the file, in hex; of a folder, that of the lines ``<sha256>  <relative path>`` of its files in
            alphabetical order, as ``sha256sum`` prints them.
        split: how train and test were told apart.
        validation: how the validation reviews were chosen.
        removed: what was taken out.
        limit: the number of training reviews asked for, None for all of them.
    """

    form: str
    sha256: str
    split: str
    validation: str
    removed: Removed
    limit: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Reviews to learn from, to tune on and to be judged by.

    Every table has the columns ``text`` (str), ``label`` (int8; 1 positive, 0 negative, -1 unlabelled), ``rating``
    (int8, 1 to 10, 0 unknown), ``film`` (str, IMDb title id such as "tt0064354", "" unknown) and ``fingerprint`` (str,
    16 hex digits), and is in order of fingerprint, so that the order of the rows in a file changes nothing.

    Attributes:
        train: what is trained on.
        validation: what choices are made by; shares no text with train, and no film where it is held out by film, as
            ``source`` says.
        test: what a finished model is judged by; nothing is ever taken out of it.
        unlabelled: further reviews without labels, often none.
        source: where they came from.
    """

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    unlabelled: pd.DataFrame
    source: Source


@dataclass(frozen=True, slots=True, eq=False)
class RawData:
    """Reviews as a reader found them.

    Attributes:
        form: as in ``Source``.
        sha256: as in ``Source``.
        reviews: columns ``text``, ``label``, ``rating``, ``film`` as in ``Dataset``, and ``part``: "train", "test",
            "unsup", or "" where the form has no split.
    """

    form: str
    sha256: str
    reviews: pd.DataFrame

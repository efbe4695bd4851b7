"""Loads a data set: reads, splits and cleans it. All formats of the same reviews give the same data set."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd

from sentiment.dataset import official, readers
from sentiment.dataset.fingerprints import fingerprint
from sentiment.dataset.records import NAMES, UNLABELLED, Dataset, DatasetError, RawData, Removed, Source
from sentiment.dataset.splits import distinct, draw
from sentiment.dataset.wording import list_removed
from sentiment.tables.reading import Reading

MAX_VALIDATION = 2_500  # reviews
VALIDATION_DIVISOR = 10  # one in ten training reviews is held out
TEST_SHARE = 0.2  # of the distinct texts, in data without a test part
MIN_REVIEWS = 10  # of each class, in data that is split here
MIN_TEXTS = 3  # distinct texts of each class, one for each part
WHOLE = "none, all reviews are tested"
_ONCE = ", each text counted once by its letters and digits,"


def load(
    path: Path | str,
    reading: Reading | None = None,
    *,
    exclude: Collection[str] = frozenset(),
    limit: int | None = None,
    seed: int = 0,
    whole: bool = False,
) -> Dataset:
    """Loads the reviews at ``path``.

    Reads the Kaggle CSV or its zip, the Stanford folder or archive, a folder of ``train.parquet``, ``test.parquet`` and
    optionally ``unsup.parquet``, or any table with a column of texts and one of labels. Removes repeats within train,
    and train and unlabelled texts that are also in test. If copies of a text have different labels, the majority label
    is used. ``exclude`` and ``limit`` do not change the test part.

    Args:
        path: a file or a folder.
        reading: how to read a table; None detects everything.
        exclude: fingerprints of reviews to keep out of train, validation and unlabelled.
        limit: train on this many reviews, and reduce validation and unlabelled in proportion; None for all.
        seed: the seed of all random draws.
        whole: put every distinct labelled text into the test part and leave the others empty, for a model that has
            learned from none of them; a single review is enough.

    Raises:
        DatasetError: the data cannot be used.
    """
    path = Path(path)
    if limit is not None and limit < 2:
        raise DatasetError(f"A limit of {limit} is too small: at least 2 reviews are needed, one of each class.")
    raw = readers.read(path, reading)
    rng = np.random.default_rng(seed)
    reviews, empty = _normalise(raw, path, 0 if whole else MIN_REVIEWS)
    if whole:
        return _whole(raw, reviews, Removed(empty=empty))
    reviews, split, left_out = _split(reviews, path, rng)
    labelled = {part: reviews[reviews["part"] == part].drop(columns="part") for part in ("train", "test", "unsup")}
    for part in ("train", "test"):
        _check_classes(labelled[part], f"The {part} part of {path.name}")
    train, unlabelled, removed = _clean(labelled["train"], labelled["test"], labelled["unsup"], exclude)
    _check_classes(train, f"What is left of {path.name} to train on{_ONCE if removed.repeats else ''}", 2)
    size = _validation_size(len(train), len(labelled["train"]), official_split=split.startswith("official"))
    train, validation, how = _hold_out(train, size, rng)
    if limit is not None and limit < len(train):
        train, validation, unlabelled = _cut(train, validation, unlabelled, limit, rng)
    removed = _add(_add(raw.removed, left_out), replace(removed, empty=empty))
    form = "Kaggle CSV" if raw.form == "CSV" and split.startswith("official") else raw.form
    source = Source(form, raw.sha256, split, f"{len(validation):,} reviews held out {how}", removed, limit)
    train, validation, test, unlabelled = (
        part.reset_index(drop=True) for part in (train, validation, labelled["test"], unlabelled)
    )
    return Dataset(train, validation, test, unlabelled, source, raw.interpretation, raw.neutral)


def _whole(raw: RawData, reviews: pd.DataFrame, left_out: Removed) -> Dataset:
    """Returns all labelled reviews as the test part."""
    labelled = reviews[reviews["label"] != UNLABELLED].drop(columns="part")
    test, repeats = _distinct(labelled)
    removed = _add(_add(raw.removed, left_out), repeats)
    source = Source(raw.form, raw.sha256, WHOLE, "none", removed)
    nothing = test.iloc[:0]
    return Dataset(nothing, nothing, test.reset_index(drop=True), nothing, source, raw.interpretation, raw.neutral)


def _distinct(labelled: pd.DataFrame) -> tuple[pd.DataFrame, Removed]:
    """Returns one row for each text, and the number of repeats."""
    kept = distinct(labelled)
    return kept, Removed(repeats=len(labelled) - len(kept), contradicting=_contradicting(labelled, kept))


def _normalise(raw: RawData, path: Path, minimum: int) -> tuple[pd.DataFrame, int]:
    """Returns the reviews with text, in an order that depends only on them, and the number without text.

    Raises:
        DatasetError: a class has fewer labelled reviews than the minimum, or there are none.
    """
    reviews = raw.reviews
    # Formats differ in line breaks and outer white space.
    texts = [text.replace("\r\n", "\n").strip() for text in reviews["text"]]
    filled = [row for row, text in enumerate(texts) if text]
    prints = {row: fingerprint(texts[row]) for row in filled}
    films, ratings, labels = (reviews[name].tolist() for name in ("film", "rating", "label"))
    filled.sort(key=lambda row: (prints[row], texts[row], films[row], ratings[row], labels[row]))
    ordered = reviews.iloc[filled].assign(
        text=pd.Series([texts[row] for row in filled], filled, dtype="str"),
        fingerprint=pd.Series([prints[row] for row in filled], filled, dtype="str"),
    )
    left_out = ", ".join(list_removed(asdict(raw.removed)))
    note = f" Left out: {left_out}." if left_out else ""
    _check_classes(ordered[ordered["label"] != UNLABELLED], path.name, minimum, note)
    return ordered.reset_index(drop=True), len(texts) - len(filled)


def _split(reviews: pd.DataFrame, path: Path, rng: np.random.Generator) -> tuple[pd.DataFrame, str, Removed]:
    """Fills in every ``part``; also returns the kind of split, and how many reviews were left out of it.

    Reviews that are split here have no repeats afterwards, so that no figure counts a text twice.
    """
    labelled = reviews[reviews["label"] != UNLABELLED]
    matches = official.match(labelled)
    known = matches["part"].notna()
    is_imdb = official.is_imdb(labelled, known)
    if (reviews["part"] != "").all():
        return reviews, "official" if is_imdb else "as the files give it", Removed()
    if is_imdb and _has_both_classes(reviews, matches["part"]):
        split = f"official, recovered: {known.sum():,} of {len(reviews):,} reviews matched"
        return (
            reviews.assign(part=matches["part"], film=matches["film"])[known],
            split,
            Removed(unmatched=int((~known).sum())),
        )
    texts, repeats = _distinct(reviews)
    _check_classes(texts, f"{path.name}{_ONCE}", MIN_TEXTS)
    chosen = draw(texts, "fingerprint", max(2, round(len(texts) * TEST_SHARE)), rng)
    return texts.assign(part=np.where(chosen, "test", "train")), f"seeded, stratified: {TEST_SHARE:.0%} test", repeats


def _has_both_classes(reviews: pd.DataFrame, part: pd.Series) -> bool:
    """Returns whether both parts have enough of both classes; an extract of the IMDB reviews may not."""
    counts = (
        reviews["label"].groupby(part).value_counts().reindex([("train", 0), ("train", 1), ("test", 0), ("test", 1)])
    )
    return bool((counts >= MIN_REVIEWS).all())


def _clean(
    train: pd.DataFrame, test: pd.DataFrame, unlabelled: pd.DataFrame, exclude: Collection[str]
) -> tuple[pd.DataFrame, pd.DataFrame, Removed]:
    """Removes repeats, test texts and excluded reviews from train and unlabelled; also returns the counts."""
    train, repeats = _distinct(train)
    leaked, leaked_unlabelled = (part["fingerprint"].isin(test["fingerprint"]) for part in (train, unlabelled))
    train, unlabelled = train[~leaked], unlabelled[~leaked_unlabelled]
    excluded, excluded_unlabelled = (part["fingerprint"].isin(set(exclude)) for part in (train, unlabelled))
    removed = replace(
        repeats,
        train_in_test=int(leaked.sum()),
        unlabelled_in_test=int(leaked_unlabelled.sum()),
        excluded=int(excluded.sum() + excluded_unlabelled.sum()),
    )
    return train[~excluded], unlabelled[~excluded_unlabelled], removed


def _add(first: Removed, second: Removed) -> Removed:
    return Removed(**{each.name: getattr(first, each.name) + getattr(second, each.name) for each in fields(Removed)})


def _contradicting(rows: pd.DataFrame, kept: pd.DataFrame) -> int:
    """Counts the rows whose label is not that of the copy of their text that was kept."""
    labels = rows["fingerprint"].map(kept.set_index("fingerprint")["label"])
    return int((rows["label"] != labels).sum())


def _validation_size(texts: int, rows: int, *, official_split: bool) -> int:
    """Returns the number of training reviews to hold out.

    In the official split it depends on the number of rows, so that it is the same for every format of the IMDB reviews
    and every list of excluded reviews. It is at most twice the usual share of the texts.
    """
    base = min(rows, 2 * texts) if official_split else texts
    return max(2, min(MAX_VALIDATION, base // VALIDATION_DIVISOR))


def _hold_out(train: pd.DataFrame, size: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Splits train into train and validation by film, or by text if films are unknown or too few; also says which."""
    held_out = draw(train, "film", size, rng)
    how = "by film" if train["film"].ne("").any() else "by text"
    if train["label"][held_out].nunique() < 2:
        held_out, how = draw(train, "fingerprint", size, rng), "by text"
    return train[~held_out], train[held_out], how


def _cut(
    train: pd.DataFrame, validation: pd.DataFrame, unlabelled: pd.DataFrame, limit: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Reduces the three tables to the same share, keeping the proportion of the classes."""
    share = limit / len(train)
    kept = draw(train, "fingerprint", limit, rng)
    kept_validation = draw(validation, "fingerprint", max(2, round(share * len(validation))), rng)
    kept_unlabelled = rng.random(len(unlabelled)) < share
    return train[kept], validation[kept_validation], unlabelled[kept_unlabelled]


def _check_classes(reviews: pd.DataFrame, name: str, minimum: int = 1, note: str = "") -> None:
    counts = {label_name: int((reviews["label"] == label).sum()) for label, label_name in NAMES.items()}
    if not any(counts.values()):
        raise DatasetError(f"{name} holds no reviews.{note}")
    for label_name, count in counts.items():
        if count == 0 and minimum:
            raise DatasetError(f"{name} holds no {label_name} reviews; both classes are needed.{note}")
        if count < minimum:
            held = f"{count} {label_name} review{'s' if count > 1 else ''}"
            raise DatasetError(f"{name} holds only {held}; at least {minimum} of each class are needed.{note}")

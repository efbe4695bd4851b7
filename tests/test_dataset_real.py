"""The loader reproduces the known facts about the IMDB reviews."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sentiment.dataset import Dataset, fingerprint, load, official
from sentiment.dataset.readers import read
from tests import data_forms
from tests.real_data import IMDB, KAGGLE, needs_real_data

pytestmark = [pytest.mark.real_data, needs_real_data]
SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def reviews() -> Dataset:
    return load(IMDB)


@pytest.fixture(scope="module")
def kaggle() -> Dataset:
    return load(KAGGLE)


def test_all_50_000_kaggle_reviews_are_matched_to_the_official_split(kaggle):
    assert kaggle.source.split == "official, recovered: 50,000 of 50,000 reviews matched"
    assert kaggle.source.form == "Kaggle CSV"
    assert kaggle.source.removed.unmatched == 0
    assert (kaggle.test["label"] == 1).sum() == 12_500


@pytest.mark.parametrize("split", SPLITS)
def test_the_kaggle_file_and_the_official_files_give_the_same_reviews(split, reviews, kaggle):
    first, second = (getattr(dataset, split).drop(columns="rating") for dataset in (reviews, kaggle))
    pd.testing.assert_frame_equal(first, second)


def test_an_archive_of_the_release_gives_the_same_reviews(reviews, tmp_path):
    parts = [pd.read_parquet(IMDB / f"{part}.parquet").assign(part=part) for part in ("train", "test", "unsup")]
    parts[2] = parts[2].query("id < 1000")  # unlabelled reviews are not compared
    files = data_forms.stanford_files(pd.concat(parts).rename(columns={"label": "kind"}))
    dataset = load(data_forms.tar_of(files, tmp_path / "aclImdb.tar"))
    for split in SPLITS:
        pd.testing.assert_frame_equal(getattr(dataset, split), getattr(reviews, split))


def test_the_known_numbers_of_repeats_and_leaks_are_removed(reviews):
    removed = reviews.source.removed
    assert (removed.repeats, removed.train_in_test, removed.unlabelled_in_test) == (99, 123, 270)
    unlabelled = pd.read_parquet(IMDB / "unsup.parquet", columns=["text"])["text"]
    removed_texts = set(map(fingerprint, unlabelled)) - set(reviews.unlabelled["fingerprint"])
    assert len(removed_texts) == 266


def test_one_film_is_in_both_official_parts(reviews):
    assert set(pd.concat([reviews.train, reviews.validation])["film"]) & set(reviews.test["film"]) == {"tt0406816"}


def test_validation_is_2_500_reviews_of_other_films_with_its_classes_in_proportion(reviews):
    assert len(reviews.validation) == 2_500
    assert not set(reviews.validation["film"]) & set(reviews.train["film"])
    assert abs(reviews.validation["label"].mean() - reviews.train["label"].mean()) < 0.001


def test_ratings_agree_with_labels(reviews):
    for split in SPLITS:
        frame = getattr(reviews, split)
        assert set(frame["rating"]) == {1, 2, 3, 4, 7, 8, 9, 10}
        assert ((frame["rating"] > 5) == (frame["label"] == 1)).all()


def test_the_committed_index_is_that_of_the_release(tmp_path):
    labelled = read(IMDB).reviews.query("part != 'unsup'")
    labelled = labelled.assign(fingerprint=list(map(fingerprint, labelled["text"])))
    official.write_index(labelled, tmp_path / "index.npz")
    with np.load(tmp_path / "index.npz") as built, np.load(official.INDEX) as committed:
        assert set(built) == set(committed)
        for name in built:
            np.testing.assert_array_equal(built[name], committed[name])

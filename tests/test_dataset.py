"""A data set is loaded from every format of the IMDB reviews and from a user's file, cleaned and split."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment.dataset import Dataset, fingerprint, load, official
from sentiment.tables.reading import Reading
from tests import data_forms
from tests.data_forms import FORMS, release

PARTS = ("train", "validation", "test", "unlabelled")


@pytest.fixture(autouse=True)
def index_of_the_synthetic_release(tmp_path_factory, monkeypatch):
    """Recovers the official split of the synthetic release, not of the real one."""
    path = data_forms.index(release(), tmp_path_factory.mktemp("index") / "index.npz")
    monkeypatch.setattr(official, "read_index", partial(official.read_index, path))


def load_format(name: str, folder: Path, **options) -> Dataset:
    """Loads the synthetic release from one of its formats."""
    return load(FORMS[name](release(), folder), **options)


def own_csv(folder: Path, rows: int = 200, positive: float = 0.5) -> Path:
    """Writes a user's own labelled file, which has no split, films or ratings."""
    labels = ["yes" if i < rows * positive else "no" for i in range(rows)]
    table = pd.DataFrame({"comment": [f"My {label} number {i}" for i, label in enumerate(labels)], "opinion": labels})
    table["opinion"] = table["opinion"].map({"yes": "Positive ", "no": "NEG"})
    table.to_csv(folder / "mine.csv", index=False)
    return folder / "mine.csv"


def load_own(path: Path, **options) -> Dataset:
    return load(path, Reading(text_column="comment", label_column="opinion"), **options)


@pytest.mark.parametrize("name", FORMS)
def test_every_format_gives_the_same_texts_labels_films_and_split(name, tmp_path):
    (tmp_path / "reference").mkdir()
    expected = load_format("Parquet folder", tmp_path / "reference")
    found = load_format(name, tmp_path)
    columns = ["text", "label", "film", "fingerprint"]
    for part in ("train", "validation", "test"):
        pd.testing.assert_frame_equal(getattr(found, part)[columns], getattr(expected, part)[columns])


@pytest.mark.parametrize("name", FORMS)
def test_every_format_has_the_promised_columns(name, tmp_path):
    dataset = load_format(name, tmp_path)
    for part in PARTS:
        types = getattr(dataset, part).dtypes.astype(str).to_dict()
        assert types == {"text": "str", "label": "int8", "rating": "int8", "film": "str", "fingerprint": "str"}


@pytest.mark.parametrize("name", ["Stanford folder", "Stanford archive", "Parquet folder"])
def test_ratings_and_unlabelled_reviews_are_read_if_the_format_has_them(name, tmp_path):
    dataset = load_format(name, tmp_path)
    expected = release().query("part == 'test'").set_index("text")["rating"]
    rated = dataset.test.set_index("text")["rating"]
    assert (rated == expected.loc[rated.index]).all()
    assert len(dataset.unlabelled) == 39
    assert set(dataset.unlabelled["label"]) == {-1}
    assert set(dataset.unlabelled["film"]) == {f"tt3{n:06}" for n in range(10)}


def test_the_kaggle_file_has_unknown_ratings_and_nothing_unlabelled(tmp_path):
    dataset = load_format("Kaggle zip", tmp_path)
    assert set(dataset.train["rating"]) == {0}
    assert len(dataset.unlabelled) == 0


@pytest.mark.parametrize(
    ("name", "form", "split"),
    [
        ("Stanford folder", "Stanford folder", "official"),
        ("Stanford archive", "Stanford archive", "official"),
        ("Parquet folder", "Parquet folder", "official"),
        ("Kaggle CSV", "Kaggle CSV", "official, recovered: 240 of 240 reviews matched"),
        ("Kaggle zip", "Kaggle CSV", "official, recovered: 240 of 240 reviews matched"),
    ],
)
def test_the_source_says_what_was_read_and_how_it_was_split(name, form, split, tmp_path):
    source = load_format(name, tmp_path).source
    assert (source.form, source.split, source.limit) == (form, split, None)
    assert source.validation == "12 reviews held out by film"


def test_repeats_and_texts_of_the_test_part_are_removed_from_training_and_counted(tmp_path):
    dataset = load_format("Stanford archive", tmp_path)
    learned = pd.concat([dataset.train, dataset.validation])
    assert learned["fingerprint"].is_unique
    assert not set(learned["fingerprint"]) & set(dataset.test["fingerprint"])
    assert not set(dataset.unlabelled["fingerprint"]) & set(dataset.test["fingerprint"])
    assert (learned["text"] == data_forms.REPEATED_IN_TRAIN).sum() == 1
    removed = asdict(dataset.source.removed)
    assert {name: count for name, count in removed.items() if count} == {
        "repeats": 1,
        "train_in_test": 1,
        "unlabelled_in_test": 1,
    }
    assert len(dataset.test) == 120


def test_no_film_is_in_both_train_and_validation_and_classes_keep_their_share(tmp_path):
    dataset = load_format("Kaggle zip", tmp_path)
    assert not set(dataset.train["film"]) & set(dataset.validation["film"])
    assert len(dataset.train) + len(dataset.validation) == 118
    assert dataset.validation["label"].value_counts().to_dict() == {0: 6, 1: 6}


def test_another_seed_draws_another_validation_part_and_the_same_seed_the_same(tmp_path):
    path = FORMS["Parquet folder"](release(), tmp_path)
    drawn = [load(path, seed=seed).validation["fingerprint"].tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_excluded_reviews_are_left_out_of_every_part_but_the_test_part(tmp_path):
    path = FORMS["Parquet folder"](release(), tmp_path)
    everything = load(path)
    exclude = {
        everything.train["fingerprint"][0],
        everything.validation["fingerprint"][0],
        everything.unlabelled["fingerprint"][0],
        everything.test["fingerprint"][0],
    }
    dataset = load(path, exclude=exclude)
    for part in ("train", "validation", "unlabelled"):
        assert not exclude & set(getattr(dataset, part)["fingerprint"])
    pd.testing.assert_frame_equal(dataset.test, everything.test)
    assert dataset.source.removed.excluded == 3


def test_a_limit_reduces_every_part_but_the_test_part(tmp_path):
    path = FORMS["Parquet folder"](release(), tmp_path)
    everything, dataset = load(path), load(path, limit=52)
    assert dataset.train["label"].value_counts().sort_index().tolist() == [26, 26]
    assert set(dataset.train["fingerprint"]) < set(everything.train["fingerprint"])
    assert dataset.validation["label"].value_counts().to_dict() == {0: 3, 1: 3}
    assert set(dataset.validation["fingerprint"]) < set(everything.validation["fingerprint"])
    assert 0 < len(dataset.unlabelled) < len(everything.unlabelled)
    assert len(dataset.test) == 120
    assert dataset.source.limit == 52


def test_a_limit_beyond_the_data_changes_nothing(tmp_path):
    path = FORMS["Parquet folder"](release(), tmp_path)
    pd.testing.assert_frame_equal(load(path, limit=10_000).train, load(path).train)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("<br />", "\n"),
        lambda text: text.upper(),
        lambda text: f"  {text}\r\n",
        lambda text: text.replace(",", ""),
    ],
    ids=["tags to line breaks", "capitals", "outer space", "no commas"],
)
def test_the_split_is_recovered_from_a_kaggle_file_whose_texts_were_edited(change, tmp_path):
    table = data_forms.kaggle_table(release())
    table["review"] = table["review"].map(change)
    table.to_csv(tmp_path / "changed.csv", index=False)
    assert load(tmp_path / "changed.csv").source.split.endswith("240 of 240 reviews matched")


def test_a_kaggle_file_without_its_repeats_keeps_every_distinct_test_text(tmp_path):
    table = data_forms.kaggle_table(release()).drop_duplicates()
    table.to_csv(tmp_path / "distinct.csv", index=False)
    dataset = load(tmp_path / "distinct.csv")
    assert len(dataset.test) == 120
    assert data_forms.SHARED_BY_TRAIN_AND_TEST in set(dataset.test["text"])
    assert dataset.source.removed.train_in_test == 0


def test_a_kaggle_file_that_was_doubled_has_the_official_test_part_once(tmp_path):
    table = data_forms.kaggle_table(release())
    pd.concat([table, table]).to_csv(tmp_path / "double.csv", index=False)
    dataset = load(tmp_path / "double.csv")
    assert len(dataset.test) == 120
    assert dataset.source.removed.unmatched == 240


def test_foreign_rows_among_imdb_reviews_are_left_out_and_counted(tmp_path):
    table = data_forms.kaggle_table(release())
    foreign = pd.DataFrame({"review": ["Quite another text", "And one more"], "sentiment": ["positive", "negative"]})
    pd.concat([table, foreign]).to_csv(tmp_path / "more.csv", index=False)
    source = load(tmp_path / "more.csv").source
    assert source.split == "official, recovered: 240 of 242 reviews matched"
    assert source.removed.unmatched == 2


def test_a_few_imdb_reviews_among_others_do_not_make_the_split_official(tmp_path):
    table = data_forms.kaggle_table(release()).head(40)
    mine = pd.DataFrame({"review": [f"Mine, {i}" for i in range(100)], "sentiment": ["positive", "negative"] * 50})
    pd.concat([table, mine]).to_csv(tmp_path / "mixed.csv", index=False)
    assert load(tmp_path / "mixed.csv").source.split == "seeded, stratified: 20% test"


def test_a_user_s_file_is_split_by_seed_and_its_source_says_so(tmp_path):
    dataset = load_own(own_csv(tmp_path))
    assert (dataset.source.form, dataset.source.split) == ("CSV", "seeded, stratified: 20% test")
    assert dataset.source.validation == "16 reviews held out by text"
    sizes = [len(getattr(dataset, part)) for part in PARTS]
    assert sizes == [144, 16, 40, 0]
    assert [int(getattr(dataset, part)["label"].sum()) for part in PARTS[:3]] == [72, 8, 20]


def test_a_seeded_split_keeps_the_shares_of_uneven_classes(tmp_path):
    dataset = load_own(own_csv(tmp_path, rows=1_000, positive=0.2))
    assert [int(getattr(dataset, part)["label"].sum()) for part in PARTS[:3]] == [144, 16, 40]


def test_the_order_of_the_rows_does_not_change_the_split(tmp_path):
    path = own_csv(tmp_path)
    first = load_own(path)
    pd.read_csv(path).sample(frac=1, random_state=3).to_csv(path, index=False)
    second = load_own(path)
    for part in PARTS:
        pd.testing.assert_frame_equal(getattr(first, part), getattr(second, part))


def test_copies_of_a_text_in_a_user_s_file_are_on_one_side_of_the_split(tmp_path):
    path = own_csv(tmp_path)
    table = pd.read_csv(path)
    pd.concat([table] * 3).to_csv(path, index=False)
    dataset = load_own(path)
    assert not set(dataset.test["fingerprint"]) & set(dataset.train["fingerprint"])
    assert dataset.source.removed.train_in_test == 0
    assert dataset.source.removed.repeats == 400
    assert all(getattr(dataset, part)["fingerprint"].is_unique for part in PARTS)


def test_rows_without_text_are_left_out_and_counted(tmp_path):
    path = own_csv(tmp_path)
    with path.open("a") as file:
        file.write(" ,Positive\n,NEG\n")
    dataset = load_own(path)
    assert sum(len(getattr(dataset, part)) for part in PARTS) == 200
    assert dataset.source.removed.empty == 2


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_may_be_separated_by_commas_semicolons_or_tabs(separator, tmp_path):
    path = own_csv(tmp_path)
    expected = load_own(path).train
    pd.read_csv(path).to_csv(path, index=False, sep=separator, encoding="utf-8-sig")
    pd.testing.assert_frame_equal(load_own(path).train, expected)


@pytest.mark.parametrize("labels", [("pos", "neg"), ("Positive", "Negative"), (1, 0), (1.0, 0.0), (True, False)])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_labels_are_recognised_in_every_usual_spelling(labels, suffix, tmp_path):
    table = pd.DataFrame({"text": [f"Row {i}" for i in range(40)], "label": [labels[i % 2] for i in range(40)]})
    path = tmp_path / f"mine{suffix}"
    table.to_csv(path, index=False) if suffix == ".csv" else table.to_parquet(path)
    dataset = load(path)
    found = pd.concat([dataset.train, dataset.validation, dataset.test]).set_index("text")["label"]
    assert all(found[f"Row {i}"] == 1 - i % 2 for i in range(40))


@pytest.mark.parametrize("word", ["NA", "nan", "[deleted]", "-"])
def test_a_word_for_a_missing_review_is_left_out_and_counted(word, tmp_path):
    table = pd.DataFrame({"text": [f"Row {i}" for i in range(40)], "label": [1, 0] * 20})
    table.loc[5, "text"] = word
    table.to_csv(tmp_path / "mine.csv", index=False)
    assert load(tmp_path / "mine.csv").source.removed.empty == 1


def test_a_parquet_folder_of_numbered_files_with_numeric_labels_is_read(tmp_path):
    for part, rows in release().groupby("part"):
        table = pd.DataFrame({"text": rows["text"], "label": rows["kind"].map({"pos": 1, "neg": 0, "unsup": -1})})
        stem = "unsupervised" if part == "unsup" else part
        table.head(30).to_parquet(tmp_path / f"{stem}-00000-of-00002.parquet")
        table.tail(-30).to_parquet(tmp_path / f"{stem}-00001-of-00002.parquet")
    dataset = load(tmp_path)
    assert (len(dataset.test), len(dataset.unlabelled)) == (120, 39)


def test_a_user_s_parquet_folder_keeps_its_split_and_does_not_call_it_official(tmp_path):
    for part in ("train", "test"):
        texts = [f"Mine to {part} with, {i}" for i in range(40)]
        pd.DataFrame({"text": texts, "label": [1, 0] * 20}).to_parquet(tmp_path / f"{part}.parquet")
    dataset = load(tmp_path)
    assert dataset.source.split == "as the files give it"
    assert dataset.test["text"].str.contains("to test").all()


def test_validation_is_held_out_by_text_if_there_is_only_one_film(tmp_path):
    for part, rows in release().groupby("part"):
        table = rows.rename(columns={"kind": "label"}).assign(movie="tt0000001")
        table.to_parquet(tmp_path / f"{part}.parquet")
    dataset = load(tmp_path)
    assert dataset.source.validation == "12 reviews held out by text"
    assert dataset.validation["label"].value_counts().to_dict() == {0: 6, 1: 6}


def test_an_impossible_rating_in_a_file_name_is_unknown(tmp_path):
    reviews = release()
    reviews.loc[reviews["kind"] == "neg", "rating"] = 200
    dataset = load(FORMS["Stanford folder"](reviews, tmp_path))
    assert set(dataset.test.query("label == 0")["rating"]) == {0}
    assert set(dataset.test.query("label == 1")["rating"]) == {7, 8, 9, 10}


def test_the_folder_above_the_unpacked_release_is_read_too(tmp_path):
    folder = FORMS["Stanford folder"](release(), tmp_path)
    assert load(tmp_path).source == load(folder).source


def test_the_hash_of_a_file_is_its_sha256_and_that_of_a_folder_follows_its_content(tmp_path):
    path = own_csv(tmp_path)
    assert load_own(path).source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    folder = FORMS["Stanford folder"](release(), tmp_path)
    before = load(folder).source.sha256
    (folder / "notes.txt").write_text("not a review")
    assert load(folder).source.sha256 == before
    (folder / "train" / "pos" / "0_7.txt").write_text("another review")
    assert load(folder).source.sha256 != before


def test_reading_the_archive_leaves_nothing_on_the_disk(tmp_path):
    archive = FORMS["Stanford archive"](release(), tmp_path)
    load(archive)
    assert list(tmp_path.iterdir()) == [archive]


def test_the_index_holds_no_text_and_can_be_read_without_pickles(tmp_path):
    path = data_forms.index(release(), tmp_path / "index.npz")
    with np.load(path, allow_pickle=False) as arrays:
        assert {name: arrays[name].dtype.kind for name in arrays} == {"fingerprint": "u", "film": "u", "test": "b"}
    found = official.read_index.func(path)
    assert len(found) == 240
    texts = release().query("part == 'test'")["text"]
    assert set(found[found["part"] == "test"]["fingerprint"]) == set(map(fingerprint, texts))

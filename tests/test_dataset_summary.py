"""The summary of a data set: counts by split and class, lengths, coverage, and the words typical of each class."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from sentiment.dataset import Dataset, Removed, Source
from sentiment.dataset.summary import length_edges, log_odds, summarise, word_counts
from sentiment.text.vocabulary import Vocabulary
from tests.tiny import token_texts

VOCABULARY = Vocabulary(["the", "film", "good", "bad", "!", "never"])
TRAIN = [("The good film!", 1, 8, "tt01"), ("Good, good film", 1, 9, "tt02"), ("the bad film", 0, 2, "tt01")]
VALIDATION = [("Bad", 0, 0, ""), ("good " * 30, 1, 7, "tt03")]
TEST = [("word " * 2_000, 0, 1, "tt02"), ("a film", 1, 10, "tt04")]


def frame(rows: list[tuple[str, int, int, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["text", "label", "rating", "film"])


@pytest.fixture
def dataset() -> Dataset:
    source = Source("CSV", "0" * 64, "official", "by film", Removed(repeats=3, train_in_test=2))
    return Dataset(frame(TRAIN), frame(VALIDATION), frame(TEST), frame([("more", -1, 0, "tt09")]), source)


@pytest.fixture
def counts(dataset) -> pd.DataFrame:
    ids = [VOCABULARY.encode(token_texts(text)) for text in dataset.train["text"]]
    return word_counts(ids, dataset.train["label"].to_numpy(), VOCABULARY)


@pytest.fixture
def summary(dataset, counts) -> dict:
    lengths = {
        "train": [len(token_texts(text)) for text in dataset.train["text"]],
        "validation": [len(token_texts(text)) for text in dataset.validation["text"]],
    }
    return summarise(dataset, lengths, counts, max_length=20)


def test_every_vocabulary_token_is_counted_in_each_class(counts):
    assert counts.to_dict("list") == {
        "token": ["the", "film", "good", "bad", "!", "never"],
        "positive": [1, 2, 3, 0, 1, 0],
        "negative": [1, 1, 0, 1, 0, 0],
    }


def test_a_class_without_reviews_has_counts_of_zero():
    counts = word_counts([np.array([2, 3], np.int32)], np.array([1], np.int8), VOCABULARY)
    assert counts["negative"].tolist() == [0] * 6


def test_the_summary_is_plain_json(summary):
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_classes_and_films_are_counted_by_split(summary):
    assert summary["labels"] == [
        {"split": "train", "negative": 1, "positive": 2, "unlabelled": 0, "films": 2},
        {"split": "validation", "negative": 1, "positive": 1, "unlabelled": 0, "films": 1},
        {"split": "test", "negative": 1, "positive": 1, "unlabelled": 0, "films": 2},
        {"split": "unlabelled", "negative": 0, "positive": 0, "unlabelled": 1, "films": 1},
    ]


def test_ratings_are_counted_by_split_with_0_for_unknown(summary):
    assert summary["ratings"][3:5] == [
        {"split": "validation", "rating": 0, "n": 1},
        {"split": "validation", "rating": 7, "n": 1},
    ]
    assert sum(row["n"] for row in summary["ratings"]) == 7


def test_every_review_is_in_one_length_bin_and_the_last_bin_is_open(summary):
    lengths = summary["lengths"]
    assert lengths["edges"] == list(range(0, 1_001, 25))
    bins_of = {(row["split"], row["label"]): row["n"] for row in lengths["counts"]}
    assert all(len(bins) == len(lengths["edges"]) for bins in bins_of.values())
    assert bins_of["train", "positive"][0] == 2
    assert bins_of["validation", "positive"][:2] == [0, 1]
    assert bins_of["test", "negative"][-1] == 1
    assert sum(map(sum, bins_of.values())) == 7


@pytest.mark.parametrize(
    ("longest", "last", "width"),
    [(0, 1, 1), (1, 1, 1), (7, 7, 1), (39, 39, 1), (40, 40, 2), (130, 130, 5), (399, 390, 10), (999, 975, 25),
     (1_000, 1_000, 25), (2_141, 1_000, 25)],
)  # fmt: skip
def test_bins_of_length_reach_as_far_as_the_longest_review(longest, last, width):
    edges = length_edges(longest)
    assert (edges[0], edges[-1]) == (0, last)
    assert set(np.diff(edges)) == {width}


def test_the_share_of_truncated_reviews_is_given_by_split(summary):
    assert summary["lengths"]["max_length"] == 20
    assert summary["lengths"]["by_split"] == [
        {"split": "train", "median": 4.0, "longest": 4, "truncated": 0.0},
        {"split": "validation", "median": 15.5, "longest": 30, "truncated": 0.5},
        {"split": "test", "median": 1001.0, "longest": 2000, "truncated": 0.5},
    ]


def test_removed_reviews_and_shared_films_are_counted(summary):
    assert summary["cleaning"]["repeats"] == 3
    assert summary["cleaning"]["train_in_test"] == 2
    assert summary["cleaning"]["films_in_train_and_test"] == 1


def test_coverage_is_the_share_of_running_tokens_that_the_most_frequent_cover(summary):
    shares = {row["size"]: row["share"] for row in summary["coverage"]}
    running = 4 + 4 + 3  # the comma of the second review is in no vocabulary
    assert shares[1] == pytest.approx(3 / running)
    assert shares[6] == pytest.approx(10 / running)
    assert list(shares.values()) == sorted(shares.values())


def test_frequencies_fall_with_rank(summary):
    assert summary["frequencies"][0] == {"rank": 1, "token": "film", "count": 3}
    counts = [row["count"] for row in summary["frequencies"]]
    assert counts == sorted(counts, reverse=True)


def test_the_most_distinctive_words_come_first_with_their_counts_and_without_marks(summary):
    distinctive = summary["telling"]
    assert (distinctive["positive"][0]["token"], distinctive["positive"][0]["positive"]) == ("good", 3)
    assert distinctive["negative"][0]["token"] == "bad"
    tokens = {row["token"] for rows in distinctive.values() for row in rows}
    assert "!" not in tokens
    assert "never" not in tokens


def test_log_odds_follow_the_formula_of_the_paper():
    counts = pd.DataFrame({"positive": [30, 5, 65], "negative": [10, 20, 170]})
    found = log_odds(counts, prior_tokens=30)
    prior = 30 * 40 / 300
    positive = math.log((30 + prior) / (100 + 30 - 30 - prior))
    negative = math.log((10 + prior) / (200 + 30 - 10 - prior))
    assert found["log_odds"][0] == pytest.approx(positive - negative)
    assert found["z"][0] == pytest.approx((positive - negative) / math.sqrt(1 / (30 + prior) + 1 / (10 + prior)))


def test_log_odds_change_sign_when_the_classes_are_swapped():
    counts = pd.DataFrame({"positive": [30, 5, 65], "negative": [10, 20, 170]})
    swapped = counts.rename(columns={"positive": "negative", "negative": "positive"})
    np.testing.assert_allclose(log_odds(counts), -log_odds(swapped), rtol=1e-12)


def test_in_a_class_of_ten_thousand_tokens_the_prior_halves_the_log_odds():
    counts = pd.DataFrame({"positive": [60, 9_940], "negative": [20, 9_980]})
    assert log_odds(counts)["log_odds"][0] == pytest.approx(math.log(3) / 2, abs=0.1)


def test_a_rare_word_in_only_one_class_has_less_weight_than_a_frequent_one():
    counts = pd.DataFrame({"positive": [2, 500, 9_000], "negative": [0, 100, 9_000]})
    z = log_odds(counts)["z"]
    assert 0 < z[0] < z[1]


@pytest.mark.parametrize("numbers", [[(0, 0), (5, 5)], [(7, 3)], [(0, 0)]])
def test_log_odds_are_finite_for_words_never_seen_and_for_a_single_word(numbers):
    counts = pd.DataFrame(numbers, columns=["positive", "negative"])
    assert np.isfinite(log_odds(counts).to_numpy()).all()

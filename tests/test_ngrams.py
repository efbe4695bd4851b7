"""The n-gram teacher: what it learns, and what has no influence on it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

from sentiment.training.ngrams import NgramModel

SIZE = 12
GOOD, BAD, NOT = 2, 3, 4


def reviews(seed, n=400):
    """Reviews of filler in which "good" and "bad" mean the opposite right after "not"."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(n):
        filler = rng.integers(5, SIZE, rng.integers(3, 9)).astype(np.int32)
        word, negated = rng.choice([GOOD, BAD]), rng.random() < 0.5
        opinion = [NOT, word] if negated else [word]
        texts.append(np.insert(filler, rng.integers(len(filler) + 1), opinion).astype(np.int32))
        labels.append((word == GOOD) != negated)
    return texts, np.array(labels, np.int8)


@pytest.fixture(scope="module")
def model():
    return NgramModel(*reviews(0), SIZE)


def test_the_model_learns_negation_which_single_words_cannot_express(model):
    texts, labels = reviews(1)
    assert ((model.logits(texts) > 0) == labels).mean() > 0.97


def test_an_ngram_counts_once_however_often_it_occurs(model):
    often = np.array([5, GOOD, 6, 5, GOOD, 6, 5, GOOD, 6], np.int32)
    once = often[:5]  # has the same n-grams
    assert model._present([model._ngrams(often)]).max() == 1
    assert model.logits([often]) == model.logits([once])


def test_a_review_of_a_single_token_and_one_of_unseen_ngrams_have_a_score(model):
    assert np.isfinite(model.logits([np.array([GOOD], np.int32), np.array([1], np.int32)])).all()


def test_reviews_without_known_ngrams_have_the_same_score(model):
    short, long = model.logits([np.array([1], np.int32), np.array([1, 1, 1, 1], np.int32)])
    assert short == long


def test_different_ngrams_have_different_numbers():
    model = NgramModel(*reviews(0, 50), SIZE)
    keys = model._ngrams(np.array([2, 3, 4, 3, 2], np.int32))
    assert len(set(keys.tolist())) == 3 + 4 + 3  # of one, two and three tokens


def test_the_label_of_a_review_with_weight_zero_has_no_effect():
    texts, labels = reviews(0)
    weights = np.arange(len(texts)) % 4 / 3  # 0, a third, two thirds and 1
    flipped = np.where(weights == 0, 1 - labels, labels).astype(np.int8)
    first, second = (NgramModel(texts, given, SIZE, weights).logits(texts) for given in (labels, flipped))
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, NgramModel(texts, labels, SIZE).logits(texts))


def test_equal_weights_give_the_model_without_weights(model):
    texts, labels = reviews(0)
    np.testing.assert_array_equal(
        NgramModel(texts, labels, SIZE, np.ones(len(texts))).logits(texts), model.logits(texts)
    )


def test_reviews_without_common_ngrams_are_learned():
    texts = [np.full(5, word, np.int32) for word in range(2, 8)]
    model = NgramModel(texts, np.array([0, 1] * 3, np.int8), SIZE)
    assert [logit > 0 for logit in model.logits(texts)] == [False, True] * 3
    assert np.isfinite(model.logits([np.array([9, 10], np.int32)])).all()

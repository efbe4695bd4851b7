"""What a network is trained on: encoded texts, and batches of reviews or of a mixture of sources."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.text.preprocessor import Preprocessor
from sentiment.text.vocabulary import PAD, UNK, Vocabulary
from sentiment.training.batches import Mixture, TrainingBatches
from sentiment.training.corpus import Corpus


def test_the_corpus_encodes_as_the_preprocessor_does():
    corpus = Corpus()
    texts = ["It's GREAT, isn’t it?", "great GREAT Great", "", "the GREAT film isn’t 8/10 & the film isn't"]
    read = corpus.read(texts)
    vocabulary = Vocabulary.from_counts(corpus.counts(read), max_size=12, min_count=1)
    preprocessor = Preprocessor(vocabulary, 10_000)
    for ids, text in zip(corpus.encode(read, vocabulary), texts, strict=True):
        np.testing.assert_array_equal(ids, preprocessor.ids(text)[0])
    assert corpus.counts(read[1:2]) == {"great": 3}


def batches_of(**changes):
    """Batches of reviews with 1 to 40 tokens."""
    reviews = [np.arange(2, 3 + n, dtype=np.int32) for n in range(40)]
    options = {"always": 40, "batch_size": 8, "length": 12, "unknown_rate": 0.1, "seed": 5} | changes
    return TrainingBatches(reviews, np.arange(40, dtype=np.float32) % 2, **options)


def test_an_epoch_shows_every_review_once_cut_to_the_training_length():
    ids, labels = zip(*batches_of(unknown_rate=0.0).epoch(0), strict=True)
    lengths = sorted(n for batch in ids for n in np.count_nonzero(batch, axis=1))
    assert lengths == sorted(min(n + 1, 12) for n in range(40))
    assert np.concatenate(labels).sum() == 20


def test_an_epoch_depends_on_seed_and_number_alone():
    first, again = list(batches_of().epoch(2)), list(batches_of().epoch(2))
    for ours, theirs in zip(first, again, strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_array_equal(ours[1], theirs[1])
    others = [list(batches_of().epoch(3)), list(batches_of(seed=6).epoch(2))]
    assert all(any(not np.array_equal(a[0], b[0]) for a, b in zip(first, other, strict=True)) for other in others)


def test_hidden_tokens_are_unknown_and_padding_stays_padding():
    reviews = [np.full(n, 7, np.int32) for n in (50, 100)]
    batches = TrainingBatches(
        reviews, np.array([0, 1], np.float32), always=2, batch_size=2, length=100, unknown_rate=0.3, seed=1
    )
    [(ids, _)] = batches.epoch(0)
    assert sorted(np.count_nonzero(ids, axis=1)) == [50, 100]
    assert 0.15 < (ids == UNK).sum() / 150 < 0.45
    assert set(np.unique(ids)) == {PAD, UNK, 7}


def test_unlabelled_reviews_take_turns_and_labelled_ones_are_in_every_epoch():
    batches = batches_of(always=10, unknown_rate=0.0, length=100)
    lengths = [{int(n) for ids, _ in batches.epoch(n) for n in np.count_nonzero(ids, axis=1)} for n in (0, 1)]
    assert lengths[0] & lengths[1] == set(range(1, 11))
    assert lengths[0] | lengths[1] == set(range(1, 41))
    assert len(list(batches.epoch(0))) == len(batches)


def source(length: int, target: float):
    """Draws examples of 1 to ``length - 1`` tokens, each token with the id ``length``."""
    return lambda rng: (np.full(int(rng.integers(1, length)), length, np.int32), target)


def mixture_of(**changes):
    options = {"examples": 400, "batch_size": 8, "length": 12, "unknown_rate": 0.0, "seed": 5} | changes
    return Mixture([(source(9, 0.9), 0.75), (source(30, 0.2), 0.25)], **options)


def test_a_mixture_draws_from_its_sources_at_their_rates_and_crops():
    batches = list(mixture_of().epoch(0))
    assert len(batches) == len(mixture_of()) == 50
    targets = np.concatenate([labels[:, 0] for _, labels in batches])
    assert len(targets) == 400
    assert set(targets.tolist()) == {np.float32(0.9), np.float32(0.2)}
    assert (targets > 0.5).mean() == pytest.approx(0.75, abs=0.06)
    for ids, labels in batches:
        assert ids.shape[1] <= 12
        assert all(set(row[row != PAD]) == {9 if label > 0.5 else 30} for row, label in zip(ids, labels, strict=True))


def test_an_epoch_of_a_mixture_depends_on_seed_and_number_alone():
    def drawn(number, **changes):
        return [ids.tolist() for ids, _ in mixture_of(**changes).epoch(number)]

    assert drawn(2) == drawn(2)
    assert drawn(2) != drawn(3)
    assert drawn(2) != drawn(2, seed=6)


def test_a_mixture_of_more_examples_than_a_pool_shows_all_of_them():
    mixture = mixture_of(examples=1_001, unknown_rate=0.3)
    batches = list(mixture.epoch(1))
    assert sum(len(labels) for _, labels in batches) == 1_001
    assert len(batches) == len(mixture)
    assert UNK in np.unique(np.concatenate([ids.ravel() for ids, _ in batches]))

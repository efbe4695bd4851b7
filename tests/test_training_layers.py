"""The training layers compute what Keras' own do, gradients included, and padding changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.training

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

from sentiment.text.vocabulary import PAD, UNK  # noqa: E402
from sentiment.training.batches import Mixture, TrainingBatches  # noqa: E402
from sentiment.training.layers import BidirectionalLSTM, Lengths, Pooling, lstm_states  # noqa: E402


def _keras_states(x, kernel, recurrent, bias):
    layer = keras.layers.LSTM(recurrent.shape[0], return_sequences=True)
    layer.build(x.shape)
    with tf.GradientTape(persistent=True) as tape:
        layer.set_weights([kernel, recurrent, bias])
        tape.watch([x])
        states = layer(x)
        loss = tf.reduce_sum(tf.sin(states * np.arange(1, 1 + states.shape[-1])))
    return states, tape.gradient(loss, [x, *[weight.value for weight in layer.trainable_variables]])


def test_states_and_gradients_equal_those_of_keras_lstm():
    rng = np.random.default_rng(0)
    batch, time, inputs, units = 3, 7, 4, 5
    x = tf.constant(rng.normal(size=(batch, time, inputs)).astype("f4"))
    kernel, recurrent, bias = (
        rng.normal(size=shape).astype("f4") for shape in ((inputs, 4 * units), (units, 4 * units), (4 * units,))
    )
    expected, gradients = _keras_states(x, kernel, recurrent, bias)
    k, r, b = map(tf.constant, (kernel, recurrent, bias))
    with tf.GradientTape() as tape:
        tape.watch([x, k, r, b])
        projected = tf.tensordot(tf.transpose(x, [1, 0, 2]), k, 1) + b
        states = tf.transpose(lstm_states(projected, r), [1, 0, 2])
        loss = tf.reduce_sum(tf.sin(states * np.arange(1, 1 + units)))
    np.testing.assert_allclose(states, expected, atol=1e-6)
    for ours, theirs in zip(tape.gradient(loss, [x, k, r, b]), gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_padding_changes_neither_direction_nor_pooling():
    ids = np.array([[2, 3, 4, PAD, PAD], [5, 6, 7, 8, 9]], np.int32)
    embedded = np.random.default_rng(1).normal(size=(2, 5, 3)).astype("f4")
    lengths = Lengths()(ids)
    assert lengths.numpy().tolist() == [3, 5]
    lstm, pooling = BidirectionalLSTM(4), Pooling(["max", "mean"])
    padded = pooling(lstm(embedded, lengths), lengths)
    alone = pooling(lstm(embedded[:1, :3], lengths[:1]), lengths[:1])
    np.testing.assert_allclose(padded[:1], alone, atol=1e-6)


def test_pooling_puts_the_maximum_before_the_mean():
    states = np.array([[[1.0, -5.0], [3.0, -7.0], [99.0, 99.0]]], np.float32)
    pooled = Pooling(["max", "mean"])(states, np.array([2], np.int32))
    np.testing.assert_allclose(pooled, [[3.0, -5.0, 2.0, -6.0]])


def _batches(**changes):
    reviews = [np.arange(2, 3 + n, dtype=np.int32) for n in range(40)]
    options = {"always": 40, "batch_size": 8, "length": 12, "unknown_rate": 0.1, "seed": 5} | changes
    return TrainingBatches(reviews, np.arange(40, dtype=np.float32) % 2, **options)


def test_an_epoch_shows_every_review_once_cut_to_the_training_length():
    ids, labels = zip(*_batches(unknown_rate=0.0).epoch(0), strict=True)
    lengths = sorted(n for batch in ids for n in np.count_nonzero(batch, axis=1))
    assert lengths == sorted(min(n + 1, 12) for n in range(40))
    assert np.concatenate(labels).sum() == 20


def test_an_epoch_depends_on_seed_and_number_alone():
    first, again = list(_batches().epoch(2)), list(_batches().epoch(2))
    for ours, theirs in zip(first, again, strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_array_equal(ours[1], theirs[1])
    others = [list(_batches().epoch(3)), list(_batches(seed=6).epoch(2))]
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


def test_taught_reviews_take_turns_and_labelled_ones_are_always_there():
    batches = _batches(always=10, unknown_rate=0.0, length=100)
    lengths = [{int(n) for ids, _ in batches.epoch(n) for n in np.count_nonzero(ids, axis=1)} for n in (0, 1)]
    assert lengths[0] & lengths[1] == set(range(1, 11))
    assert lengths[0] | lengths[1] == set(range(1, 41))
    assert len(list(batches.epoch(0))) == len(batches)


def drawing(length: int, target: float):
    return lambda rng: (np.full(int(rng.integers(1, length)), length, np.int32), target)


def _mixture(**changes):
    options = {"examples": 400, "batch_size": 8, "length": 12, "unknown_rate": 0.0, "seed": 5} | changes
    return Mixture([(drawing(9, 0.9), 0.75), (drawing(30, 0.2), 0.25)], **options)


def test_a_mixture_draws_from_its_sources_at_their_rates_and_crops():
    batches = list(_mixture().epoch(0))
    assert len(batches) == len(_mixture()) == 50
    targets = np.concatenate([labels[:, 0] for _, labels in batches])
    assert len(targets) == 400
    assert set(targets.tolist()) == {np.float32(0.9), np.float32(0.2)}
    assert (targets > 0.5).mean() == pytest.approx(0.75, abs=0.06)
    for ids, labels in batches:
        assert ids.shape[1] <= 12
        assert all(set(row[row != PAD]) == {9 if label > 0.5 else 30} for row, label in zip(ids, labels, strict=True))


def test_an_epoch_of_a_mixture_depends_on_seed_and_number_alone():
    def drawn(number, **changes):
        return [ids.tolist() for ids, _ in _mixture(**changes).epoch(number)]

    assert drawn(2) == drawn(2)
    assert drawn(2) != drawn(3)
    assert drawn(2) != drawn(2, seed=6)


def test_a_mixture_of_more_examples_than_a_pool_shows_all_of_them():
    mixture = _mixture(examples=1_001, unknown_rate=0.3)
    batches = list(mixture.epoch(1))
    assert sum(len(labels) for _, labels in batches) == 1_001
    assert len(batches) == len(mixture)
    assert UNK in np.unique(np.concatenate([ids.ravel() for ids, _ in batches]))

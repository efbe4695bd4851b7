"""The training layers compute what Keras' own do, gradients included, and padding changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.training

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

from sentiment.text.vocabulary import PAD, UNK  # noqa: E402
from sentiment.training.batches import TrainingBatches  # noqa: E402
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


END = 9


def crops_of(reviews, always):
    """The crops of an epoch, each with what is to be learnt of it: the parity of its review's number."""
    targets = np.arange(len(reviews), dtype=np.float32) % 2
    options = {"batch_size": 8, "length": 200, "unknown_rate": 0.0, "seed": 1, "crop_rate": 1.5, "sentence_ends": [END]}
    batches = TrainingBatches(reviews, targets, always=always, **options)
    rows = [
        (row[row != PAD], label)
        for ids, labels in batches.epoch(0)
        for row, label in zip(ids, labels[:, 0], strict=True)
    ]
    assert len(list(batches.epoch(0))) == len(batches)
    return [(row, label) for row, label in rows if len(row) < 80]


def test_crops_are_up_to_three_whole_sentences_of_labelled_reviews_shown_besides():
    reviews = [np.tile(np.array([10 + n, 5, 6, 7, END], np.int32), 40) for n in range(20)]
    crops = crops_of(reviews, always=10)
    assert len(crops) == 15
    assert {len(crop) // 5 for crop, _ in crops} == {1, 2, 3}
    for crop, label in crops:
        number = crop[0] - 10
        assert number < 10
        assert label == number % 2
        np.testing.assert_array_equal(crop, reviews[number][: len(crop)])


def test_a_review_without_the_end_of_a_sentence_shows_its_first_sixty_tokens():
    review = np.arange(10, 100, dtype=np.int32)
    crops = crops_of([review] * 4, always=4)
    assert len(crops) == 6
    assert all(np.array_equal(crop, review[:60]) for crop, _ in crops)

"""The training layers compute the states and gradients of Keras' LSTM, and padding changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.training

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

from sentiment.text.vocabulary import PAD  # noqa: E402
from sentiment.training.layers import BidirectionalLSTM, Lengths, Pooling, lstm_states  # noqa: E402


def keras_states(x, kernel, recurrent, bias):
    """The states of Keras' LSTM, and the gradients of a loss on them."""
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
    expected, gradients = keras_states(x, kernel, recurrent, bias)
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

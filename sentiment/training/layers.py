"""Keras layers: a bidirectional LSTM with a hand-written gradient, and pooling that ignores padding.

Keras' own LSTM multiplies the input by its kernel at every step and accumulates the gradients of the weights step by
step. Here only the product with the recurrent kernel is in the loop of either pass. The input projection and the
gradients of all weights are one large matrix product each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


@tf.custom_gradient
def lstm_states(projected: tf.Tensor, recurrent: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
    """Computes the hidden states of an LSTM (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000).

    Args:
        projected: <float32>[time, batch, 4 * units], input times kernel plus bias; gates input, forget, cell, output.
        recurrent: <float32>[units, 4 * units]

    Returns:
        <float32>[time, batch, units], and a function from their gradient to the gradients of both arguments.
    """
    gates, cells, states = _forward(projected, recurrent)

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        d_projected = _backward(gates, cells, upstream, recurrent)
        units = tf.shape(states)[-1]
        d_recurrent = tf.matmul(
            tf.reshape(_delayed(states), [-1, units]), tf.reshape(d_projected, [-1, 4 * units]), transpose_a=True
        )
        return d_projected, d_recurrent

    return states, gradient


def _forward(projected: tf.Tensor, recurrent: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns gate activations [time, batch, 4 * units], cell states and hidden states [time, batch, units]."""
    time, batch = tf.shape(projected)[0], tf.shape(projected)[1]
    units = recurrent.shape[0]
    steps = _array(time, 4 * units).unstack(projected)

    def step(t: tf.Tensor, h: tf.Tensor, c: tf.Tensor, *arrays: tf.TensorArray) -> tuple[Any, ...]:
        i, f, g, o = tf.split(steps.read(t) + tf.matmul(h, recurrent), 4, axis=1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        c = f * c + i * g
        h = o * tf.tanh(c)
        values = (tf.concat([i, f, g, o], 1), c, h)
        return (t + 1, h, c, *(array.write(t, value) for array, value in zip(arrays, values, strict=True)))

    start = tf.zeros([batch, units])
    arrays = (_array(time, 4 * units), _array(time, units), _array(time, units))
    _, _, _, gates, cells, states = tf.while_loop(lambda t, *_: t < time, step, (0, start, start, *arrays))
    return gates.stack(), cells.stack(), states.stack()


def _backward(gates: tf.Tensor, cells: tf.Tensor, upstream: tf.Tensor, recurrent: tf.Tensor) -> tf.Tensor:
    """Returns the gradient of ``projected``, [time, batch, 4 * units]; only the recurrent part is in a loop."""
    time, batch, units = tf.shape(cells)[0], tf.shape(cells)[1], recurrent.shape[0]
    i, f, g, o = tf.split(gates, 4, axis=2)
    squashed = tf.tanh(cells)
    to_cell = _array(time, units).unstack(o * (1 - squashed * squashed))
    to_gates = _array(time, 3 * units).unstack(
        tf.concat([g * i * (1 - i), _delayed(cells) * f * (1 - f), i * (1 - g * g)], 2)
    )
    to_output = _array(time, units).unstack(squashed * o * (1 - o))
    forget = _array(time, units).unstack(f)
    upstream_steps = _array(time, units).unstack(upstream)
    transposed = tf.transpose(recurrent)

    def step(t: tf.Tensor, dh: tf.Tensor, dc: tf.Tensor, out: tf.TensorArray) -> tuple[Any, ...]:
        dh += upstream_steps.read(t)
        dc += dh * to_cell.read(t)
        d_gates = tf.concat([tf.tile(dc, [1, 3]) * to_gates.read(t), dh * to_output.read(t)], 1)
        return t - 1, tf.matmul(d_gates, transposed), dc * forget.read(t), out.write(t, d_gates)

    start = tf.zeros([batch, units])
    *_, d_projected = tf.while_loop(lambda t, *_: t >= 0, step, (time - 1, start, start, _array(time, 4 * units)))
    return d_projected.stack()


def _array(time: tf.Tensor, size: int) -> tf.TensorArray:
    return tf.TensorArray(tf.float32, time, element_shape=[None, size], clear_after_read=False)


def _delayed(steps: tf.Tensor) -> tf.Tensor:
    """Returns the values of the preceding step, zero before the first; axis 0 is time."""
    return tf.concat([tf.zeros_like(steps[:1]), steps[:-1]], 0)


@keras.saving.register_keras_serializable("sentiment")
class BidirectionalLSTM(keras.layers.Layer):
    """Two LSTMs, one from each end of the review; padding after the end affects neither.

    Maps ``embedded <float32>[batch, time, embedding]`` and ``lengths <int32>[batch]`` to
    ``<float32>[batch, time, 2 * units]``, forward then backward. States after a review's end are meaningless.
    """

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = units
        self.directions = [keras.layers.LSTMCell(units, name=name) for name in ("forward", "backward")]

    def build(self, embedded_shape: tuple[int | None, ...], lengths_shape: Any = None) -> None:
        """Creates the weights with Keras' default initializers: Glorot, orthogonal, forget bias 1."""
        for cell in self.directions:
            cell.build((None, embedded_shape[-1]))

    def call(self, embedded: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """Runs both directions; the backward one reads each review reversed within its length."""
        forward, backward = (
            self._run(cell, x)
            for cell, x in zip(
                self.directions, (embedded, tf.reverse_sequence(embedded, lengths, seq_axis=1)), strict=True
            )
        )
        return tf.concat([forward, tf.reverse_sequence(backward, lengths, seq_axis=1)], 2)

    @staticmethod
    def _run(cell: keras.layers.LSTMCell, embedded: tf.Tensor) -> tf.Tensor:
        by_time = tf.transpose(embedded, [1, 0, 2])
        projected = tf.tensordot(by_time, tf.convert_to_tensor(cell.kernel), 1) + cell.bias
        return tf.transpose(lstm_states(projected, tf.convert_to_tensor(cell.recurrent_kernel)), [1, 0, 2])

    def compute_output_shape(self, embedded_shape: tuple[int | None, ...], lengths_shape: Any = None) -> Any:
        """Returns [batch, time, 2 * units]."""
        return (*embedded_shape[:-1], 2 * self.units)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that recreate the layer."""
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("sentiment")
class Lengths(keras.layers.Layer):
    """Maps ``ids <int32>[batch, time]`` to ``<int32>[batch]``, the number of ids before the padding."""

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """Counts the ids that are not PAD, which occurs only at the end."""
        return tf.math.count_nonzero(ids, axis=1, dtype=tf.int32)

    def compute_output_shape(self, ids_shape: tuple[int | None, ...]) -> Any:
        """Returns [batch]."""
        return ids_shape[:1]


@keras.saving.register_keras_serializable("sentiment")
class Pooling(keras.layers.Layer):
    """Pools ``states <float32>[batch, time, features]`` within ``lengths <int32>[batch]`` over time.

    Unlike Keras' GlobalMaxPooling1D, it ignores padding. It returns ``<float32>[batch, kinds * features]``, with the
    kinds "max" and "mean" concatenated in the given order.
    """

    def __init__(self, kinds: list[str], **options: Any) -> None:
        super().__init__(**options)
        self.kinds = list(kinds)

    def call(self, states: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """Reduces over the steps before each review's end."""
        inside = tf.sequence_mask(lengths, tf.shape(states)[1])[:, :, None]
        pooled = {
            "max": lambda: tf.reduce_max(tf.where(inside, states, states.dtype.min), 1),
            "mean": lambda: tf.reduce_sum(tf.where(inside, states, 0.0), 1) / tf.cast(lengths, tf.float32)[:, None],
        }
        return tf.concat([pooled[kind]() for kind in self.kinds], 1)

    def compute_output_shape(self, states_shape: tuple[int, ...], lengths_shape: Any = None) -> Any:
        """Returns [batch, kinds * features]."""
        return (states_shape[0], states_shape[2] * len(self.kinds))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that recreate the layer."""
        return {**super().get_config(), "kinds": self.kinds}

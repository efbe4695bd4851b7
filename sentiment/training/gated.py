"""A deep network that reads many times faster than an LSTM of its size, to teach one.

Its layers are the simple recurrent units of Lei et al. 2018 (EMNLP; without the state in the gates): the gates depend
on the tokens alone, so all matrix products of a review are one large product, and only sums are left to be made step by
step. Products are taken of bfloat16, which processors with matrix units do several times as fast, and layers hand it
on; weights and the cells within a layer are float32.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from sentiment.presets import DeepTeacherPreset

Drop = Callable[[tf.Tensor], tf.Tensor]  # channels at random, or none

STEPS = 32  # lengths are padded to a multiple, so that XLA compiles for a few shapes only


def product(rows: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """<bfloat16>[..., in] times <float32>[in, out], in bfloat16."""
    flat = tf.matmul(tf.reshape(rows, [-1, rows.shape[-1]]), tf.cast(kernel, tf.bfloat16))
    return tf.reshape(flat, tf.concat([tf.shape(rows)[:-1], [kernel.shape[-1]]], 0))


@tf.custom_gradient
def gated_states(
    candidate: tf.Tensor, forget: tf.Tensor, output: tf.Tensor, below: tf.Tensor
) -> tuple[tf.Tensor, Callable[..., Any]]:
    """The states of a simple recurrent unit: c' = f c + (1 - f) candidate; h = o c' + (1 - o) below.

    Args:
        candidate: <bfloat16>[time, batch, units]
        forget: likewise, before the sigmoid.
        output: likewise, before the sigmoid.
        below: likewise; what the layer goes past.

    Returns:
        <bfloat16>[time, batch, units], and the function that gives the gradients of all four.
    """
    states, cells = _forward(candidate, forget, output, below)
    return states, lambda upstream: _backward(candidate, forget, output, below, cells, upstream)


@tf.function(jit_compile=True)
def _forward(candidate: tf.Tensor, forget: tf.Tensor, output: tf.Tensor, below: tf.Tensor) -> tuple[tf.Tensor, ...]:
    candidate, forget, output, below = (tf.cast(x, tf.float32) for x in (candidate, forget, output, below))
    forget, output = tf.sigmoid(forget), tf.sigmoid(output)
    cells = _sums(forget, (1 - forget) * candidate, reverse=False)
    return tf.cast(output * cells + (1 - output) * below, tf.bfloat16), cells


@tf.function(jit_compile=True)
def _backward(
    candidate: tf.Tensor, forget: tf.Tensor, output: tf.Tensor, below: tf.Tensor, cells: tf.Tensor, upstream: tf.Tensor
) -> tuple[tf.Tensor, ...]:
    candidate, forget, output, below, upstream = (
        tf.cast(x, tf.float32) for x in (candidate, forget, output, below, upstream)
    )
    forget, output = tf.sigmoid(forget), tf.sigmoid(output)
    nothing = tf.zeros_like(cells[:1])
    d_cells = _sums(tf.concat([forget[1:], nothing], 0), upstream * output, reverse=True)
    earlier = tf.concat([nothing, cells[:-1]], 0)
    gradients = (
        d_cells * (1 - forget),
        d_cells * (earlier - candidate) * forget * (1 - forget),
        upstream * (cells - below) * output * (1 - output),
        upstream * (1 - output),
    )
    return tuple(tf.cast(gradient, tf.bfloat16) for gradient in gradients)


def _sums(kept: tf.Tensor, added: tf.Tensor, *, reverse: bool) -> tf.Tensor:
    """<float32>[time, batch, units] of s' = kept s + added over time, from its end where reversed."""
    time = tf.shape(kept)[0]

    def step(t: tf.Tensor, s: tf.Tensor, sums: tf.TensorArray) -> tuple[Any, ...]:
        at = time - 1 - t if reverse else t
        s = kept[at] * s + added[at]
        return t + 1, s, sums.write(at, s)

    sums = tf.TensorArray(tf.float32, time, element_shape=kept.shape[1:])
    return tf.while_loop(lambda t, *_: t < time, step, (0, tf.zeros_like(added[0]), sums))[2].stack()


class GatedLayer(keras.layers.Layer):
    """``<bfloat16>[time, batch, in]`` to ``<bfloat16>[time, batch, units]``.

    A step's gates see ``window`` inputs, its own the last (Bradbury et al. 2017, section 2).
    """

    def __init__(self, units: int, window: int, **options: Any) -> None:
        super().__init__(dtype="mixed_bfloat16", **options)
        self.units, self.window = units, window

    def build(self, shape: tuple[Any, ...]) -> None:
        """Makes the weights; the forget gate begins open."""
        size = shape[-1]
        self.kernel = self.add_weight(shape=(self.window * size, 3 * self.units), name="kernel")
        self.bias = self.add_weight(
            shape=(3 * self.units,),
            initializer=lambda shape, dtype=None: tf.repeat([0.0, 1.0, 0.0], self.units),
            name="bias",
        )
        self.past = None if size == self.units else self.add_weight(shape=(size, self.units), name="past")

    def call(self, below: tf.Tensor) -> tf.Tensor:
        """Runs from the first step to the last."""
        seen = [below]
        for _ in range(self.window - 1):
            seen.append(tf.concat([tf.zeros_like(below[:1]), seen[-1][:-1]], 0))
        gates = product(tf.concat(seen, 2), tf.convert_to_tensor(self.kernel)) + self.bias
        past = below if self.past is None else product(below, tf.convert_to_tensor(self.past))
        return gated_states(*tf.split(gates, 3, 2), past)


def channel_dropout(rate: float) -> keras.layers.Layer:
    """Drops channels of each text, ``<bfloat16>[time, batch, channels]``, at all its steps alike."""
    return keras.layers.Dropout(rate, (1, None, None), dtype="bfloat16")


class DeepReader(keras.Model):
    """``ids <int32>[batch, time]``, 0 = PAD at the end, to the probability of "positive" ``<float32>[batch, 1]``.

    One embedding, a stack of gated layers from each end, and of each stack the last state, the maximum and the mean
    (Howard & Ruder 2018, section 3.3).
    """

    def __init__(self, preset: DeepTeacherPreset, vocabulary_size: int) -> None:
        super().__init__(name="deep_reader")
        self.embedding = keras.layers.Embedding(vocabulary_size, preset.embedding_size, name="embedding")
        self.stacks = [
            [GatedLayer(preset.units, 2 if not i else 1, name=f"{way}_{i}") for i in range(preset.layers)]
            for way in ("forward", "backward")
        ]
        self.below_dropout, self.layer_dropout = map(channel_dropout, (preset.embedding_dropout, preset.layer_dropout))
        self.dropout = keras.layers.Dropout(preset.dropout)
        self.dense = keras.layers.Dense(1, name="dense")
        self.embedding.build(())
        for stack in self.stacks:
            for layer, size in zip(stack, [preset.embedding_size, *[preset.units] * preset.layers], strict=False):
                layer.build((None, None, size))
        self.dense.build((None, 6 * preset.units))

    def directions(
        self, ids: tf.Tensor, below: Drop = tf.identity, between: Drop = tf.identity
    ) -> list[tuple[tf.Tensor, tf.Tensor]]:
        """For each direction the ids in its reading order, <int32>[time, batch], and the states of its last layer.

        States are <bfloat16>[time, batch, units]; those past a review's end mean nothing.

        Args:
            ids: <int32>[batch, time]
            below: what embeddings go through, <bfloat16>[time, batch, channels].
            between: what the states of one layer go through to the next, likewise.
        """
        lengths = tf.math.count_nonzero(ids, axis=1, dtype=tf.int32)
        ids = tf.pad(ids, [[0, 0], [0, -tf.shape(ids)[1] % STEPS]])
        read = []
        for stack, turned in zip(self.stacks, (ids, tf.reverse_sequence(ids, lengths, seq_axis=1)), strict=True):
            in_order = tf.transpose(turned)
            states = below(tf.cast(self.embedding(in_order), tf.bfloat16))
            for i, layer in enumerate(stack):
                states = layer(between(states) if i else states)
            read.append((in_order, states))
        return read

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """The probabilities."""
        return tf.sigmoid(self.logits(ids, training))

    def logits(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """<float32>[batch, 1], from the states pooled inside each review."""
        lengths = tf.math.count_nonzero(ids, axis=1, dtype=tf.int32)
        drops = [partial(layer, training=True) for layer in (self.below_dropout, self.layer_dropout)]
        features = []
        for in_order, states in self.directions(ids, *(drops if training else [])):
            states = tf.cast(states, tf.float32)
            inside = tf.transpose(tf.sequence_mask(lengths, tf.shape(in_order)[0]))[:, :, None]
            last = tf.stack([tf.maximum(lengths - 1, 0), tf.range(tf.shape(lengths)[0])], 1)
            features += [
                tf.gather_nd(states, last),
                tf.reduce_max(tf.where(inside, states, states.dtype.min), 0),
                tf.reduce_sum(tf.where(inside, states, 0.0), 0) / tf.cast(lengths, tf.float32)[:, None],
            ]
        return self.dense(self.dropout(tf.concat(features, 1), training=training))

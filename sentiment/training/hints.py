"""How a network first learns to have the states of a deep reader, before it learns what they are for.

What a teacher makes of a review is one number; what it has in mind after each token are hundreds. A network that learns
from these begins with much of what the teacher owes to its language models (the hints of Romero et al. 2015, section
2.2, for every step of both directions).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from sentiment.presets import Preset
from sentiment.system import keep_freed_memory
from sentiment.text.vocabulary import PAD
from sentiment.training.batches import TrainingBatches
from sentiment.training.gated import DeepReader
from sentiment.training.steps import take_steps

Ids = npt.NDArray[np.int32]

_LEARNING_RATE = 2e-3
_SAMPLED = 6  # batches that tell the mean and the spread of each of the teacher's features


class _Hints(keras.Model):
    """A network's states, and for each direction the matrix that turns them into the teacher's.

    Args:
        network: with a layer ``lstm`` that gives the states of both directions side by side.
        reader: the teacher.
    """

    def __init__(self, network: keras.Model, reader: DeepReader) -> None:
        super().__init__(name="hints")
        self.states = keras.Model(network.inputs, network.get_layer("lstm").output)
        self.reader = reader
        units = network.get_layer("lstm").units, reader.stacks[0][0].units
        self.outward = [keras.layers.Dense(units[1], name=f"outward_{way}") for way in ("forward", "backward")]
        for layer in self.outward:
            layer.build((None, units[0]))
        self.mean, self.spread = (
            self.add_weight(shape=(2, units[1]), trainable=False, name=name) for name in ("mean", "spread")
        )

    @property
    def learnt(self) -> list[keras.Variable]:
        """All but the teacher's."""
        return [*self.states.trainable_variables, *(v for layer in self.outward for v in layer.trainable_variables)]

    def taught(self, ids: tf.Tensor) -> tf.Tensor:
        """<float32>[2, batch, time, units], the teacher's states after each token, forward and backward."""
        lengths, time = tf.math.count_nonzero(ids, axis=1, dtype=tf.int32), tf.shape(ids)[1]
        (_, forward), (_, backward) = self.reader.directions(ids)
        forward, backward = (tf.transpose(tf.cast(x, tf.float32), [1, 0, 2])[:, :time] for x in (forward, backward))
        return tf.stack([forward, tf.reverse_sequence(backward, lengths, seq_axis=1)])

    def measure(self, batches: Iterator[Ids]) -> None:
        """Takes the mean and the spread of each feature from batches."""
        read = tf.function(self.taught, reduce_retracing=True)
        states = np.concatenate([read(tf.constant(ids)).numpy()[:, ids != PAD] for ids in batches], axis=1)
        self.mean.assign(states.mean(axis=1))
        self.spread.assign(states.std(axis=1) + 1e-3)

    def error(self, ids: tf.Tensor) -> tf.Tensor:
        """The mean squared error after tokens, 1 being that of the features' means."""
        inside = tf.cast(ids != PAD, tf.float32)[None, :, :, None]
        states = tf.split(self.states(ids, training=True), 2, axis=2)
        told = tf.stack([layer(x) for layer, x in zip(self.outward, states, strict=True)])
        aim = (self.taught(ids) - self.mean[:, None, None]) / self.spread[:, None, None]
        return tf.reduce_mean(tf.reduce_sum(inside * (told - aim) ** 2, [0, 1, 2])) / tf.reduce_sum(inside) / 2


def learn_states(
    network: keras.Model, reader: DeepReader, reviews: Sequence[Ids], preset: Preset, folder: Path, seed: int
) -> float:
    """Trains a network's embedding and LSTM to have the states of a deep reader; gives the seconds it took.

    Broken off and called again, it goes on from its last checkpoint.

    Args:
        network: of two directions.
        reader: the teacher.
        reviews: <int32>[tokens] each, none of them empty; of a longer one another stretch is read in each pass.
        preset: says how many passes, of what lengths and in what batches.
        folder: where ``hints.csv`` and the checkpoints go.
        seed: of order and stretches.
    """
    keep_freed_memory()
    batches = TrainingBatches(
        reviews,
        np.zeros(len(reviews), np.float32),  # nothing is said of a review as a whole
        batch_size=preset.batch_size,
        length=preset.train_length,
        unknown_rate=0.0,
        seed=seed,
    )
    steps = len(batches) * preset.hint_passes
    hints = _Hints(network, reader)
    hints.measure(ids for ids, _ in islice(batches.epoch(preset.hint_passes), _SAMPLED))
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 20, warmup_target=_LEARNING_RATE, warmup_steps=steps // 20
    )
    optimizer = keras.optimizers.Adam(schedule, global_clipnorm=1.0)
    learnt = hints.learnt
    optimizer.build(learnt)

    @tf.function(reduce_retracing=True)
    def step(ids: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = hints.error(ids)
        optimizer.apply(tape.gradient(loss, [weights.value for weights in learnt]))
        return loss

    def from_step(first: int) -> Iterator[tuple[Ids]]:
        number, skipped = divmod(first, len(batches))
        for epoch in count(number):
            yield from ((ids,) for ids, _ in islice(batches.epoch(epoch), skipped, None))
            skipped = 0

    return take_steps("hints", step, from_step, steps, optimizer, folder, also=hints.states.non_trainable_variables)

"""Runs Keras as a peer process.

The kind "stock" builds the network from Keras' own Embedding, LSTM and Dense layers with the run's weights, and trains
by Model.fit over padded reviews. "run" builds it from the layers that the run was trained with, and trains by our loop.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from dev import command_line
from dev.benchmarking.epoch import BATCH
from dev.benchmarking.measuring import seconds_of
from dev.benchmarking.peers import serve
from dev.benchmarking.setting import LENGTH, Sizes
from sentiment.artifacts import Run, open_run
from sentiment.model.batching import pad
from sentiment.presets import BILSTM, Preset
from sentiment.system import keep_freed_memory
from sentiment.text.vocabulary import UNK
from sentiment.training.batches import ScoringBatches, TrainingBatches
from sentiment.training.callbacks import MovingAverage
from sentiment.training.export import logit_network
from sentiment.training.fit import run_epochs
from sentiment.training.layers import Lengths, Pooling
from sentiment.training.networks import build_network, build_optimizer

_STEPS = 100 * Sizes().batches  # for the learning rate schedule; more than are ever measured


class KerasPeer:
    """Keras with one network; each of its tasks returns seconds."""

    def __init__(self, run: Run, *, stock: bool) -> None:
        self._preset = preset_of(run)
        self._size = self._preset.vocabulary_size
        self._stock = stock
        self._run = run
        self._epochs = 0

    @cached_property
    def network(self) -> keras.Model:
        """The network with the run's weights."""
        network = self._built()  # a loaded Sequential has called its layers several times, so has no single graph
        network.set_weights(keras.saving.load_model(self._run.file("model.keras"), compile=False).get_weights())
        return network

    def predict(self, ids: str, calls: int, batch_size: int) -> float:
        """Times ``keras.predict`` on <int32>[reviews, time]."""
        padded = np.load(ids)
        return seconds_of(partial(self.network.predict, padded, batch_size=batch_size, verbose=0), calls)

    def integrated_gradients(self, ids: str, points: int) -> float:
        """Times the contributions of one review's tokens, with all points of the path in one batch."""
        [review] = np.load(ids)
        return seconds_of(partial(self.contributions, review, points))

    @cached_property
    def contributions(self) -> Callable[[npt.NDArray[np.int32], int], npt.NDArray[np.float32]]:
        """Integrated gradients of the logit (Sundararajan et al. 2017), at midpoints, from a text of unknown words."""
        head, embedding = from_embeddings(self.network)

        @tf.function(reduce_retracing=True)
        def mean_gradient(ids: tf.Tensor, path: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                tape.watch(path)
                logits = head([ids, path])
            return tf.reduce_mean(tape.gradient(logits, path), 0)

        def contributions(review: npt.NDArray[np.int32], points: int) -> npt.NDArray[np.float32]:
            change = embedding[review] - embedding[UNK]
            shares = ((np.arange(points, dtype=np.float32) + 0.5) / points)[:, None, None]
            gradient = mean_gradient(np.tile(review, (points, 1)), embedding[UNK] + shares * change)
            return (gradient.numpy() * change).sum(1)

        return contributions

    def train(self, reviews: str) -> float:
        """Times one more epoch of a training from random weights."""
        return seconds_of(self._epoch(reviews))

    def _epoch(self, reviews: str) -> Callable[[], object]:
        with np.load(reviews) as saved:
            ids = np.split(saved["ids"], saved["ends"][:-1])
            labels = saved["labels"]
        if self._stock:
            padded = np.zeros((len(ids), LENGTH), np.int32)
            cut = pad([review[:LENGTH] for review in ids])
            padded[:, : cut.shape[1]] = cut
            return partial(self.untrained.fit, padded, labels[:, None], batch_size=BATCH, verbose=0)
        return partial(self._own_epoch, ids, labels.astype(np.float32))

    @cached_property
    def untrained(self) -> keras.Model:
        """An untrained network of the same layers."""
        network = self._built()
        network.compile(
            optimizer=build_optimizer(self._preset, _STEPS), loss="binary_crossentropy", metrics=["accuracy"]
        )
        return network

    def _built(self) -> keras.Model:
        return (stock_network if self._stock else build_network)(self._preset, self._size)

    @cached_property
    def _average(self) -> list[keras.callbacks.Callback]:
        return [MovingAverage(self._preset.average)] if self._preset.average else []

    def _own_epoch(self, ids: Sequence[npt.NDArray[np.int32]], labels: npt.NDArray[np.float32]) -> None:
        keep_freed_memory()
        rate = self._preset.unknown_rate
        batches = TrainingBatches(ids, labels, batch_size=BATCH, length=LENGTH, unknown_rate=rate, seed=0)
        nothing = ScoringBatches([], np.zeros(0, np.float32))
        run_epochs(self.untrained, batches, nothing, self._average, self._epochs, self._epochs + 1)
        self._epochs += 1


def preset_of(run: Run) -> Preset:
    """Returns the preset of a run's network, without its teachers; older runs record fewer options."""
    options = run.json("config.json")["model"]
    known = {field.name: options[field.name] for field in dataclasses.fields(Preset) if field.name in options}
    return dataclasses.replace(BILSTM, **known | {"pooling": tuple(options["pooling"])})


def stock_network(preset: Preset, vocabulary_size: int) -> keras.Model:
    """Builds the network of ``build_network`` from Keras' own recurrent layers.

    Pooling is ours, because Keras' pooling includes padding.
    """
    if not preset.bidirectional:
        return build_network(preset, vocabulary_size)
    layers = keras.layers
    ids = keras.Input((None,), dtype="int32", name="ids")
    embedded = layers.Embedding(vocabulary_size, preset.embedding_size, mask_zero=True, name="embedding")(ids)
    embedded = layers.SpatialDropout1D(preset.embedding_dropout)(embedded)
    states = layers.Bidirectional(layers.LSTM(preset.units, return_sequences=True))(embedded)
    states = keras.ops.copy(states)  # drops the mask, which Keras would warn about at pooling
    pooled = Pooling(list(preset.pooling))(states, Lengths()(ids))
    features = layers.Dropout(preset.dropout)(pooled)
    return keras.Model(ids, layers.Dense(1, activation="sigmoid", name="dense")(features))


def from_embeddings(network: keras.Model) -> tuple[keras.Model, npt.NDArray[np.float32]]:
    """Returns a model from ids <int32>[batch, time] and embeddings <float32>[batch, time, size] to logits.

    Also returns the embedding. Every review must fill its row, because the mask of the embedding layer is lost.
    """
    logits = logit_network(network)
    layer: Any = network.get_layer("embedding")
    return keras.Model([*logits.inputs, layer.output], logits.output), layer.get_weights()[0]


def main() -> int:
    """Answers requests until the input ends; returns the exit status."""
    parser = command_line.parser(__doc__)
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("kind", choices=("stock", "run"), help="the kind of layers")
    options = parser.parse_args()
    peer = KerasPeer(open_run(options.run), stock=options.kind == "stock")
    serve({"predict": peer.predict, "integrated_gradients": peer.integrated_gradients, "train": peer.train})
    return 0


if __name__ == "__main__":
    command_line.run(main)

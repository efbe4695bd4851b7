"""Builds the Keras models: Embedding -> LSTM -> Dense with sigmoid."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from sentiment.model.weights import Weights
from sentiment.presets import Preset
from sentiment.training.export import cells_of
from sentiment.training.layers import BidirectionalLSTM, Lengths, Pooling


def build_network(
    preset: Preset, vocabulary_size: int, embedding: npt.NDArray[np.float32] | None = None
) -> keras.Model:
    """Builds a network from ``ids <int32>[batch, time]`` to the probability of "positive", ``<float32>[batch, 1]``.

    Shorter reviews of a batch are padded with 0 at the end.

    Args:
        preset: the recipe.
        vocabulary_size: rows of the embedding.
        embedding: <float32>[vocabulary, embedding], the initial embedding; random if None.
    """
    ids = keras.Input((None,), dtype="int32", name="ids")
    dense = keras.layers.Dense(1, activation="sigmoid", name="dense")
    if preset.bidirectional:
        network = keras.Model(ids, dense(_bidirectional(ids, preset, vocabulary_size)), name=preset.name)
    else:
        network = keras.Sequential([ids, *_classic(preset, vocabulary_size), dense], name=preset.name)
    if embedding is not None:
        network.get_layer("embedding").set_weights([embedding])
    return network


def _classic(preset: Preset, vocabulary_size: int) -> list[keras.Layer]:
    """Returns Keras' own layers; the output of the LSTM is its state after the last token."""
    return [
        keras.layers.Embedding(vocabulary_size, preset.embedding_size, mask_zero=True, name="embedding"),
        keras.layers.LSTM(preset.units, dropout=preset.embedding_dropout, name="lstm"),
    ]


def _bidirectional(ids: Any, preset: Preset, vocabulary_size: int) -> Any:
    """Returns pooled states of both directions, with dropout on embedding channels and on pooled features."""
    lengths = Lengths(name="lengths")(ids)
    embedded = keras.layers.Embedding(vocabulary_size, preset.embedding_size, name="embedding")(ids)
    embedded = keras.layers.SpatialDropout1D(preset.embedding_dropout, name="embedding_dropout")(embedded)
    states = BidirectionalLSTM(preset.units, name="lstm")(embedded, lengths)
    pooled = Pooling(list(preset.pooling), name="pooling")(states, lengths)
    return keras.layers.Dropout(preset.dropout, name="dropout")(pooled)


def build_optimizer(preset: Preset, total_steps: int) -> keras.optimizers.Optimizer:
    """Returns Adam, or AdamW if the preset has weight decay, with a warm-up and cosine decay over ``total_steps``."""
    warmup = max(total_steps // 10, 1)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(total_steps - warmup, 1), warmup_target=preset.learning_rate, warmup_steps=warmup
    )
    if preset.weight_decay:
        return keras.optimizers.AdamW(rate, weight_decay=preset.weight_decay, global_clipnorm=1.0)
    return keras.optimizers.Adam(rate, global_clipnorm=1.0)


def set_weights(network: keras.Model, weights: Weights) -> None:
    """Sets a network of ``build_network`` to weights of the same shapes; the inverse of ``export.weights_of``."""
    network.get_layer("embedding").set_weights([weights.embedding.astype(np.float32)])
    for cell, direction in zip(cells_of(network), weights.directions, strict=True):
        cell.kernel.assign(direction.kernel)
        cell.recurrent_kernel.assign(direction.recurrent.astype(np.float32))
        cell.bias.assign(direction.bias)
    network.get_layer("dense").set_weights([weights.dense_kernel[:, None], np.array([weights.dense_bias])])


def average_weights(network: keras.Model, start: Weights, share: float) -> None:
    """Interpolates a network's weights with those that its training started from (Wortsman et al. 2022).

    Args:
        network: the trained network, which is changed.
        start: the weights before training.
        share: the weight of the trained ones, from 0 to 1.
    """
    trained = [np.array(variable) for variable in network.trainable_variables]
    set_weights(network, start)
    for variable, new in zip(network.trainable_variables, trained, strict=True):
        variable.assign((1 - share) * np.array(variable) + share * new)

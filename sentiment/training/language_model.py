"""How a deep reader learns what follows what, from either end, in all training texts, before it is fitted to labels.

Both directions share one embedding, which is the output matrix, too (Press & Wolf 2017, section 3). The softmax is
sampled: a position's denominator is the true token's share and, of all others, an estimate from the negatives of the
step, each weighed by how rarely it is drawn (importance sampling, Bengio & Senécal 2003, section 3).
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from sentiment.model.batching import pad
from sentiment.system import keep_freed_memory
from sentiment.text.vocabulary import PAD, UNK
from sentiment.training.gated import DeepReader, channel_dropout, product
from sentiment.training.steps import take_steps

Ids = npt.NDArray[np.int32]

_LENGTH = 256  # tokens of a piece; one shape for all batches, so that XLA compiles once
_BATCH = 128
_NEGATIVES = 4_096
_SLICE = 4  # pieces judged against the whole vocabulary at a time: four gigabytes of logits for 128


class _Languages(keras.Model):
    """A reader's two language models.

    Args:
        reader: what they are of.
        dropout: rate at which channels are dropped in training, below the first layer and between layers.
    """

    def __init__(self, reader: DeepReader, dropout: float) -> None:
        super().__init__(name="language_models")
        self.reader = reader
        vocabulary_size, size = reader.embedding.embeddings.shape
        units = reader.stacks[0][0].units
        self.outward = [self.add_weight(shape=(units, size), name=f"outward_{way}") for way in ("forward", "backward")]
        self.bias = self.add_weight(shape=(vocabulary_size,), initializer="zeros", name="bias")
        self.dropout = channel_dropout(dropout)
        self._log_range = float(np.log(vocabulary_size - UNK))

    def _positions(self, ids: tf.Tensor, training: bool = False) -> list[tuple[tf.Tensor, tf.Tensor, tf.Tensor]]:
        """For each direction: what was predicted, <bfloat16>[n, embedding], what stands there, whether it counts."""
        drop = partial(self.dropout, training=training)
        positions = []
        for (in_order, states), outward in zip(self.reader.directions(ids, drop, drop), self.outward, strict=True):
            predicted = product(states[:-1], tf.convert_to_tensor(outward))
            next_ids = tf.reshape(in_order[1:], [-1])
            counts = tf.cast((next_ids != PAD) & (next_ids != UNK), tf.float32)
            positions.append((tf.reshape(predicted, [-1, predicted.shape[-1]]), next_ids, counts))
        return positions

    def sampled_loss(self, ids: tf.Tensor, negatives: tf.Tensor) -> tf.Tensor:
        """The mean sampled cross-entropy of all tokens that count, in nats; channels are dropped at random.

        Args:
            ids: <int32>[batch, time]
            negatives: <int32>[n]
        """
        positions = self._positions(ids, training=True)
        losses = [self._sampled(*position, negatives) for position in positions]
        return tf.add_n(losses) / tf.add_n([tf.reduce_sum(counts) for *_, counts in positions])

    def _sampled(self, predicted: tf.Tensor, ids: tf.Tensor, counts: tf.Tensor, negatives: tf.Tensor) -> tf.Tensor:
        table = self.reader.embedding
        true = tf.reduce_sum(tf.cast(predicted, tf.float32) * table(ids), 1)
        true += tf.gather(self.bias, ids)  # as it is: it was not drawn but stands there
        others = tf.matmul(predicted, tf.cast(table(negatives), tf.bfloat16), transpose_b=True)
        others_bias = tf.gather(self.bias, negatives) - self._log_rate(negatives)
        return cross_entropy(true, others, others_bias, ids[:, None] == negatives[None, :], counts)

    def _log_rate(self, ids: tf.Tensor) -> tf.Tensor:
        """The log of how often each id is expected among the negatives; see ``_negatives``."""
        rank = tf.maximum(tf.cast(ids - UNK, tf.float32), 1.0)
        return tf.math.log(_NEGATIVES * tf.math.log1p(1 / rank) / self._log_range)

    def entropy(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The summed cross-entropy of all tokens that count against the whole vocabulary, in nats, and their number."""
        total, number = tf.constant(0.0), tf.constant(0.0)
        table = tf.cast(self.reader.embedding.embeddings, tf.bfloat16)
        unlearnt = tf.range(self.bias.shape[0]) <= UNK  # PAD and UNK, neither drawn nor expected
        for predicted, expected, counts in self._positions(ids):
            logits = tf.cast(tf.matmul(predicted, table, transpose_b=True), tf.float32) + self.bias
            logits = tf.where(unlearnt, -1e9, logits)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(expected, logits)
            total, number = total + tf.reduce_sum(loss * counts), number + tf.reduce_sum(counts)
        return total, number


@tf.custom_gradient
def cross_entropy(
    true: tf.Tensor, others: tf.Tensor, bias: tf.Tensor, same: tf.Tensor, counts: tf.Tensor
) -> tuple[tf.Tensor, Callable[..., Any]]:
    """The summed cross-entropy of the true logit among others; loss and gradient in one pass over them.

    Args:
        true: <float32>[n]
        others: <bfloat16>[n, negatives]
        bias: <float32>[negatives], to be added to the others.
        same: <bool>[n, negatives], where another is the true one, which counts once.
        counts: <float32>[n], the weight of each.
    """
    loss, d_true, d_others, d_bias = _cross_entropy(true, others, bias, same, counts)
    return loss, lambda up: (up * d_true, tf.cast(up, tf.bfloat16) * d_others, up * d_bias, None, None)


@tf.function(jit_compile=True)
def _cross_entropy(
    true: tf.Tensor, others: tf.Tensor, bias: tf.Tensor, same: tf.Tensor, counts: tf.Tensor
) -> tuple[tf.Tensor, ...]:
    logits = tf.where(same, -1e9, tf.cast(others, tf.float32) + bias)
    highest = tf.maximum(tf.reduce_max(logits, 1), true)
    shares = tf.exp(logits - highest[:, None])
    own = tf.exp(true - highest)
    total = tf.reduce_sum(shares, 1) + own
    loss = tf.reduce_sum(counts * (tf.math.log(total) + highest - true))
    d_others = shares * (counts / total)[:, None]
    return loss, counts * (own / total - 1), tf.cast(d_others, tf.bfloat16), tf.reduce_sum(d_others, 0)


def pretrain(
    reader: DeepReader,
    reviews: Sequence[Ids],
    held_out: Sequence[Ids],
    *,
    steps: int,
    rate: float,
    dropout: float,
    folder: Path,
    seed: int,
) -> float:
    """Trains a reader's two language models; gives the seconds it took.

    Broken off and called again, it goes on from its last checkpoint.

    Args:
        reader: what is trained, but for its last layer.
        reviews: encoded, uncut.
        held_out: reviews whose perplexity is reported.
        steps: of 128 pieces of 256 tokens.
        rate: Adam's learning rate, at its highest.
        dropout: rate at which channels are dropped.
        folder: where ``language_model.csv`` and the checkpoints go.
        seed: of weights, order, negatives and what is dropped.
    """
    keras.utils.set_random_seed(seed)
    keep_freed_memory()
    languages = _Languages(reader, dropout)
    batches = _Batches(reviews, languages.bias.shape[0], seed)
    warmup = steps // 20
    schedule = keras.optimizers.schedules.CosineDecay(0.0, steps - warmup, warmup_target=rate, warmup_steps=warmup)
    optimizer = keras.optimizers.Adam(schedule, global_clipnorm=1.0)
    unused = {id(weights) for weights in reader.dense.trainable_variables}
    learnt = [weights for weights in languages.trainable_variables if id(weights) not in unused]
    optimizer.build(learnt)

    @tf.function
    def step(ids: tf.Tensor, negatives: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = languages.sampled_loss(ids, negatives)
        optimizer.apply(tape.gradient(loss, [weights.value for weights in learnt]))
        return loss

    seconds = take_steps(
        "language model", step, batches.from_step, steps, optimizer, folder, languages.non_trainable_variables
    )
    perplexity = _perplexity(languages, held_out, seed)
    print(f"language model: perplexity {perplexity:.1f} on held-out reviews", file=sys.stderr, flush=True)
    return seconds


class _Batches:
    """Pieces of reviews, and negatives, that depend on seed and step alone; ``steps`` of them make a pass."""

    def __init__(self, reviews: Sequence[Ids], vocabulary_size: int, seed: int) -> None:
        self._reviews, self._size, self._seed = reviews, vocabulary_size, seed
        self.steps = max(-(-len(self._pieces(0)) // _BATCH), 1)  # other passes have a few pieces more or less

    def from_step(self, first: int) -> Iterator[tuple[Ids, Ids]]:
        """Batches <int32>[128, 256] and negatives <int32>[4096] without end, those before step ``first`` left out."""
        number, skipped = divmod(first, self.steps)
        while True:
            pieces = self._pieces(number)
            for i in range(skipped, self.steps):
                batch = [pieces[j % len(pieces)] for j in range(i * _BATCH, (i + 1) * _BATCH)]
                yield pad([*batch, np.zeros(_LENGTH, np.int32)])[:-1], self._negatives(number * self.steps + i)
            number, skipped = number + 1, 0

    def _negatives(self, step: int) -> Ids:
        """Drawn by the log-uniform law, which fits ids in order of frequency."""
        drawn = np.random.default_rng([self._seed, step]).random(_NEGATIVES)
        return np.exp(drawn * np.log(self._size - UNK)).astype(np.int32) + UNK

    def _pieces(self, number: int) -> list[Ids]:
        """All reviews, each cut at another place in every pass."""
        rng = np.random.default_rng([self._seed, number])
        offsets = rng.integers(_LENGTH, size=len(self._reviews))
        pieces = [
            review[start : start + _LENGTH] if start >= 0 else review[: start + _LENGTH]
            for review, offset in zip(self._reviews, offsets, strict=True)
            for start in _cuts(len(review), int(offset))
        ]
        return [pieces[i] for i in rng.permutation(len(pieces))]


def _cuts(length: int, offset: int) -> range:
    """Where pieces of a review begin: the first may begin before the review, and is shorter then."""
    return range(-offset if length > _LENGTH else 0, length - 1, _LENGTH)


def _perplexity(languages: _Languages, held_out: Sequence[Ids], seed: int) -> float:
    """Of at most 20 batches of held-out pieces, both directions together."""
    pieces = _Batches(held_out, languages.bias.shape[0], seed)
    entropy = tf.function(languages.entropy, reduce_retracing=True)
    total, number = 0.0, 0.0
    for ids, _ in itertools.islice(pieces.from_step(0), min(pieces.steps, 20)):
        for part in np.split(ids, range(_SLICE, len(ids), _SLICE)):
            nats, tokens = entropy(tf.constant(part))
            total, number = total + float(nats), number + float(tokens)
    return float(np.exp(total / number))

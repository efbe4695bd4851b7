"""Where a bidirectional network can begin: two language models, one a direction, over all training texts.

The start of Dai & Le 2015 (section 2): an LSTM that has learnt to predict the next token reads a review better than one
that begins at random. Here a forward and a backward LSTM share one embedding, which is the output matrix, too (Press &
Wolf 2017). The softmax is sampled (Jean et al. 2015): every position is judged against the same negatives of a step.
"""

from __future__ import annotations

import csv
import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from sentiment.batching import pad
from sentiment.training.layers import BidirectionalLSTM, Lengths
from sentiment.training.memory import keep_freed_memory
from sentiment.training.networks import Start
from sentiment.training.presets import LanguageModel
from sentiment.vocabulary import PAD, UNK

Ids = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]

_LENGTH = 128  # tokens of a piece; one shape for all batches, so that XLA compiles once
_BATCH = 64
_NEGATIVES = 512
_EVERY = 250  # steps between two checkpoints


class _Languages(keras.Model):
    """Both language models; called with ``ids <int32>[batch, time]`` and ``negatives <int32>[n]`` it gives the loss."""

    def __init__(self, embedding: Floats, units: int) -> None:
        super().__init__(name="language_models")
        vocabulary_size, size = embedding.shape
        self.embedding = keras.layers.Embedding(vocabulary_size, size)
        self.embedding.build(())
        self.embedding.set_weights([embedding])
        self.lstm = BidirectionalLSTM(units)
        self.outward = [keras.layers.Dense(size), keras.layers.Dense(size)]  # from states to embeddings
        self.bias = self.add_weight(shape=(vocabulary_size,), initializer="zeros", name="bias")
        self._lengths = Lengths()
        self._log_range = float(np.log(vocabulary_size - UNK))

    def _positions(self, ids: tf.Tensor) -> list[tuple[tf.Tensor, tf.Tensor, tf.Tensor]]:
        """For each direction: what was predicted, what stands there, and whether that is to be judged."""
        embedded = self.embedding(ids)
        states = self.lstm(embedded, self._lengths(ids))
        forward, backward = tf.split(states, 2, axis=2)
        inside = ids[:, 1:] != PAD
        return [
            (self.outward[0](forward[:, :-1]), ids[:, 1:], inside & (ids[:, 1:] != UNK)),
            (self.outward[1](backward[:, 1:]), ids[:, :-1], inside & (ids[:, :-1] != UNK)),
        ]

    def call(self, ids: tf.Tensor, negatives: tf.Tensor) -> tf.Tensor:
        """The mean sampled cross-entropy of all judged tokens, in nats."""
        losses, judged = zip(*[self._sampled(*each, negatives) for each in self._positions(ids)], strict=True)
        return tf.add_n(losses) / tf.add_n(judged)

    def _sampled(
        self, predicted: tf.Tensor, ids: tf.Tensor, judged: tf.Tensor, negatives: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        predicted, ids = tf.reshape(predicted, [-1, predicted.shape[-1]]), tf.reshape(ids, [-1])
        table = tf.convert_to_tensor(self.embedding.embeddings)
        true = tf.reduce_sum(predicted * tf.gather(table, ids), 1) + tf.gather(self.bias, ids) - self._log_rate(ids)
        others = tf.matmul(predicted, tf.gather(table, negatives), transpose_b=True)
        others += tf.gather(self.bias, negatives) - self._log_rate(negatives)
        others = tf.where(ids[:, None] == negatives[None, :], -1e9, others)
        highest = tf.stop_gradient(tf.maximum(tf.reduce_max(others, 1), true))
        total = tf.reduce_sum(tf.exp(others - highest[:, None]), 1) + tf.exp(true - highest)
        weights = tf.cast(tf.reshape(judged, [-1]), tf.float32)
        return tf.reduce_sum(weights * (tf.math.log(total) + highest - true)), tf.reduce_sum(weights)

    def _log_rate(self, ids: tf.Tensor) -> tf.Tensor:
        """The log of how often each id is expected among the negatives; see ``_negatives``."""
        rank = tf.maximum(tf.cast(ids - UNK, tf.float32), 1.0)
        return tf.math.log(_NEGATIVES * tf.math.log1p(1 / rank) / self._log_range)

    def entropy(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The summed cross-entropy of all judged tokens against the whole vocabulary, in nats, and their number."""
        total, number = tf.constant(0.0), tf.constant(0.0)
        for predicted, expected, judged in self._positions(ids):
            logits = tf.tensordot(predicted, tf.convert_to_tensor(self.embedding.embeddings), [[2], [1]]) + self.bias
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(expected, logits)
            weights = tf.cast(judged, tf.float32)
            total, number = total + tf.reduce_sum(loss * weights), number + tf.reduce_sum(weights)
        return total, number


def pretrain(
    reviews: Sequence[Ids], held_out: Sequence[Ids], embedding: Floats, options: LanguageModel, folder: Path, seed: int
) -> tuple[Start, float]:
    """Trains both language models; gives what a network can begin with, and the seconds it took.

    Broken off and called again, it goes on from its last checkpoint.

    Args:
        reviews: encoded, uncut.
        held_out: reviews whose perplexity is reported.
        embedding: <float32>[vocabulary, embedding] to begin with.
        options: size and length of the training.
        folder: where ``language_model.csv`` and the checkpoints go.
        seed: of weights, order and negatives.
    """
    keras.utils.set_random_seed(seed)
    keep_freed_memory()
    languages = _Languages(embedding, options.units)
    batches = _Batches(reviews, len(embedding), seed)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, options.steps, warmup_target=options.learning_rate, warmup_steps=options.steps // 20
    )
    optimizer = keras.optimizers.Adam(rate, global_clipnorm=1.0)
    languages(*next(batches.from_step(0)))
    optimizer.build(languages.trainable_variables)
    checkpoint = tf.train.Checkpoint(model=languages, optimizer=optimizer)
    manager = tf.train.CheckpointManager(checkpoint, folder / "language_model", max_to_keep=1)
    checkpoint.restore(manager.latest_checkpoint)

    @tf.function(jit_compile=True)
    def step(ids: tf.Tensor, negatives: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = languages(ids, negatives)
        optimizer.apply(tape.gradient(loss, languages.trainable_variables))
        return loss

    first = int(optimizer.iterations)
    log = _Log(folder / "language_model.csv")
    for number, (ids, negatives) in enumerate(batches.from_step(first), first + 1):
        if number > options.steps:
            break
        log.add(step(tf.constant(ids), tf.constant(negatives)))
        if number % _EVERY == 0 or number == options.steps:
            log.write(number)
            manager.save()
    log.perplexity(_perplexity(languages, held_out, seed))
    return Start(np.array(languages.embedding.embeddings), tuple(languages.lstm.get_weights())), log.seconds


class _Batches:
    """Pieces of reviews, and negatives, that depend on seed and step alone."""

    def __init__(self, reviews: Sequence[Ids], vocabulary_size: int, seed: int) -> None:
        self._reviews, self._size, self._seed = reviews, vocabulary_size, seed
        self._steps = max(sum(len(_cuts(len(review), 0)) for review in reviews) // _BATCH, 1)

    def from_step(self, first: int) -> Iterator[tuple[Ids, Ids]]:
        """Batches <int32>[64, 128] and negatives <int32>[512] without end, those before step ``first`` left out."""
        number, skipped = divmod(first, self._steps)
        while True:
            pieces = self._pieces(number)
            for i in range(skipped, self._steps):
                batch = [pieces[j % len(pieces)] for j in range(i * _BATCH, (i + 1) * _BATCH)]
                yield pad([*batch, np.zeros(_LENGTH, np.int32)])[:-1], self._negatives(number * self._steps + i)
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
    entropy = tf.function(languages.entropy, jit_compile=True)
    batches = itertools.islice(pieces.from_step(0), min(len(held_out), 20))
    total, number = np.sum([[float(sum) for sum in entropy(tf.constant(ids))] for ids, _ in batches], axis=0)
    return float(np.exp(total / number))


class _Log:
    """``language_model.csv``: the mean loss between two checkpoints, and the seconds since the beginning."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._losses: list[Any] = []
        self.seconds = 0.0
        if path.exists():
            *_, last = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
            self.seconds = float(last["seconds"])
        else:
            path.write_text("step,loss,seconds\n0,nan,0\n", encoding="utf-8")
        self._start = time.monotonic() - self.seconds

    def add(self, loss: tf.Tensor) -> None:
        """Keeps a step's loss."""
        self._losses.append(loss)

    def write(self, step: int) -> None:
        """One row, and one line on stderr."""
        loss, self.seconds = float(np.mean(self._losses)), time.monotonic() - self._start
        self._losses.clear()
        with self._path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow([step, f"{loss:.4f}", f"{self.seconds:.0f}"])
        print(f"language model, step {step}: loss {loss:.4f}, {self.seconds:.0f} s", file=sys.stderr, flush=True)

    def perplexity(self, value: float) -> None:
        """Says how the models do on what they have not seen."""
        print(f"language model: perplexity {value:.1f} on held-out reviews", file=sys.stderr, flush=True)

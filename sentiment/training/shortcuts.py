"""Trains small models on planted shortcuts, and measures whether methods find them (Bastings et al. 2022)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from sentiment.dataset import DatasetError
from sentiment.faithfulness.methods import Floats, Ids, methods
from sentiment.faithfulness.report import cached_check, digest
from sentiment.faithfulness.shortcuts import KINDS, LONGEST, SIZE, Kind, Planted, plant, precision
from sentiment.model.attribution import Attributor
from sentiment.model.batching import pad
from sentiment.model.weights import Pooling, Weights
from sentiment.training import layers
from sentiment.training.export import weights_of

SEEDS = (0, 1, 2)
TRAINING, VALIDATION, TEST = 12_000, 1_000, 1_000  # texts; half of them have a shortcut
EPOCHS = 12  # at most
HIDDEN = 0.5  # maximum share of unknown words in a training text, so that the baseline is in distribution
DROPOUT = 0.3
LEARNING_RATE = 3e-3
UNITS = 32  # also the size of the embedding
POOLING: tuple[Pooling, ...] = ("max", "mean")


def prove_shortcuts(
    reviews: Sequence[Ids],
    labels: npt.NDArray[np.int8],
    *,
    seeds: Sequence[int] = SEEDS,
    kept: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Trains a model for each kind of shortcut and seed, and measures how well every method finds the shortcut.

    Args:
        reviews: encoded reviews from which the texts are taken, at least ``TRAINING + VALIDATION + TEST``.
        labels: <int8>[reviews], 1 positive, 0 negative.
        seeds: of planting and training.
        kept: a folder for the result of each model, so that an interrupted call can be resumed.
        say: called with a line of progress before each model.

    Returns:
        ``{"seeds", "kinds": [{"kind", "accuracy", "methods": [{"name", "precision"}]}]}``; accuracy is on unseen texts
        with a shortcut; accuracy and precision are means over seeds.

    Raises:
        DatasetError: there are too few reviews.
    """
    if len(reviews) < (asked := TRAINING + VALIDATION + TEST):
        raise DatasetError(f"Shortcuts are planted in {asked:,} training reviews; there are {len(reviews):,}.")
    of = {"reviews": digest([review.tolist() for review in reviews], labels.tolist())}
    kinds = []
    for kind in KINDS:
        accuracies, found = [], []
        for seed in seeds:
            say(f"shortcuts: {kind}, seed {seed}")
            name = f"{kind.replace(' ', '_')}_{seed}"
            one = cached_check(kept, name, of, partial(_prove_one, kind, reviews, labels, seed))
            accuracies.append(one["accuracy"])
            found.append(one["precision"])
        rows = [{"name": name, "precision": float(np.mean([each[name] for each in found]))} for name in found[0]]
        kinds.append({"kind": kind, "accuracy": float(np.mean(accuracies)), "methods": rows})
    return {"seeds": len(seeds), "kinds": kinds}


def train(training: Planted, validation: Planted, seed: int) -> Weights:
    """Trains a small bidirectional LSTM with max and mean pooling, and returns its weights."""
    keras.utils.set_random_seed(seed)
    ids = keras.Input((None,), dtype="int32")
    lengths = layers.Lengths()(ids)
    embedded = keras.layers.Embedding(SIZE, UNITS, name="embedding")(ids)
    states = layers.BidirectionalLSTM(UNITS, name="lstm")(embedded, lengths)
    features = keras.layers.Dropout(DROPOUT)(layers.Pooling(list(POOLING))(states, lengths))
    network = keras.Model(ids, keras.layers.Dense(1, activation="sigmoid", name="dense")(features))
    network.compile(keras.optimizers.Adam(LEARNING_RATE), "binary_crossentropy")
    network.fit(
        pad(training.reviews),
        training.labels,
        validation_data=(pad(validation.reviews), validation.labels),
        batch_size=64,
        epochs=EPOCHS,
        callbacks=[keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)],
        verbose=0,
    )
    return weights_of(network, POOLING)


def _prove_one(kind: Kind, reviews: Sequence[Ids], labels: npt.NDArray[np.int8], seed: int) -> dict[str, Any]:
    """Returns the ``accuracy`` of one model on texts with a shortcut, and the ``precision`` of each method by name."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(reviews))[: TRAINING + VALIDATION + TEST]
    parts = np.split(order, [TRAINING, TRAINING + VALIDATION])
    training, validation, test = (
        plant(kind, [reviews[i] for i in part], labels[part], rng, most_hidden=hidden)
        for part, hidden in zip(parts, (HIDDEN, HIDDEN, 0.0), strict=True)
    )
    weights = train(training, validation, seed)
    with_shortcut = [number for number, places in enumerate(test.places) if len(places)]
    texts = [test.reviews[number] for number in with_shortcut]
    places = [test.places[number] for number in with_shortcut]
    logits = partial(_logits, Attributor(weights, LONGEST))
    scores = logits(texts)
    found = {
        name: precision(scores, [a.contributions for a in method(texts)], places)
        for name, method in methods(weights, LONGEST, logits).items()
    }
    return {"accuracy": float(((scores >= 0) == (test.labels[with_shortcut] == 1)).mean()), "precision": found}


def _logits(attributor: Attributor, reviews: Sequence[Ids]) -> Floats:
    """Returns the logits of a small model, <float64>[reviews], by the NumPy forward pass."""
    scores = np.empty(len(reviews))
    for start in range(0, len(reviews), 64):
        path = attributor.path(reviews[start : start + 64])
        scores[start : start + 64] = path.lstm.logits(path.at(1), path.lengths)
    return scores

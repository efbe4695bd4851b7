"""Small models trained on planted shortcuts, for the proof that contributions find them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.attribution import Attributor
from sentiment.proofs.methods import Floats, Ids, methods
from sentiment.proofs.shortcuts import KINDS, SIZE, Kind, Planted, plant, precision
from sentiment.training.export import weights_of
from sentiment.training.fit import Labelled, fit
from sentiment.training.presets import Preset
from sentiment.weights import Weights

SEEDS = (0, 1, 2)
TRAINING, VALIDATION, TEST = 12_000, 1_000, 1_000  # texts; half of them hold a shortcut

RECIPE = Preset(
    name="shortcut",
    summary="a small bidirectional LSTM with max and mean pooling",
    vocabulary_size=SIZE,
    min_count=1,
    max_length=50,
    train_length=50,
    embedding_size=32,
    embedding_start="random",
    units=32,
    bidirectional=True,
    pooling=("max", "mean"),
    embedding_dropout=0.0,
    dropout=0.0,
    unknown_rate=0.0,
    batch_size=64,
    epochs=8,
    learning_rate=3e-3,
    schedule="cosine",
    weight_decay=0.0,
    average=None,
    patience=8,
)


def prove_shortcuts(
    reviews: Sequence[Ids],
    labels: npt.NDArray[np.int8],
    *,
    seeds: Sequence[int] = SEEDS,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Trains a model for each kind of shortcut and seed, and measures how well every method finds the shortcut.

    Args:
        reviews: encoded reviews that lend the texts, ``TRAINING + VALIDATION + TEST`` of them.
        labels: <int8>[reviews]
        seeds: of planting and training.
        say: told about each model as its training begins.

    Returns:
        ``{"seeds", "kinds": [{"kind", "accuracy", "methods": [{"name", "precision"}]}]}``; accuracy is on unseen texts
        with a shortcut, both are means over seeds.
    """
    kinds = []
    for kind in KINDS:
        accuracies, found = [], []
        for seed in seeds:
            say(f"shortcuts: {kind}, seed {seed}")
            accuracy, precisions = _prove_one(kind, reviews, labels, seed)
            accuracies.append(accuracy)
            found.append(precisions)
        rows = [{"name": name, "precision": float(np.mean([each[name] for each in found]))} for name in found[0]]
        kinds.append({"kind": kind, "accuracy": float(np.mean(accuracies)), "methods": rows})
    return {"seeds": len(seeds), "kinds": kinds}


def train(training: Planted, validation: Planted, seed: int) -> Weights:
    """A small model that has learned the shortcut."""
    with tempfile.TemporaryDirectory() as folder:
        network, _ = fit(
            RECIPE,
            SIZE,
            None,
            Labelled(training.reviews, training.labels),
            Labelled(validation.reviews, validation.labels),
            Path(folder),
            seed=seed,
            settings="",
        )
    return weights_of(network, RECIPE.pooling)


def _prove_one(
    kind: Kind, reviews: Sequence[Ids], labels: npt.NDArray[np.int8], seed: int
) -> tuple[float, dict[str, float]]:
    """The accuracy of one model on texts with a shortcut, and each method's precision."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(reviews))
    parts = np.split(order, [TRAINING, TRAINING + VALIDATION])
    training, validation, test = (plant(kind, [reviews[i] for i in part], labels[part], rng) for part in parts)
    weights = train(training, validation, seed)
    with_shortcut = [number for number, places in enumerate(test.places) if len(places)]
    texts = [test.reviews[number] for number in with_shortcut]
    places = [test.places[number] for number in with_shortcut]
    logits = partial(_logits, Attributor(weights, RECIPE.max_length))
    scores = logits(texts)
    found = {
        name: precision(scores, [a.contributions for a in method(texts)], places)
        for name, method in methods(weights, RECIPE.max_length, logits).items()
    }
    return float(((scores >= 0) == (test.labels[with_shortcut] == 1)).mean()), found


def _logits(attributor: Attributor, reviews: Sequence[Ids]) -> Floats:
    """The small model's scores, by the NumPy pass."""
    scores = np.empty(len(reviews))
    for start in range(0, len(reviews), 64):
        path = attributor.path(reviews[start : start + 64])
        scores[start : start + 64] = path.lstm.logits(path.at(1), path.lengths)
    return scores

"""K-fold cross-validation, for data so small that a single split is unreliable."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import pandas as pd

from sentiment.evaluation.predictions import predict
from sentiment.presets import Preset
from sentiment.text.preprocessor import Preprocessor
from sentiment.training.batches import ScoringBatches, TrainingBatches
from sentiment.training.callbacks import PullToStart
from sentiment.training.examples import Examples, Ids
from sentiment.training.fit import fit

FOLDS = 5
SMALL = 100  # reviews of a class, below which data is cross-validated


def is_small(labels: npt.NDArray[np.floating]) -> bool:
    """Returns whether a class has few reviews, but at least one for each fold; ``labels`` are 0 or 1."""
    return FOLDS <= min(int((labels == label).sum()) for label in (0, 1)) < SMALL


def cross_validated(
    preset: Preset,
    build: Callable[[], keras.Model],
    examples: Examples,
    reviews: pd.DataFrame,
    preprocessor: Preprocessor,
    seed: int,
    *,
    pulled: bool,
) -> pd.DataFrame:
    """Returns a predictions table of out-of-fold logits.

    Every network is trained for all epochs of the recipe, because early stopping would use the held-out reviews.

    Args:
        preset: the recipe.
        build: returns a network with its initial weights.
        examples: the encoded reviews with labels.
        reviews: the same reviews, in the form that ``predictions.predict`` expects.
        preprocessor: the run's preprocessor.
        seed: of the folds and batches.
        pulled: whether the weights are pulled towards the initial ones, as in fine-tuning.
    """
    logits = np.zeros(len(examples.ids), np.float32)
    order = np.random.default_rng(seed).permutation(len(logits))
    order = order[np.argsort(examples.targets[order], kind="stable")]  # stratifies the folds
    for fold in range(FOLDS):
        held_out = order[fold::FOLDS]
        rest = np.setdiff1d(order, held_out)
        network = build()
        _train(preset, network, _rows(examples, rest), _rows(examples, held_out), seed, pulled=pulled)
        logits[held_out] = _logits(network, [examples.ids[row][: preset.max_length] for row in held_out])
    table = predict(lambda ids: np.zeros(len(ids), np.float32), preprocessor, reviews, "cross-validation")
    return table.assign(logit=logits)


def _train(
    preset: Preset, network: keras.Model, examples: Examples, held_out: Examples, seed: int, *, pulled: bool
) -> None:
    batches = TrainingBatches(
        examples.ids,
        examples.targets,
        batch_size=preset.batch_size,
        length=preset.train_length,
        unknown_rate=preset.unknown_rate,
        seed=seed,
    )
    with tempfile.TemporaryDirectory() as folder:
        whole = dataclasses.replace(preset, patience=None)
        more = [PullToStart(network)] if pulled else []
        fit(whole, network, batches, held_out, Path(folder), settings="", more=more)


def _rows(examples: Examples, rows: npt.NDArray[np.intp]) -> Examples:
    return Examples([examples.ids[row] for row in rows], examples.targets[rows])


def _logits(network: keras.Model, reviews: list[Ids]) -> npt.NDArray[np.float64]:
    """Returns the logits of reviews, in their order."""
    order = np.argsort([len(review) for review in reviews], kind="stable")  # that of ScoringBatches
    batches = ScoringBatches(reviews, np.zeros(len(reviews), np.float32))
    probabilities = np.concatenate([network.predict_on_batch(ids)[:, 0] for ids, _ in batches]).astype(np.float64)
    probabilities = probabilities.clip(1e-7, 1 - 1e-7)
    logits = np.empty(len(reviews))
    logits[order] = np.log(probabilities / (1 - probabilities))
    return logits

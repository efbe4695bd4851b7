"""Benchmark of one training epoch: our loop over batches of similar length, and Keras' ``fit`` over padded ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dev.benchmarking.measuring import OURS, MissingError, Sides
from dev.benchmarking.setting import Setting

BATCH = 64  # reviews in a step


def ours_against_fit(setting: Setting) -> Sides:
    """Compares training from random weights on the same reviews, each in its own process. Seconds per epoch."""
    peers = setting.keras()
    reviews = _sample(setting)
    ours, theirs = peers["the run's layers"], peers["Keras' own layers"]
    return {
        OURS: lambda: ours.ask("train", reviews=reviews),
        "fit": lambda: theirs.ask("train", reviews=reviews),
    }


def _sample(setting: Setting) -> Path:
    """Writes a NumPy archive: ``ids`` <int32>[all tokens], ``ends`` <int64>[reviews], ``labels`` <int8>[reviews]."""
    frame = setting.data.train.head(BATCH * setting.sizes.batches)
    encoded = [setting.classifier.preprocessor.ids(text)[0] for text in frame["text"]]
    kept = [(ids, label) for ids, label in zip(encoded, frame["label"], strict=True) if len(ids)]
    if not kept:
        raise MissingError("The training part of the data has no words.")
    path = setting.folder / "training.npz"
    ids = [ids for ids, _ in kept]
    labels = np.array([label for _, label in kept], np.int8)
    np.savez(path, ids=np.concatenate(ids), ends=np.cumsum([len(one) for one in ids]), labels=labels)
    return path

"""Trainings of seconds, on made-up reviews. Only ``train_run`` imports TensorFlow."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sentiment import Classifier
from sentiment.artifacts import open_run
from sentiment.dataset import Dataset, load
from sentiment.presets import BILSTM, DISTILLED, LSTM, Preset
from sentiment.tables.reading import Reading
from sentiment.training.job import Job

SMALL = {
    "embedding_size": 8, "units": 6, "batch_size": 16, "epochs": 3, "patience": 3, "min_count": 1,
    "learning_rate": 0.02, "train_length": 12, "max_length": 20,
}  # fmt: skip
TINY = dataclasses.replace(BILSTM, **SMALL)
TINY_LSTM = dataclasses.replace(LSTM, **SMALL)
CONTINUED = dataclasses.replace(
    DISTILLED,
    **SMALL | {"patience": None},
    continues=dataclasses.replace(DISTILLED.continues, epoch_examples=100),
)
FILLER = [
    "the", "a", "film", "story", "actor", "scene", "we", "saw", "it", "was", "on", "tuesday", "and", "then", "they",
    "left",
]  # fmt: skip
OPINIONS = {"positive": ["splendid", "moving", "fun"], "negative": ["dreadful", "tedious", "limp"]}
COLUMNS = {"text_column": "comment", "label_column": "verdict"}


def labelled_csv(path: Path) -> Path:
    """Writes 400 reviews, each with one word of opinion.

    All are at least as long as a crop, so training batches have one shape. TensorFlow traces each shape for seconds.
    """
    rng = np.random.default_rng(3)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS.values())
        for i in range(400):
            label = "positive" if i % 2 else "negative"
            words = list(rng.choice(FILLER, rng.integers(10, 16)))
            opinion = rng.choice(OPINIONS[label])
            words.insert(int(rng.integers(len(words) + 1)), opinion)
            writer.writerow([f"{' '.join(words)} {i}", label])
    return path


def load_reviews(folder: Path) -> Dataset:
    """The reviews of ``labelled_csv``, split."""
    return load(labelled_csv(folder / "own.csv"), Reading(**COLUMNS))


def train_run(
    reviews: Dataset,
    output: Path,
    preset: Preset = TINY,
    *,
    seed: int = 1,
    split_seed: int = 0,
    start: Path | None = None,
    tensorboard: bool = False,
) -> Path:
    """Trains a run; returns its folder."""
    from sentiment.training.run import train

    command = "python scripts/train.py ..."
    continued = open_run(start) if start else None
    return train(Job(preset, reviews, output, seed, split_seed, command, continued, tensorboard=tensorboard))


def history(folder: Path) -> list[dict[str, str]]:
    """The rows of ``history.csv`` without the time that they took."""
    with (folder / "history.csv").open(encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def logits(folder: Path, texts: Sequence[str]) -> np.ndarray:
    return np.array([p.logit for p in Classifier.load(folder).predict(texts)])


def accuracy(folder: Path, reviews: Dataset) -> float:
    """The accuracy of a run on the test reviews."""
    return float(((logits(folder, list(reviews.test["text"])) > 0) == reviews.test["label"]).mean())

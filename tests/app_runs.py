"""Complete runs for the tests of the app: a tiny model with all files that training and evaluation write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sentiment.artifacts import write_json, write_manifest
from sentiment.dataset import Dataset, Removed, Source
from sentiment.dataset.summary import summarise
from sentiment.evaluation.predictions import summary
from sentiment.model.decision import DecisionRule
from tests.tiny import WORDS, tiny_run

RULE = DecisionRule(1.5)
CIRCUMSTANCES = {  # of a proof, as dev/proofs records them
    "run": "tiny",
    "model": "0123456789abcdef",
    "date": "2026-01-02",
    "cores": 2,
    "processor": "a processor",
}


def predictions(splits: tuple[str, ...], n: int = 400, seed: int = 0) -> pd.DataFrame:
    """Returns made-up predictions for ``n`` reviews of each split, most of them right."""
    rng = np.random.default_rng(seed)
    total = n * len(splits)
    label = rng.integers(0, 2, total).astype("int8")
    return pd.DataFrame(
        {
            "split": np.repeat(splits, n),
            "fingerprint": [f"{i:016x}" for i in range(total)],
            "film": [f"tt{i % 40:07d}" for i in range(total)],
            "label": label,
            "rating": np.where(label == 1, rng.integers(7, 11, total), rng.integers(1, 5, total)).astype("int8"),
            "length": rng.integers(20, 900, total).astype("int32"),
            "unknown_rate": rng.uniform(0, 0.15, total).astype("float32"),
            "truncated": rng.random(total) < 0.1,
            "negation": rng.random(total) < 0.6,
            "contrast": rng.random(total) < 0.5,
            "logit": (rng.normal(2.0, 1.5, total) * np.where(label == 1, 1, -1)).astype("float32"),
        }
    )


def history(epochs: int = 4) -> pd.DataFrame:
    """Returns a made-up ``history.csv``; the third epoch has the lowest validation loss."""
    epoch = np.arange(1, epochs + 1)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "loss": 0.6 / epoch,
            "accuracy": 1 - 0.3 / epoch,
            "val_loss": 0.4 + 0.05 * np.abs(epoch - 3),
            "val_accuracy": 0.85 - 0.01 * np.abs(epoch - 3),
            "learning_rate": 1e-3 / epoch,
            "seconds": 60.0 * epoch,
        }
    )


def steps(epochs: int = 4, per_epoch: int = 20) -> pd.DataFrame:
    """Returns a made-up ``steps.csv`` of epochs that take a minute each."""
    step = np.arange(1, epochs * per_epoch + 1)
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "step": step,
            "epoch": (step - 1) // per_epoch + 1,
            "loss": 0.7 * np.exp(-step / 40) + rng.uniform(0, 0.1, len(step)),
            "accuracy": 1 - 0.4 * np.exp(-step / 40),
            "learning_rate": 1e-3 * (1 - step / len(step)) + 1e-6,
            "seconds": 60.0 * step / per_epoch,
        }
    )


def full_run(folder: Path, *, seed: int = 0, max_length: int = 50) -> Path:
    """Writes a verified run with histories, predictions, figures and a model card."""
    tiny_run(folder, seed=seed, max_length=max_length)
    trained, tested = predictions(("train", "validation"), seed=seed), predictions(("test",), seed=seed + 1)
    trained.to_parquet(folder / "predictions.parquet")
    tested.to_parquet(folder / "test_predictions.parquet")
    history().to_csv(folder / "history.csv", index=False)
    steps().to_csv(folder / "steps.csv", index=False)
    figures = {split: summary(trained[trained["split"] == split], RULE) for split in ("train", "validation")}
    write_json(folder / "metrics.json", figures)
    test = {"data": {"form": "parquet"}, "test": summary(tested, RULE), "date": "2026-01-02", "versions": {}}
    write_json(folder / "test.json", test)
    write_json(
        folder / "metadata.json", {"preset": "tiny", "seed": seed, "options": {"epochs": 4}, "training_seconds": 240}
    )
    write_json(folder / "explanations.json", proofs())
    write_json(folder / "words.json", word_contributions())
    counts().to_parquet(folder / "word_counts.parquet")
    write_json(folder / "dataset.json", dataset_facts())
    (folder / "README.md").write_text("# A tiny model\n\nIt knows a dozen words.\n", encoding="utf-8")
    write_manifest(folder)
    return folder


def counts() -> pd.DataFrame:
    """Returns a made-up ``word_counts.parquet``."""
    rng = np.random.default_rng(2)
    columns = {
        "token": list(WORDS),
        "positive": rng.integers(1, 900, len(WORDS)),
        "negative": rng.integers(1, 900, len(WORDS)),
    }
    return pd.DataFrame(columns)


def dataset_facts() -> dict[str, Any]:
    """Returns the ``dataset.json`` of two dozen made-up reviews."""

    def split(n: int, start: int) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "text": [f"the film {start + i} is " + ("good " * (i + 1) if i % 2 else "bad ") for i in range(n)],
                "label": np.array([i % 2 for i in range(n)], np.int8),
                "rating": np.array([9 if i % 2 else 2 for i in range(n)], np.int8),
                "film": [f"tt{start + i:07d}" for i in range(n)],
                "fingerprint": [f"{start + i:016x}" for i in range(n)],
            }
        )

    train, validation, test = split(12, 0), split(4, 20), split(6, 30)
    source = Source("CSV", "0" * 64, "drawn", "by film", Removed(repeats=3, train_in_test=1))
    dataset = Dataset(train, validation, test, train.head(0), source)
    lengths = {"train": [5 + i for i in range(12)], "validation": [8] * 4}
    return summarise(dataset, lengths, counts(), 50)


def dataset_of(texts: list[str]) -> Dataset:
    """Returns a data set with these texts, all labelled negative, in each of its splits."""
    zeros = np.zeros(len(texts), np.int8)
    fingerprints = [f"{i:016x}" for i in range(len(texts))]
    frame = pd.DataFrame({"text": texts, "label": zeros, "rating": zeros, "film": "", "fingerprint": fingerprints})
    return Dataset(frame, frame, frame, frame.head(0), Source("CSV", "0" * 64, "drawn", "by text", Removed()))


def word_contributions() -> dict[str, Any]:
    """Returns a ``words.json`` with made-up numbers."""
    rows = [("good", 60, 0.5), ("great", 20, 0.25), ("film", 90, -0.01), ("bad", 40, -0.625)]
    return {
        "date": "2026-01-02",
        "reviews": {"validation": 40, "test": 400},
        "tokens": 210,
        "words": [{"word": word, "count": count, "mean": mean} for word, count, mean in rows],
    }


def proofs() -> dict[str, Any]:
    """Returns an ``explanations.json`` with made-up numbers."""
    measure = {"mean": 0.4, "interval": [0.3, 0.5]}
    names = ("ours", "random")
    reached = {"gap": 0.02, "reached": {"n": 10, "within": 0.1, "mean": 0.9999, "least": 0.999}}
    both = [{"name": name, "comprehensiveness": measure, "sufficiency": measure} for name in names]

    def each(**figures: Any) -> list[dict[str, Any]]:
        return [{"name": name, **figures} for name in names]

    return {
        "method": "ours",
        "baseline": "unknown words",
        "date": "2026-01-02",
        "forward": {"n": 10, "largest": 1e-6},
        "completeness": {"n": 10, "median": 1e-7, "largest": 2e-6},
        "dummy": {"n": 10, "largest": 0.0},
        "limit": {"n": 10, "segments": 64, "points": 256, "mean": 0.9999, "least": 0.999, **reached},
        "stability": {"n": 10, "segments": 16, "mean": 0.98, "least": 0.9},
        "shapley": {"n": 5, "longest": 12, "methods": each(mean=0.97, interval=[0.95, 0.98])},
        "erasure": {"n": 10, "bins": [0.1], "ways": [{"way": "deletion", "methods": both, "better_than": both[1:]}]},
        "hybrids": {"n": 10, "methods": each(share=0.9, interval=[0.8, 0.95])},
        "random_weights": {"n": 10, "mean": 0.05},
        "gaps": {"n": 10, "methods": each(largest=0.5)},
        "time": {"tokens": 400, "methods": each(milliseconds=20.0)},
        "choice": {"n": 5, "way": "deletion", "methods": [{**row, "milliseconds": 9.0} for row in both]},
        "shortcuts": {
            "seeds": 3,
            "kinds": [{"kind": "rare token", "accuracy": 1.0, "methods": each(precision=0.995)}],
        },
    }


def unfinished_run(folder: Path) -> Path:
    """Writes a folder as training leaves it in its third epoch; the last line of ``steps.csv`` is half written."""
    folder.mkdir(parents=True)
    history(2).to_csv(folder / "history.csv", index=False)
    steps(3).head(50).to_csv(folder / "steps.csv", index=False)
    with (folder / "steps.csv").open("a", encoding="utf-8") as file:
        file.write("51,3,0.1")
    return folder


def all_runs(root: Path) -> Path:
    """Writes a folder of runs: two complete ones, of which the first is the default, and one in progress."""
    full_run(root / "tiny")
    full_run(root / "other", seed=3, max_length=20)
    unfinished_run(root / "young")
    (root / "default").write_text("tiny\n", encoding="utf-8")
    return root

"""The setting of all measurements: a run, real reviews, sizes, and peer processes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import pandas as pd

from dev.benchmarking.measuring import MissingError
from dev.benchmarking.peers import Peer, require
from sentiment.artifacts import Run
from sentiment.dataset import Dataset
from sentiment.model.classifier import Classifier
from sentiment.model.lookup_session import load_bulk
from sentiment.text.vocabulary import PAD

LENGTH = 400  # tokens of the single review, and length to which peers pad or truncate

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The sizes of the measurements.

    Attributes:
        warmups: rounds that are not counted.
        repeats: rounds of short work.
        long_repeats: rounds of work that takes many seconds.
        calls: calls timed together, for work that takes milliseconds.
        reviews: rows of the file, and reviews for the model alone.
        padded: reviews for Keras; a part is enough, because padded reviews all take the same time.
        vader: rows of the file for VADER, which is slow.
        tfidf: maximum number of training reviews for TF-IDF.
        points: points of integrated gradients.
        batches: training steps of an epoch.
        matrix: rows and columns of the matrix product.
        growth: rows of the small and of the large file.
    """

    warmups: int = 1
    repeats: int = 7
    long_repeats: int = 3
    calls: int = 20
    reviews: int = 10_000
    padded: int = 2_560
    vader: int = 1_000
    tfidf: int = 25_000
    points: int = 50
    batches: int = 32
    matrix: int = 2_048
    growth: tuple[int, int] = (25_000, 1_000_000)


QUICK = Sizes(
    warmups=0, repeats=2, long_repeats=1, calls=1, reviews=20, padded=10, vader=10, tfidf=200, points=4, batches=2,
    matrix=64, growth=(40, 80),
)  # fmt: skip


@dataclass(eq=False)
class Setting(AbstractContextManager["Setting"]):
    """One run on one set of reviews; closing it ends the peer processes.

    Attributes:
        run: the run that is measured.
        data: the reviews.
        sizes: the sizes of the measurements.
        folder: for temporary files.
    """

    run: Run
    data: Dataset
    sizes: Sizes
    folder: Path
    _peers: dict[tuple[object, ...], Peer] = field(default_factory=dict)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for peer in self._peers.values():
            peer.close(patience=30 if error is None else 0)

    @cached_property
    def classifier(self) -> Classifier:
        """The run's classifier."""
        return Classifier.load(self.run.path)

    @cached_property
    def bulk_classifier(self) -> Classifier:
        """The run's classifier for files."""
        return load_bulk(self.run.path)

    @cached_property
    def fast_classifier(self) -> Classifier:
        """The run's classifier for files, in int8 arithmetic."""
        return load_bulk(self.run.path, fast=True)

    @cached_property
    def texts(self) -> list[str]:
        """The first test reviews, which are as good as random, because the table is sorted by fingerprint."""
        return self.data.test["text"].head(self.sizes.reviews).tolist()

    @cached_property
    def ids(self) -> list[Ids]:
        """The encoded texts, without empty ones."""
        return [ids for ids, _ in map(self.classifier.preprocessor.ids, self.texts) if len(ids)]

    @cached_property
    def review(self) -> str:
        """A text of exactly ``LENGTH`` tokens, made of whole reviews except the last."""
        text = ""
        for part in cycle(self.texts):
            text += part + " "
            tokens = self.classifier.preprocessor.tokens(text, LENGTH)
            if len(tokens) == LENGTH:
                return text[: tokens[LENGTH - 1].end]
        raise AssertionError("a cycle of reviews does not end")

    def file(self, rows: int) -> Path:
        """Returns a CSV file of the first texts, which is written once."""
        path = self.folder / f"{rows}.csv"
        if not path.exists():
            pd.DataFrame({"review": self.texts[:rows]}).to_csv(path, index=False)
        return path

    @cached_property
    def padded_review(self) -> Path:
        """A NumPy file of <int32>[1, LENGTH], the single review."""
        return self._padded("review.npy", [self.classifier.preprocessor.ids(self.review)[0]])

    @cached_property
    def padded_reviews(self) -> Path:
        """A NumPy file of <int32>[padded, LENGTH], the first ``ids``, truncated and padded as usual for Keras."""
        return self._padded("reviews.npy", self.ids[: self.sizes.padded])

    def keras(self) -> dict[str, Peer]:
        """Starts TensorFlow with the run's weights, in Keras' own layers and in the run's; returns both by name.

        Raises:
            MissingError: TensorFlow or the Keras model is missing.
        """
        require("tensorflow", "TensorFlow", "train")
        if not self.run.has("model.keras"):
            raise MissingError(f"Model {self.run.name} has no model.keras.")
        module = "dev.benchmarking.keras_peer"
        return {
            f"{name} layers": self._peer(module, self.run.path, kind)
            for name, kind in {"Keras' own": "stock", "the run's": "run"}.items()
        }

    def classical(self, library: str, package: str) -> Peer:
        """Starts TF-IDF with logistic regression, or VADER.

        Raises:
            MissingError: the library is not installed.
        """
        require(library, package, "benchmark")
        path = self.folder / "train.parquet"
        if not path.exists():
            self.data.train[["text", "label"]].head(self.sizes.tfidf).to_parquet(path)
        return self._peer("dev.benchmarking.classical", library, path)

    def _padded(self, name: str, reviews: Sequence[Ids]) -> Path:
        ids = np.full((len(reviews), LENGTH), PAD, np.int32)
        for row, review in zip(ids, reviews, strict=True):
            row[: len(review)] = review[:LENGTH]
        np.save(self.folder / name, ids)
        return self.folder / name

    def _peer(self, module: str, *arguments: object) -> Peer:
        key = (module, *arguments)
        if key not in self._peers:
            self._peers[key] = Peer(module, *arguments)
        return self._peers[key]

"""The rows of the benchmark, with their targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dev.benchmarking import arithmetic, epoch, files, growth, one_review, processes
from dev.benchmarking.measuring import Sides
from dev.benchmarking.setting import Setting

Unit = Literal["ms", "s", "MB", "reviews/s", "GFLOP/s"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A row of the benchmark.

    Attributes:
        name: what ``--only`` calls it.
        what: the work of our side.
        against: the work that it is compared with.
        unit: of the measurements.
        sides: makes the sides, including ours.
        at_least: the target for the ratio; None if the row has no target.
        goal: a more ambitious target.
        rounds: short work is repeated more often than long work; ``once`` has no warm-up.
    """

    name: str
    what: str
    against: str
    unit: Unit
    sides: Callable[[Setting], Sides]
    at_least: float | None = None
    goal: float | None = None
    rounds: Literal["short", "long", "once"] = "short"


_REVIEW = "one 400-token review, text to score"
_FILE = "file to file, real reviews"
_PREDICT = "keras.predict, same weights, ready ids"
_PADDED = "keras.predict padded to 400, model alone"
_TFIDF = "TF-IDF (1,2) with logistic regression, file to file, all cores"

BENCHMARKS = (
    Benchmark(
        name="score", what=_REVIEW, against=_PREDICT, unit="ms", sides=one_review.score_against_keras, at_least=20
    ),
    Benchmark(
        name="overhead",
        what=_REVIEW,
        against="a bare ONNX Runtime call on ready ids",
        unit="ms",
        sides=one_review.score_against_onnx,
        at_least=1 / 1.3,
        goal=1 / 1.1,
    ),
    Benchmark(
        name="explanation",
        what=f"{_REVIEW} and contributions",
        against=f"{_PREDICT}, score alone",
        unit="ms",
        sides=one_review.explanation_against_keras_score,
        at_least=1.2,
        goal=3,
    ),
    Benchmark(
        name="contributions",
        what="contributions of 400 tokens",
        against="integrated gradients, 50 points, TensorFlow, same weights",
        unit="ms",
        sides=one_review.contributions_against_integrated_gradients,
        at_least=40,
        goal=100,
    ),
    Benchmark(
        name="file",
        what=_FILE,
        against=_PADDED,
        unit="reviews/s",
        sides=files.float32_against_keras,
        at_least=2.2,
        goal=3,
        rounds="long",
    ),
    Benchmark(
        name="fast-file",
        what=f"{_FILE}, --fast",
        against=_PADDED,
        unit="reviews/s",
        sides=files.fast_against_keras,
        at_least=4,
        goal=6,
        rounds="long",
    ),
    Benchmark(
        name="fast-tfidf",
        what=f"{_FILE}, --fast",
        against=_TFIDF,
        unit="reviews/s",
        sides=files.fast_against_tfidf,
        at_least=0.6,
        goal=1,
        rounds="long",
    ),
    Benchmark(
        name="tfidf", what=_FILE, against=_TFIDF, unit="reviews/s", sides=files.float32_against_tfidf, rounds="long"
    ),
    Benchmark(
        name="vader",
        what=_FILE,
        against="VADER, file to file, all cores",
        unit="reviews/s",
        sides=files.float32_against_vader,
        rounds="long",
    ),
    Benchmark(
        name="arithmetic",
        what="model alone, arithmetic of real tokens only",
        against="float32 matrix product of this machine",
        unit="GFLOP/s",
        sides=arithmetic.float32_against_matrix_product,
        at_least=1.0,
        rounds="long",
    ),
    Benchmark(
        name="fast-arithmetic",
        what="model alone, arithmetic of real tokens only, --fast",
        against="float32 matrix product of this machine",
        unit="GFLOP/s",
        sides=arithmetic.fast_against_matrix_product,
        at_least=1.8,
        goal=2.5,
        rounds="long",
    ),
    Benchmark(
        name="start",
        what="start of a process to the first scored review",
        against="import tensorflow alone",
        unit="s",
        sides=processes.start_against_import,
        at_least=6,
        goal=10,
        rounds="long",
    ),
    Benchmark(
        name="memory",
        what="memory of the serving app, model loaded, idle",
        against="a process that imported TensorFlow",
        unit="MB",
        sides=processes.memory_against_import,
        at_least=2,
        goal=3,
        rounds="long",
    ),
    Benchmark(
        name="training",
        what="training, one epoch of the same layers",
        against="plain Keras fit, padded to 400, batch 64",
        unit="s",
        sides=epoch.ours_against_fit,
        at_least=2,
        goal=3,
        rounds="long",
    ),
)
GROWTH = (
    Benchmark(
        name="growth-rate",
        what="a large file of distinct rows",
        against="a small one",
        unit="reviews/s",
        sides=growth.rate,
        at_least=0.9,
        rounds="once",
    ),
    Benchmark(
        name="growth-memory",
        what="peak memory, a large file of distinct rows",
        against="a small one",
        unit="MB",
        sides=growth.memory,
        at_least=0.9,
        rounds="once",
    ),
)

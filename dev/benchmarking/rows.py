"""The table of benchmarks with their targets, and the run that fills it."""

from __future__ import annotations

import datetime
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from dev.benchmarking import arithmetic, epoch, files, growth, one_review, processes
from dev.benchmarking.measuring import MissingError, Sides, alternate, compare
from dev.benchmarking.profile import profile
from dev.benchmarking.setting import Setting, Sizes
from sentiment.artifacts import Run, sha256
from sentiment.dataset import Dataset
from sentiment.system import processor_name

PACKAGES = ("numpy", "onnxruntime", "pyarrow", "streamlit", "tensorflow", "keras", "scikit-learn", "vaderSentiment")

Unit = Literal["ms", "s", "MB", "reviews/s", "GFLOP/s"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A row of the table.

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
        name="score", what=_REVIEW, against=_PREDICT, unit="ms", sides=one_review.score_beside_keras, at_least=20
    ),
    Benchmark(
        name="overhead",
        what=_REVIEW,
        against="a bare ONNX Runtime call on ready ids",
        unit="ms",
        sides=one_review.score_beside_onnx,
        at_least=1 / 1.3,
        goal=1 / 1.1,
    ),
    Benchmark(
        name="explanation",
        what=f"{_REVIEW} and contributions",
        against=f"{_PREDICT}, score alone",
        unit="ms",
        sides=one_review.explanation_beside_keras_score,
        at_least=1.2,
        goal=3,
    ),
    Benchmark(
        name="contributions",
        what="contributions of 400 tokens",
        against="integrated gradients, 50 points, TensorFlow, same weights",
        unit="ms",
        sides=one_review.contributions_beside_integrated_gradients,
        at_least=40,
        goal=100,
    ),
    Benchmark(
        name="file",
        what=_FILE,
        against=_PADDED,
        unit="reviews/s",
        sides=files.float32_beside_keras,
        at_least=2.2,
        goal=3,
        rounds="long",
    ),
    Benchmark(
        name="fast-file",
        what=f"{_FILE}, --fast",
        against=_PADDED,
        unit="reviews/s",
        sides=files.fast_beside_keras,
        at_least=4,
        goal=6,
        rounds="long",
    ),
    Benchmark(
        name="fast-tfidf",
        what=f"{_FILE}, --fast",
        against=_TFIDF,
        unit="reviews/s",
        sides=files.fast_beside_tfidf,
        at_least=0.6,
        goal=1,
        rounds="long",
    ),
    Benchmark(
        name="tfidf", what=_FILE, against=_TFIDF, unit="reviews/s", sides=files.float32_beside_tfidf, rounds="long"
    ),
    Benchmark(
        name="vader",
        what=_FILE,
        against="VADER, file to file, all cores",
        unit="reviews/s",
        sides=files.float32_beside_vader,
        rounds="long",
    ),
    Benchmark(
        name="arithmetic",
        what="model alone, arithmetic of real tokens only",
        against="float32 matrix product of this machine",
        unit="GFLOP/s",
        sides=arithmetic.float32_beside_matrix_product,
        at_least=1.0,
        rounds="long",
    ),
    Benchmark(
        name="fast-arithmetic",
        what="model alone, arithmetic of real tokens only, --fast",
        against="float32 matrix product of this machine",
        unit="GFLOP/s",
        sides=arithmetic.fast_beside_matrix_product,
        at_least=1.8,
        goal=2.5,
        rounds="long",
    ),
    Benchmark(
        name="start",
        what="start of a process to the first scored review",
        against="import tensorflow alone",
        unit="s",
        sides=processes.start_beside_import,
        at_least=6,
        goal=10,
        rounds="long",
    ),
    Benchmark(
        name="memory",
        what="memory of the serving app, model loaded, idle",
        against="a process that imported TensorFlow",
        unit="MB",
        sides=processes.memory_beside_import,
        at_least=2,
        goal=3,
        rounds="long",
    ),
    Benchmark(
        name="training",
        what="training, one epoch of the same layers",
        against="plain Keras fit, padded to 400, batch 64",
        unit="s",
        sides=epoch.ours_beside_fit,
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


def measure(
    run: Run,
    data: Dataset,
    sizes: Sizes,
    benchmarks: Sequence[Benchmark] = BENCHMARKS,
    report: Callable[[str], None] = lambda name: None,
    *,
    profiled: bool = False,
) -> dict[str, Any]:
    """Measures rows and returns the content of the JSON; a row that cannot be measured has the reason.

    Args:
        run: the run that is measured.
        data: the reviews; the result contains no text of them.
        sizes: the sizes of the measurements.
        benchmarks: the rows.
        report: called with the name of each row before it is measured.
        profiled: whether to profile the scoring of a file too.
    """
    rows = []
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, Setting(run, data, sizes, Path(folder)) as setting:
        for benchmark in benchmarks:
            report(benchmark.name)
            rows.append(_row(benchmark, setting))
        found = {
            "rows": rows,
            "fast": files.effect_of_fast(setting) if any(row["name"].startswith("fast") for row in rows) else None,
            "profiles": [profile(setting, fast=fast) for fast in (False, True)] if profiled else [],
            "reviews": len(setting.texts),
            "tokens": sum(map(len, setting.ids)),
        }
    return found | {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "run": {"name": run.name, "model_sha256": sha256(run.file("model.onnx"))},
        "data": {"form": data.source.form, "sha256": data.source.sha256},
        "sizes": asdict(sizes),
        "machine": {"processor": processor_name(), "cores": os.cpu_count(), "system": platform.system()},
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
    }


def _row(benchmark: Benchmark, setting: Setting) -> dict[str, Any]:
    sizes = setting.sizes
    row = {key: getattr(benchmark, key) for key in ("name", "what", "against", "unit", "at_least", "goal")}
    repeats = {"short": sizes.repeats, "long": sizes.long_repeats, "once": 1}[benchmark.rounds]
    warmups = 0 if benchmark.rounds == "once" else sizes.warmups
    try:
        found = alternate(benchmark.sides(setting), warmups=warmups, repeats=repeats)
    except MissingError as missing:
        return row | {"missing": str(missing)}
    return row | compare(found, more_is_better=benchmark.unit.endswith("/s"))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

"""Measures rows of the benchmark and collects the results, as they are written to JSON."""

from __future__ import annotations

import datetime
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dev.benchmarking.files import effect_of_fast
from dev.benchmarking.measuring import MissingError, alternate, compare
from dev.benchmarking.profile import profile
from dev.benchmarking.rows import BENCHMARKS, Benchmark
from dev.benchmarking.setting import Setting, Sizes
from sentiment.artifacts import Run, sha256
from sentiment.dataset import Dataset
from sentiment.system import processor_name

_PACKAGES = ("numpy", "onnxruntime", "pyarrow", "streamlit", "tensorflow", "keras", "scikit-learn", "vaderSentiment")


def measure(
    run: Run,
    data: Dataset,
    sizes: Sizes,
    benchmarks: Sequence[Benchmark] = BENCHMARKS,
    report: Callable[[str], None] = lambda name: None,
    *,
    profiled: bool = False,
) -> dict[str, Any]:
    """Returns the results; a row that cannot be measured has the reason.

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
            "fast": effect_of_fast(setting) if any(row["name"].startswith("fast") for row in rows) else None,
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
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES},
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

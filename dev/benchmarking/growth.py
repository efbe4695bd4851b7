"""Benchmarks of large files against small ones: time must grow linearly, memory not at all."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from functools import cache
from itertools import cycle, islice
from pathlib import Path

from dev.benchmarking.measuring import OURS, Sides
from dev.benchmarking.peers import require_proc
from dev.benchmarking.setting import Setting
from dev.system import wait_for_peak
from sentiment.paths import HOME


def rate(setting: Setting) -> Sides:
    """Compares the rate on a large and a small file, by the program's own clock. Reviews per second."""
    small, large = setting.sizes.growth
    return {OURS: lambda: large / _scored(setting, large)[0], _name(small): lambda: small / _scored(setting, small)[0]}


def memory(setting: Setting) -> Sides:
    """Compares the peak resident memory of scoring a large and a small file. Megabytes."""
    require_proc()
    small, large = setting.sizes.growth
    return {OURS: lambda: _scored(setting, large)[1], _name(small): lambda: _scored(setting, small)[1]}


def _name(rows: int) -> str:
    return f"{rows:,} rows"


@cache
def _scored(setting: Setting, rows: int) -> tuple[float, float]:
    """Returns seconds and megabytes of ``score.py`` on a file of distinct rows; cached, because it is slow."""
    source, output = setting.folder / f"growth-{rows}.csv", setting.folder / "grown.csv"
    _write_distinct(setting, rows, source)
    command = [sys.executable, "scripts/score.py", str(source), str(output), "--artifacts", str(setting.run.path)]
    process = subprocess.Popen(command, cwd=HOME, stderr=subprocess.DEVNULL)
    peak = wait_for_peak(process)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    seconds = json.loads(Path(f"{output}.json").read_text(encoding="utf-8"))["seconds"]
    source.unlink()
    output.unlink()
    return seconds, peak


def _write_distinct(setting: Setting, rows: int, path: Path) -> None:
    """Writes the test reviews repeatedly, each with a number, so that no two are equal."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["review"])
        writer.writerows([f"{text} {number}"] for number, text in enumerate(islice(cycle(setting.texts), rows)))

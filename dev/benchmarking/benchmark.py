"""Benchmarks this program against other libraries on this machine.

The results name each library that is not installed; pip install ".[train,benchmark]" installs all of them. They contain
no text of the data.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from dev import command_line
from dev.benchmarking import page
from dev.benchmarking.chart import chart
from dev.benchmarking.results import measure
from dev.benchmarking.rows import BENCHMARKS, GROWTH, Benchmark
from dev.benchmarking.setting import QUICK, Sizes
from sentiment import artifacts, dataset
from sentiment.commands import say
from sentiment.tables.command_line import add_reading_options, reading
from sentiment.tables.errors import FileError


def main() -> int:
    """Measures, and prints and writes the results; returns the exit status."""
    options = _options()
    for path in (options.json, options.page):
        if path and not path.absolute().parent.is_dir():
            raise FileError(f"the folder {path.parent} for {path.name} does not exist; create it.")
    run = artifacts.open_run(options.artifacts)
    data = dataset.load(options.data, reading(options))
    sizes, chosen = QUICK if options.quick else Sizes(), _chosen(options)
    profiled = options.profile or options.only is None
    found = measure(run, data, sizes, chosen, lambda name: say(f"{name} ..."), profiled=profiled)
    if chosen:
        print(page.table_of(found))
    if found["profiles"]:
        print(page.profile_of(found))
    _write(found, options)
    return 0


def _chosen(options: argparse.Namespace) -> list[Benchmark]:
    if options.only is None:
        return [*BENCHMARKS, *GROWTH] if options.growth else [*BENCHMARKS]
    return [each for each in (*BENCHMARKS, *GROWTH) if each.name in options.only]


def _write(found: dict[str, Any], options: argparse.Namespace) -> None:
    if options.json:
        artifacts.write_json(options.json, found)
    if options.page:
        picture = options.page.with_suffix(".svg")
        artifacts.write_atomically(picture, chart(found).encode())
        artifacts.write_atomically(options.page, page.render(found, picture.name).encode())


def _options() -> argparse.Namespace:
    parser = command_line.parser(__doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="reviews in any format of train.py; its test part is scored")
    add("--artifacts", type=Path, metavar="RUN_FOLDER", help="run to use (default: artifacts/default)")
    add("--json", type=Path, metavar="FILE", help="also write all results to this file")
    add("--page", type=Path, metavar="FILE", help="also write a Markdown page, and a chart next to it")
    names = [each.name for each in (*BENCHMARKS, *GROWTH)]
    add("--only", nargs="*", choices=names, metavar="ROW", help=f"only these rows, of {', '.join(names)}")
    add("--profile", action="store_true", help="profile the scoring of a file; included if all rows run")
    add("--growth", action="store_true", help="also score files of 25,000 and 1,000,000 rows; slow, needs 3 GB")
    add("--quick", action="store_true", help="tiny sizes, to test the benchmark itself")
    add_reading_options(parser)
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main)

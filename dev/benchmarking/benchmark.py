"""Benchmarks this program against other libraries on this machine.

Libraries that are not installed are named in the results; pip install ".[train,benchmark]" installs all of them. The
results contain no text of the data.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dev.benchmarking import page
from dev.benchmarking.setting import QUICK, Sizes
from dev.benchmarking.table import BENCHMARKS, GROWTH, measure
from sentiment import artifacts, dataset
from sentiment.artifacts import ArtifactError
from sentiment.dataset import DatasetError
from sentiment.tables.command_line import add_reading_options, reading
from sentiment.tables.errors import FileError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    options = _options(arguments)
    for path in (options.json, options.page):
        if path and not path.absolute().parent.is_dir():
            _say(f"benchmark.py: the folder {path.parent} for {path.name} does not exist; create it.")
            return 2
    chosen = [each for each in (*BENCHMARKS, *GROWTH) if each.name in (options.only or [])]
    if options.only is None:
        chosen = [*BENCHMARKS, *GROWTH] if options.growth else [*BENCHMARKS]
    try:
        run = artifacts.open_run(options.artifacts)
        data = dataset.load(options.data, reading(options))
        sizes = QUICK if options.quick else Sizes()
        profiled = options.profile or options.only is None
        found = measure(run, data, sizes, chosen, lambda name: _say(f"{name} ..."), profiled=profiled)
    except (ArtifactError, DatasetError, FileError) as error:
        _say(f"benchmark.py: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    if chosen:
        print(page.table_of(found))
    if found["profiles"]:
        print(page.profile_of(found))
    try:
        _write(found, options)
    except OSError as error:
        _say(f"benchmark.py: {error.filename or 'a file'} cannot be written: {error.strerror}.")
        return 1
    return 0


def _write(found: dict[str, Any], options: argparse.Namespace) -> None:
    if options.json:
        artifacts.write_json(options.json, found)
    if options.page:
        artifacts.write_atomically(options.page.with_suffix(".svg"), page.chart(found).encode())
        artifacts.write_atomically(options.page, page.render(found, options.page.with_suffix(".svg").name).encode())


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

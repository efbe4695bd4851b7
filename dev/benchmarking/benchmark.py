"""Measures this program beside other ways to the same result, all in one run on this machine.

What is not installed is named in place of its figures: pip install ".[train,benchmark]" brings everything. No text of
the data is part of what comes out.
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; gives the exit status."""
    options = _options(arguments)
    for path in (options.json, options.page):
        if path and not path.absolute().parent.is_dir():
            _say(f"benchmark.py: there is no folder {path.parent} to write {path.name} into.")
            return 2
    chosen = [each for each in (*BENCHMARKS, *GROWTH) if each.name in (options.only or [])]
    if options.only is None:
        chosen = [*BENCHMARKS, *GROWTH] if options.growth else [*BENCHMARKS]
    try:
        run = artifacts.open_run(options.artifacts)
        data = dataset.load(options.data, text_column=options.text_column, label_column=options.label_column)
        sizes = QUICK if options.quick else Sizes()
        profiled = options.profile or options.only is None
        found = measure(run, data, sizes, chosen, lambda name: _say(f"{name} ..."), profiled=profiled)
    except (ArtifactError, DatasetError) as error:
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
    add("--data", type=Path, required=True, help="what train.py takes; the test reviews are scored")
    add("--artifacts", type=Path, metavar="RUN_FOLDER", help="the run (default: the one artifacts/default names)")
    add("--json", type=Path, metavar="FILE", help="where to write every figure too")
    add("--page", type=Path, metavar="FILE", help="a Markdown page to write, with a chart beside it")
    names = [each.name for each in (*BENCHMARKS, *GROWTH)]
    add("--only", nargs="*", choices=names, metavar="ROW", help=f"these rows only, of {', '.join(names)}")
    add("--profile", action="store_true", help="where the time of one file goes; part of a run of all rows")
    add("--growth", action="store_true", help="also files of 25,000 and 1,000,000 rows, which takes long and 3 GB")
    add("--quick", action="store_true", help="tiny sizes: shows that everything works, and measures nothing")
    add("--text-column", help="where the reviews are, in a file of one's own")
    add("--label-column", help="where the labels are, likewise")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

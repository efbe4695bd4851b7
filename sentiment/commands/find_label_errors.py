"""Finds training reviews whose label may be wrong, and measures whether training without them helps.

Writes label_errors.parquet, the suspected reviews by fingerprint with the least likely label first. Writes
label_errors.json: method, numbers, effect on training, and time taken. Neither file contains text.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import shlex
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from sentiment import artifacts, dataset
from sentiment.commands import program, say
from sentiment.commands.parser import Parser
from sentiment.dataset import Dataset
from sentiment.dataset.records import NAMES
from sentiment.evaluation import provenance, review_notes
from sentiment.tables.command_line import add_reading_options, reading, reading_words


def main(arguments: Sequence[str], prog: str) -> int:
    """Runs the command line; returns the exit status."""
    options = _options(arguments, prog)
    start = time.monotonic()
    exclude = dataset.read_fingerprints(options.exclude) if options.exclude else frozenset()
    data = dataset.load(options.data, reading(options), exclude=exclude)
    options.output.mkdir(parents=True, exist_ok=True)
    suspects, figures = _find(data)
    say("\n".join(dataset.summary_lines(data)))
    origin = {
        "command": _command(options),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": provenance.commit(),
        "seconds": round(time.monotonic() - start),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("cleanlab", "numpy", "scipy")},
        "data": asdict(data.source),
    }
    suspects.to_parquet(options.output / f"{review_notes.LABEL_ERRORS}.parquet", index=False)
    artifacts.write_json(options.output / f"{review_notes.LABEL_ERRORS}.json", figures | origin)
    say(f"{len(suspects):,} of {figures['n']:,} labels are suspected; they are in {options.output}.")
    return 0


def _find(data: Dataset) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Returns the suspected reviews of train and validation together, and the figures."""
    from sentiment.training import label_errors  # here, because SciPy and cleanlab take seconds to import

    rows, reviews = label_errors.prepare(pd.concat([data.train, data.validation], ignore_index=True))
    logits = label_errors.cross_fit(reviews, say)
    verdicts = label_errors.suspect(reviews.labels, label_errors.out_of_fold(reviews, logits))
    table = rows[["fingerprint", "film", "label", "rating"]].join(verdicts)
    suspects = table[table["suspected"]].drop(columns="suspected").sort_values("quality", kind="stable")
    figures = {
        "n": len(rows),
        "suspected": {name: int((suspects["label"] == label).sum()) for label, name in NAMES.items()},
        "folds": label_errors.FOLDS,
        "treatment": label_errors.measure(reviews, logits, say),
    }
    return suspects, figures


def _command(options: argparse.Namespace) -> str:
    """Returns the command with the names of files but not their folders."""
    words = program("find-label-errors")
    for name in ("data", "output", "exclude"):
        value = getattr(options, name)
        if value is not None:
            words += [f"--{name.replace('_', '-')}", value.name if isinstance(value, Path) else str(value)]
    return shlex.join(words + reading_words(options))


def _options(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = Parser(prog, __doc__, "%(prog)s --data aclImdb_v1.tar.gz --output found")
    parser.add_argument("--data", type=Path, required=True, help="labelled reviews, in any format that train.py reads")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="folder for both files")
    parser.add_argument("--exclude", type=Path, metavar="FILE", help="fingerprints to leave out, one on each line")
    add_reading_options(parser)
    return parser.parse_args(arguments)

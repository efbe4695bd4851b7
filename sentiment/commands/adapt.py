"""Adapts a run to labelled texts of your own, and writes the result as a new run.

The method head fits a new last layer in seconds, by penalised logistic regression. Full trains all weights and needs
TensorFlow. Auto takes full from 1,000 labels on if TensorFlow is installed, and head otherwise. Nothing is written if
held-out texts show no gain; the exit status is then 1.
"""

from __future__ import annotations

import argparse
import shlex
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sentiment import adaptation_card, artifacts, dataset, model_card
from sentiment.adapt import run as adapted_run
from sentiment.adapt.curve import learning_curve
from sentiment.adapt.head import Head, Scores, adapt
from sentiment.adapt.labelled import at_most
from sentiment.adapt.run import Labelled
from sentiment.commands import program, say
from sentiment.commands.outputs import check_output, public_name
from sentiment.commands.parser import Parser
from sentiment.dataset import Dataset, DatasetError
from sentiment.dataset.stored_reading import reading_record, with_record
from sentiment.evaluation import predictions, provenance
from sentiment.evaluation.states import pooled_states
from sentiment.formatting import percent
from sentiment.model.classifier import Classifier
from sentiment.model.lookup_session import load_bulk
from sentiment.tables.command_line import add_reading_options, reading, reading_words
from sentiment.tables.reading import Reading

FULL_LABELS = 1_000  # the fewest for which auto takes the method full
_CURVE_LABELS = 5_000  # maximum number of labels for a learning curve, because of its time

_EXAMPLES = """\
%(prog)s --data mine.csv --start artifacts/distilled --output artifacts/mine
%(prog)s --data mine.csv --start artifacts/distilled --output artifacts/mine --labels good=positive,bad=negative
"""


def main(arguments: Sequence[str], prog: str) -> int:
    """Runs the command line; returns the exit status."""
    options = _options(arguments, prog)
    check_output(options.output, overwrite=options.overwrite)
    start = artifacts.open_run(options.start)
    data = dataset.load(options.data, _reading(start, options), whole=True)
    say("\n".join(dataset.summary_lines(data)))
    if _method(options.method, len(data.test)) == "full":
        return _train_further(start, options, prog)
    return _adapt_head(start, data, options)


def _train_further(start: artifacts.Run, options: argparse.Namespace, prog: str) -> int:
    """Trains all weights, and compares the result with the start on the test texts, which training left out."""
    from sentiment.commands import train  # here, because few calls need it

    status = train.main(_train_words(options), prog)
    if status:
        return status
    run = artifacts.open_run(options.output)
    test = dataset.load(options.data, _reading(start, options), seed=provenance.split_seed(run)).test
    before, after = (_scores(load_bulk(folder), test) for folder in (start.path, run.path))
    facts = adapted_run.comparison(start, before, after, test["label"].to_numpy(np.int64))
    print("\n".join(_lines(facts)))
    if not facts["adopted"]:
        artifacts.remove_run(options.output)
        say(f"The run was removed; {start.name} is the better choice.")
        return 1
    model_card.write(artifacts.add_parts(run, {adaptation_card.PART: facts}))
    return 0


def _scores(classifier: Classifier, test: pd.DataFrame) -> Scores:
    """Returns the logits of the test texts, <float64>[texts], and the decision rule."""
    table = predictions.predict(classifier.logits, classifier.preprocessor, test)
    return table["logit"].to_numpy(np.float64), classifier.rule


def _adapt_head(start: artifacts.Run, data: Dataset, options: argparse.Namespace) -> int:
    clock = time.monotonic()
    if known := provenance.count_seen(start, data.test):
        say(f"{start.name} was trained on {known:,} of these texts, so its figures are too optimistic.")
    how = reading_record(data.interpretation, reading(options))
    reviews = at_most(data.test)
    if len(reviews) < len(data.test):
        say(f"{len(reviews):,} of the {len(data.test):,} texts are used, drawn at random; --method full uses all.")
    labelled = Labelled(
        reviews=reviews.reset_index(drop=True), source=data.source, about=options.about or "", reading=how
    )
    classifier = load_bulk(start.path)
    states, head = pooled_states(classifier, labelled.texts), Head.of(classifier)
    found = adapt(states, labelled.labels, head, balanced=options.balanced)
    if found is None:
        raise DatasetError(f"{options.data.name} needs at least two positive and two negative texts.")
    points = learning_curve(states, labelled.labels, labelled.texts, head) if len(reviews) <= _CURVE_LABELS else []
    facts = adapted_run.report(start, head, found, labelled, points, balanced=options.balanced)
    print("\n".join(_lines(facts)))
    if not found.adopted:
        say(f"No run was written; {start.name} is the better choice.")
        return 1
    if options.overwrite and options.output.exists():
        artifacts.remove_run(options.output)
    adapted_run.write(
        options.output, start, classifier, found, labelled, states, facts,
        command=_command(options), seconds=time.monotonic() - clock,
    )  # fmt: skip
    say(f"The run is in {options.output}.")
    return 0


def _reading(start: artifacts.Run, options: argparse.Namespace) -> Reading:
    """Returns how to read the table: as the run's own was, unless options say otherwise."""
    metadata = start.json("metadata.json") if start.has("metadata.json") else {}
    return with_record(reading(options), metadata.get("reading"))


def _method(method: str, labels: int) -> str:
    if method == "auto":
        return "full" if labels >= FULL_LABELS and find_spec("tensorflow") else "head"
    return method


def _lines(facts: dict[str, Any]) -> list[str]:
    """Returns the lines that the terminal shows of ``adaptation.json``."""
    rows = [adaptation_card.HEADER, *adaptation_card.rows(facts)]
    lines = [adaptation_card.source(facts)]
    lines += [f"{name:<20}" + "".join(f"{cell:>18}" for cell in cells) for name, *cells in rows]
    lines += adaptation_card.notes(facts)
    for point in facts["curve"]:
        known, words = percent(point["head"]), percent(point["words"])
        lines.append(f"{point['n']:>6,} labels: {known}; from the words of these texts alone {words}")
    return [*lines, *filter(None, [facts["advice"], facts["reason"]])]


def _options(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = Parser(prog, __doc__, _EXAMPLES)
    parser.add_argument("--data", type=Path, required=True, help="labelled texts, in any format that score.py reads")
    parser.add_argument("--start", type=Path, required=True, metavar="RUN_FOLDER", help="run to adapt")
    parser.add_argument("--output", type=Path, required=True, metavar="RUN_FOLDER", help="folder for the new run")
    parser.add_argument("--method", choices=("head", "full", "auto"), default="auto", help="see above (default: auto)")
    parser.add_argument("--balanced", action="store_true", help="count both classes the same, however frequent")
    parser.add_argument("--about", help='what the texts are, such as "reviews of kitchen appliances", for the card')
    parser.add_argument(
        "--rehearse", type=Path, metavar="DATA", help="texts whose scores should stay the same (method full)"
    )
    parser.add_argument("--overwrite", action="store_true", help="first remove the run in the folder for the new one")
    add_reading_options(parser)
    return parser.parse_args(arguments)


def _train_words(options: argparse.Namespace) -> list[str]:
    """Returns the command line of ``train`` for the method full."""
    words = ["--data", str(options.data), "--start", str(options.start), "--output", str(options.output)]
    for name in ("about", "rehearse"):
        if (value := getattr(options, name)) is not None:
            words += [f"--{name}", str(value)]
    words += ["--balanced"] if options.balanced else []
    return [*words, *(["--overwrite"] if options.overwrite else []), *reading_words(options)]


def _command(options: argparse.Namespace) -> str:
    """Returns the command, with files outside the repository by name only."""
    words = [*program("adapt"), "--data", options.data.name, "--start", public_name(options.start)]
    words += ["--output", f"artifacts/{options.output.name}", "--method", "head"]
    words += ["--balanced"] if options.balanced else []
    words += ["--about", options.about] if options.about else []
    return shlex.join(words + reading_words(options))

"""Evaluates a run on the test reviews of a data set.

Saves the result in the run's folder if these are the run's own test reviews; otherwise only prints it, and writes it to
--json. --compare evaluates two runs on the same reviews and saves nothing. --explanations also checks the explanations;
this takes about an hour and resumes if it is interrupted. --words adds up what each word contributes to the scores of
all validation and test reviews; this takes minutes. --behaviour runs the behavioural tests that come with the
program, and --edited tests pairs of reviews before and after an edit; these take seconds and, alone, need no --data.
With --data, --behaviour also measures on unlabelled reviews how often a change of writing flips a verdict, such as
another apostrophe; this takes minutes.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from sentiment import artifacts, dataset, model_card
from sentiment.artifacts import DEFAULT_RUN, Run
from sentiment.behaviour import edited
from sentiment.behaviour import report as behaviour
from sentiment.commands import say
from sentiment.commands.parser import Parser
from sentiment.commands.quiet import quiet_tensorflow
from sentiment.dataset import Dataset, DatasetError
from sentiment.dataset.stored_reading import with_record
from sentiment.evaluation import metrics, predictions, provenance, words
from sentiment.evaluation.comparison import Comparison
from sentiment.faithfulness import report as proofs
from sentiment.formatting import interval, percent
from sentiment.model.classifier import Classifier
from sentiment.model.decision import read_rule
from sentiment.tables.command_line import add_reading_options, reading, reading_words
from sentiment.tables.errors import FileError

_EXAMPLES = """\
%(prog)s --data aclImdb_v1.tar.gz --artifacts artifacts/my-lstm
%(prog)s --data mine.csv --compare artifacts/lstm
%(prog)s --behaviour
"""
_CHECKPOINT = ".explanations"  # folder in the run's folder for finished checks, until all are done
_CHUNK = 2_500  # reviews scored between two updates of the progress


def main(arguments: Sequence[str], prog: str) -> int:
    """Runs the command line; returns the exit status."""
    options = _options(arguments, prog)
    if options.json and not options.json.absolute().parent.is_dir():
        raise FileError(f"the folder {options.json.parent} for {options.json.name} does not exist; create it.")
    run = artifacts.open_run(options.artifacts)
    other = artifacts.open_run(options.compare) if options.compare else None
    data = _data(run, other, options) if options.data else None
    if data and other:
        _compare(run, other, data, options)
    else:
        _evaluate(run, data, options)
    return 0


def _data(run: Run, other: Run | None, options: argparse.Namespace) -> Dataset:
    """Loads the data: the test part that training held out, or all of a file that neither run ever saw."""
    how = with_record(reading(options), run.json("metadata.json").get("reading"))
    seed = provenance.split_seed(run)
    try:
        data = dataset.load(options.data, how, seed=seed)
    except DatasetError:  # it may be too small to be split
        data = dataset.load(options.data, how, whole=True)
        if _seen(run, other, data):
            raise
        return data
    if data.source.split.startswith("official") or _seen(run, other, data) or provenance.is_own_test_set(run, data):
        return data
    return dataset.load(options.data, how, whole=True)


def _seen(run: Run, other: Run | None, data: Dataset) -> bool:
    """Returns whether a run was trained or tuned on any of these reviews."""
    reviews = pd.concat([data.train, data.validation, data.test])
    return any(provenance.count_seen(each, reviews) for each in (run, other) if each)


def _evaluate(run: Run, data: Dataset | None, options: argparse.Namespace) -> None:
    """Evaluates one run as requested, and saves new results in its folder."""
    pairs = edited.read(options.edited) if options.edited else None  # first, so that a bad file fails at once
    if options.behaviour and (topic := artifacts.topic(run)) is not None:
        say(f"Most behavioural tests are about films; the data of {run.name} are {topic}.")
    report, parts = _test(run, data, options) if data else ({}, {})
    if options.behaviour:
        unlabelled = data.unlabelled["text"].tolist() if data else []
        if not unlabelled:
            say("Changes of writing are not tried, because there is no --data with unlabelled reviews.")
        tested = behaviour.run_tests(Classifier.load(run.path).predict, unlabelled)
        report["behaviour"] = parts["behaviour.json"] = tested
        print("\n".join(behaviour.lines(report["behaviour"])))
    if pairs:
        report["edited"] = parts[edited.PART] = edited.evaluate(run, Classifier.load(run.path).predict, pairs)
        print("\n".join(edited.lines(report["edited"])))
    _write(options.json, {"runs": [{"run": run.name, **report}]})
    if parts:
        model_card.write(artifacts.add_parts(run, parts))
        if "explanations.json" in parts:
            shutil.rmtree(run.path / _CHECKPOINT, ignore_errors=True)
        say(f"Saved in {run.path}: {', '.join(parts)}; README.md is updated.")


def _test(run: Run, data: Dataset, options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """Evaluates one run; returns the report, and new results on its own test reviews as files of the run."""
    own = provenance.is_own_test_set(run, data)
    for option in ("explanations", "words"):  # they need the run's own training and validation reviews
        if getattr(options, option) and not own:
            raise DatasetError(f"--{option} needs the data that {run.name} was trained on; this is other data.")
    say("\n".join(dataset.summary_lines(data)))
    parts: dict[str, Any] = {}
    if own and run.has("test.json") and not options.again:
        result = run.json("test.json")
        say(f"{run.name} was evaluated on {result['date']}; --again repeats it. Its saved results:")
        if not model_card.is_current(run):  # an earlier call was interrupted before it wrote the card
            model_card.write(run)
    else:
        table, result = _predict(run, data)
        parts = {"test.json": result, "test_predictions.parquet": table.to_parquet(index=False)}
    print(_figures(data, (run, result)))
    if data.neutral:
        print(_neutral(run, data, result))
    report = dict(result)
    if options.explanations:
        report["explanations"] = parts["explanations.json"] = _check_explanations(run, data)
        print("\n".join(proofs.lines(report["explanations"])))
    if options.words:
        report["words"] = parts[words.PART] = _measure_words(run, data)
    if not own:
        say(f"Not saved: these are not the test reviews that the training of {run.name} held out.")
        return report, {}
    return report, parts


def _check_explanations(run: Run, data: Dataset) -> dict[str, Any]:
    """Returns the content of ``explanations.json``: checks on test reviews, and on shortcuts in training reviews."""
    with quiet_tensorflow():
        from sentiment.training.shortcuts import prove_shortcuts  # here, because only this needs TensorFlow

    classifier, kept = Classifier.load(run.path), run.path / _CHECKPOINT
    train, validation = (provenance.training_reviews(run, data, split) for split in ("train", "validation"))
    texts, labels = data.test["text"].tolist(), data.test["label"].to_numpy()
    with_words = train[train["text"].str.contains(r"\w")]
    reviews = [classifier.preprocessor.ids(text)[0] for text in with_words["text"]]
    shortcuts = prove_shortcuts(reviews, with_words["label"].to_numpy(), kept=kept, say=say)
    report = proofs.prove(classifier, texts, labels, validation["text"].tolist(), kept=kept, say=say)
    return {**report, "shortcuts": shortcuts}


def _measure_words(run: Run, data: Dataset) -> dict[str, Any]:
    """Returns the content of ``words.json``, over the run's own validation and test reviews."""
    validation = provenance.training_reviews(run, data, "validation")
    parts = {"validation": validation["text"].tolist(), "test": data.test["text"].tolist()}
    found = words.measure(Classifier.load(run.path), parts, _progress("words"))
    first, last = ([row["word"] for row in rows] for rows in (found["words"][:10], found["words"][:-11:-1]))
    print(f"Words with the largest total contributions: positive {' '.join(first)}; negative {' '.join(last)}")
    return found


def _compare(run: Run, other: Run, data: Dataset, options: argparse.Namespace) -> None:
    """Evaluates two runs on the same reviews and tests whether the difference is significant."""
    say("\n".join(dataset.summary_lines(data)))
    (first, result), (second, other_result) = _predict(run, data), _predict(other, data)
    comparison = predictions.compare(first, second, (read_rule(run), read_rule(other)))
    print(_figures(data, (run, result), (other, other_result)))
    print(_difference(run, other, comparison))
    results = [{"run": run.name, **result}, {"run": other.name, **other_result}]
    _write(options.json, {"runs": results, "comparison": asdict(comparison)})


def _predict(run: Run, data: Dataset) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Returns the predictions table of the test reviews, and the content of ``test.json``."""
    if known := provenance.count_seen(run, data.test):
        say(f"{run.name} was trained on {known:,} of these {len(data.test):,} reviews; its results are too optimistic.")
    classifier = Classifier.load(run.path)
    tables, progress = [], _progress(run.name)
    for start in range(0, len(data.test), _CHUNK):
        rows = data.test.iloc[start : start + _CHUNK]
        tables.append(predictions.predict(classifier.logits, classifier.preprocessor, rows))
        progress(start + len(rows), len(data.test))
    table = pd.concat(tables, ignore_index=True)
    return table, predictions.test_results(table, classifier.rule, data.source)


def _figures(data: Dataset, *evaluated: tuple[Run, dict[str, Any]]) -> str:
    """Returns a short table for the terminal, with a column for each run."""
    results = [result["test"] for _, result in evaluated]
    rows = {
        "": [run.name for run, _ in evaluated],
        "accuracy": [percent(each["accuracy"], 2) for each in results],
        "95% interval": [interval(each["accuracy_interval"]) for each in results],
        "confident": [percent(each["confidence"][0]["share"]) for each in results],
    }
    for key in ("f1", "auc", "log_loss", "calibration_error"):
        rows[key.replace("_", " ")] = ["" if each[key] is None else f"{each[key]:.4f}" for each in results]
    counts = [metrics.Confusion(**each["confusion"]) for each in results]
    rows |= {
        "recall, positive": [percent(each.recall) for each in counts],
        "recall, negative": [percent(each.specificity) for each in counts],
        "balanced accuracy": [percent(each.balanced_accuracy) for each in counts],
        "MCC": [f"{each.mcc:.4f}" for each in counts],
        "majority baseline": [percent(each.majority) for each in counts],
    }
    positive = int(data.test["label"].sum())
    lines = [
        f"{len(data.test):,} test reviews of {data.source.form}, {positive:,} of them positive; "
        f"split: {data.source.split}"
    ]
    lines += [f"{name:<18}" + "".join(f"{cell:>20}" for cell in cells) for name, cells in rows.items()]
    return "\n".join(lines)


def _neutral(run: Run, data: Dataset, result: dict[str, Any]) -> str:
    """Returns how often a run is unsure of texts labelled neither positive nor negative, which it cannot predict."""
    found = Classifier.load(run.path).predict(data.neutral)
    unsure = sum(each.confidence == "unsure" for each in found) / len(found)
    others = next(each["share"] for each in result["test"]["confidence"] if each["level"] == "unsure")
    return (
        f"{len(found):,} texts labelled neither positive nor negative are left out; the model is unsure of "
        f"{percent(unsure)} of them and of {percent(others)} of the others."
    )


def _difference(run: Run, other: Run, comparison: Comparison) -> str:
    low, high = (100 * bound for bound in comparison.interval)
    return (
        f"{other.name} minus {run.name}: {100 * comparison.difference:+.2f} points of accuracy "
        f"(95% interval {low:+.2f} to {high:+.2f}, by bootstrap)\n"
        f"correct only in {run.name}: {comparison.first_only:,}; only in {other.name}: {comparison.second_only:,}; "
        f"exact McNemar test: p = {comparison.p_value:.2g}"
    )


def _write(path: Path | None, report: dict[str, Any]) -> None:
    if path:
        artifacts.write_json(path, report)


def _progress(name: str) -> Callable[[int, int], None]:
    """Returns a function that shows on a terminal how many reviews are done."""

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{name}: {done:,} of {total:,} reviews", end="" if done < total else "\n", file=sys.stderr)

    return show


def _options(arguments: Sequence[str], prog: str) -> argparse.Namespace:
    parser = Parser(prog, __doc__, _EXAMPLES)
    parser.add_argument("--data", type=Path, help="labelled reviews, in any format that train.py reads")
    parser.add_argument(
        "--artifacts", type=Path, metavar="RUN_FOLDER", help=f"run to evaluate (default: {DEFAULT_RUN})"
    )
    parser.add_argument(
        "--compare", type=Path, metavar="RUN_FOLDER", help="a second run to compare on the same reviews"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all results to this file")
    parser.add_argument("--explanations", action="store_true", help="check the explanations")
    parser.add_argument("--words", action="store_true", help="add up the contributions of each word")
    parser.add_argument("--behaviour", action="store_true", help="run the behavioural tests")
    parser.add_argument(
        "--edited",
        type=Path,
        metavar="FILE",
        help="test pairs of reviews before and after an edit: a CSV or Parquet file, or another that score.py reads, "
        "with the columns pair (shared by two rows), label (positive or negative), original (true or false) and text",
    )
    parser.add_argument("--again", action="store_true", help="evaluate again, even if results are saved")
    add_reading_options(parser)
    options = parser.parse_args(arguments)
    alone = options.behaviour or options.edited
    if not options.data and reading_words(options):
        parser.error(f"{reading_words(options)[0]} is for --data; leave it out")
    if not options.data and (options.compare or options.explanations or options.words or not alone):
        parser.error("--data is required, except with --behaviour and --edited alone")
    if options.compare and (options.explanations or options.words or alone):
        parser.error("--compare only compares; leave out --explanations, --words, --behaviour and --edited")
    return options

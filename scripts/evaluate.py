"""Judges a run on the test reviews of a data set, and keeps the result in the run's folder.

Kept is the result on the test reviews that the run's own training set aside. On any other data the figures are only
printed, and written to --json. With --compare two runs are judged on the same reviews and nothing is kept.
With --explanations its explanations are put to the proof too, which takes about an hour; broken off, it goes on where
it stopped. With --behaviour it is tried on cases and sentences that the program brings along; that takes seconds and,
alone, needs no --data.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import _path  # noqa: F401 - makes the package importable
import pandas as pd

from sentiment import artifacts, dataset, model_card
from sentiment.artifacts import DEFAULT_RUN, ArtifactError, Run
from sentiment.behaviour import report as behaviour
from sentiment.dataset import Dataset, DatasetError
from sentiment.evaluation import metrics, predictions, provenance
from sentiment.faithfulness import report as proofs
from sentiment.formatting import interval, percent
from sentiment.model.classifier import Classifier

_KEPT = ".explanations"  # in the run's folder: what checks found that are done, until all are
_CHUNK = 2_500  # reviews judged between two lines of progress


def main() -> int:
    """Runs the command line; gives the exit status."""
    options = _options()
    if options.json and not options.json.absolute().parent.is_dir():
        _say(f"evaluate.py: there is no folder {options.json.parent} to write {options.json.name} into.")
        return 2
    try:
        run = artifacts.open_run(options.artifacts)
        other = artifacts.open_run(options.compare) if options.compare else None
        data = _data(run, options) if options.data else None
        if data and other:
            _compare(run, other, data, options)
        else:
            _evaluate(run, data, options)
    except (ArtifactError, DatasetError) as error:
        _say(f"evaluate.py: {error}")
        return 2
    except OSError as error:
        _say(f"evaluate.py: {error.filename or 'a file'} cannot be written: {error.strerror}.")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _data(run: Run, options: argparse.Namespace) -> Dataset:
    return dataset.load(
        options.data,
        text_column=options.text_column,
        label_column=options.label_column,
        seed=provenance.split_seed(run),  # so that what is set aside is what training set aside
    )


def _evaluate(run: Run, data: Dataset | None, options: argparse.Namespace) -> None:
    """Everything that was asked for about one run; what is new becomes part of it."""
    report, parts = _test(run, data, options) if data else ({}, {})
    if options.behaviour:
        report["behaviour"] = parts["behaviour.json"] = behaviour.run_tests(Classifier.load(run.path).predict)
        print("\n".join(behaviour.lines(report["behaviour"])))
    _write(options.json, {"runs": [{"run": run.name, **report}]})
    if parts:
        model_card.write(artifacts.add_parts(run, parts))
        if "explanations.json" in parts:
            shutil.rmtree(run.path / _KEPT, ignore_errors=True)
        _say(f"Kept in {run.path}: {', '.join(parts)}; README.md tells of it.")


def _test(run: Run, data: Dataset, options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """Judges one run; gives all that is to be reported, and what is new about its own test reviews, as parts."""
    own = provenance.is_own_test_set(run, data)
    if options.explanations and not own:  # other reviews cannot choose the method, nor lend texts for shortcuts
        raise DatasetError(f"Explanations are proved on the data that {run.name} was trained on; this is other data.")
    parts: dict[str, Any] = {}
    if own and run.has("test.json") and not options.again:
        result = run.json("test.json")
        _say(f"{run.name} was judged on {result['date']}; these are its figures. --again judges it anew.")
        if not model_card.is_current(run):  # the call that judged it was interrupted before it wrote the card
            model_card.write(run)
    else:
        table, result = _judge(run, data)
        parts = {"test.json": result, "test_predictions.parquet": table.to_parquet(index=False)}
    print(_figures(data, (run, result)))
    report = dict(result)
    if options.explanations:
        report["explanations"] = parts["explanations.json"] = _prove(run, data)
        print("\n".join(proofs.lines(report["explanations"])))
    if not own:
        _say(f"Nothing was kept of it: these are not the test reviews that the training of {run.name} set aside.")
        return report, {}
    return report, parts


def _prove(run: Run, data: Dataset) -> dict[str, Any]:
    """What ``explanations.json`` says: the checks on the test reviews, and shortcuts planted in training reviews."""
    from sentiment.training.shortcuts import prove_shortcuts  # here, since nothing else in this script needs TensorFlow

    classifier, kept = Classifier.load(run.path), run.path / _KEPT
    train, validation = (provenance.training_reviews(run, data, split) for split in ("train", "validation"))
    texts, labels = data.test["text"].tolist(), data.test["label"].to_numpy()
    lending = train[train["text"].str.contains(r"\w")]
    reviews = [classifier.preprocessor.ids(text)[0] for text in lending["text"]]
    shortcuts = prove_shortcuts(reviews, lending["label"].to_numpy(), kept=kept, say=_say)
    report = proofs.prove(classifier, texts, labels, validation["text"].tolist(), kept=kept, say=_say)
    return {**report, "shortcuts": shortcuts}


def _compare(run: Run, other: Run, data: Dataset, options: argparse.Namespace) -> None:
    """Judges two runs on the same reviews and says whether the difference could be chance."""
    (first, result), (second, other_result) = _judge(run, data), _judge(other, data)
    found = predictions.compare(first, second)
    print(_figures(data, (run, result), (other, other_result)))
    print(_difference(run, other, found))
    results = [{"run": run.name, **result}, {"run": other.name, **other_result}]
    _write(options.json, {"runs": results, "comparison": asdict(found)})


def _judge(run: Run, data: Dataset) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The predictions table of the test reviews, and what ``test.json`` says of it."""
    if known := provenance.count_seen(run, data.test):
        _say(f"{run.name} was trained on {known:,} of these {len(data.test):,} reviews, so its figures flatter it.")
    classifier = Classifier.load(run.path)
    tables = []
    for start in range(0, len(data.test), _CHUNK):
        rows = data.test.iloc[start : start + _CHUNK]
        tables.append(predictions.predict(classifier.logits, classifier.preprocessor, rows))
        if sys.stderr.isatty():
            print(f"\r{run.name}: {start + len(rows):,} of {len(data.test):,} reviews", end="", file=sys.stderr)
    if sys.stderr.isatty():
        _say("")
    table = pd.concat(tables, ignore_index=True)
    return table, predictions.test_results(table, classifier.temperature, data.source)


def _figures(data: Dataset, *judged: tuple[Run, dict[str, Any]]) -> str:
    """A short table for the terminal, a column a run."""
    results = [result["test"] for _, result in judged]
    rows = {
        "": [run.name for run, _ in judged],
        "accuracy": [percent(each["accuracy"], 2) for each in results],
        "95 % interval": [interval(each["accuracy_interval"]) for each in results],
        "confident": [percent(each["confidence"][0]["share"]) for each in results],
    }
    for key in ("f1", "auc", "log_loss", "calibration_error"):
        rows[key.replace("_", " ")] = [f"{each[key]:.4f}" for each in results]
    lines = [f"{len(data.test):,} test reviews of {data.source.form}; split: {data.source.split}"]
    lines += [f"{name:<18}" + "".join(f"{cell:>20}" for cell in cells) for name, cells in rows.items()]
    return "\n".join(lines)


def _difference(run: Run, other: Run, found: metrics.Comparison) -> str:
    low, high = (100 * bound for bound in found.interval)
    return (
        f"{other.name} minus {run.name}: {100 * found.difference:+.2f} points of accuracy "
        f"(95 % interval {low:+.2f} to {high:+.2f}, by bootstrap)\n"
        f"right only in {run.name}: {found.first_only:,}; only in {other.name}: {found.second_only:,}; "
        f"exact McNemar test: p = {found.p_value:.2g}"
    )


def _write(path: Path | None, report: dict[str, Any]) -> None:
    if path:
        artifacts.write_json(path, report)


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="what train.py takes")
    parser.add_argument("--artifacts", type=Path, metavar="RUN_FOLDER", help=f"the run (default: {DEFAULT_RUN})")
    parser.add_argument("--compare", type=Path, metavar="RUN_FOLDER", help="a second run, judged on the same reviews")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write every figure too")
    parser.add_argument("--explanations", action="store_true", help="put the explanations to the proof")
    parser.add_argument("--behaviour", action="store_true", help="try it on cases and sentences of our own")
    parser.add_argument("--again", action="store_true", help="judge a run anew that has been judged before")
    parser.add_argument("--text-column", help="where the reviews are, in a file of one's own")
    parser.add_argument("--label-column", help="where the labels are, likewise")
    options = parser.parse_args()
    if not options.data and (options.compare or options.explanations or not options.behaviour):
        parser.error("name the reviews: --data PATH")
    if options.compare and (options.explanations or options.behaviour):
        parser.error("--compare judges two runs on the same reviews and does nothing else")
    return options


if __name__ == "__main__":
    sys.exit(main())

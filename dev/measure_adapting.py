"""Measures what labels gain: a new last layer from random draws of a file's labels, evaluated on the rest of the file.

python -m dev.measure_adapting [--data FILE --about NAME ...] measures the served run on labelled files and on the
sentences of five domains that come with the program. It writes docs/adapting.json and the table in docs/teach.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dev import command_line
from sentiment import dataset
from sentiment.adapt.head import Head, adapt
from sentiment.artifacts import write_atomically, write_json
from sentiment.behaviour.sentences import sentences
from sentiment.evaluation.states import pooled_states
from sentiment.formatting import percent, signed, table
from sentiment.model.classifier import Classifier
from sentiment.paths import HOME

LABELS = (20, 40, 80, 240)
DRAWS = 20
REPORT, PAGE = HOME / "docs" / "adapting.json", HOME / "docs" / "teach.md"
BEGIN, END = "<!-- adapting: filled by python -m dev.measure_adapting -->\n", "<!-- end -->"
_LEAST_REST = 20  # texts to evaluate on
_OWN = "our sentences on phones, products, restaurants, services and in tweets"

File = tuple[str, list[str], npt.NDArray[np.int64]]  # what its texts are, the texts, and their labels <int64>[texts]


def main() -> int:
    """Measures, and writes the report and the table; returns the exit status."""
    options = _options()
    classifier = Classifier.load()
    files = [_own_sentences(), *_labelled_files(options.data, options.about)]
    report = {"run": classifier.run.name, "draws": DRAWS, "files": [_measure(classifier, file) for file in files]}
    write_json(REPORT, report)
    write_atomically(PAGE, filled(PAGE.read_text(encoding="utf-8"), report).encode())
    return 0


def _options() -> argparse.Namespace:
    parser = command_line.parser(__doc__)
    parser.add_argument("--data", type=Path, action="append", default=[], help="a labelled file; may be repeated")
    parser.add_argument("--about", action="append", default=[], help="what its texts are, one for each --data")
    options = parser.parse_args()
    if len(options.data) != len(options.about):
        parser.error("give one --about for each --data")
    return options


def _own_sentences() -> File:
    own = [each for each in sentences() if each.domain != "film" and each.mood != "mixed"]
    return _OWN, [each.text for each in own], np.array([each.mood == "positive" for each in own], np.int64)


def _labelled_files(paths: list[Path], names: list[str]) -> Iterator[File]:
    for path, name in zip(paths, names, strict=True):
        test = dataset.load(path, whole=True).test
        yield name, test["text"].tolist(), test["label"].to_numpy(np.int64)


def _measure(classifier: Classifier, file: File) -> dict[str, Any]:
    """Returns the accuracy of the served run on a file, and a row for each number of labels."""
    about, texts, labels = file
    start, states = Head.of(classifier), pooled_states(classifier, texts)
    rows = []
    for n in (n for n in LABELS if n + _LEAST_REST <= len(texts)):
        rows.append(_gains(start, states, labels, n))
        print(rows[-1], file=sys.stderr)
    accuracy = float((start.positive(states) == labels).mean())
    return {"about": about, "texts": len(texts), "accuracy": accuracy, "rows": rows}


def _gains(start: Head, states: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], n: int) -> dict[str, Any]:
    """Returns the gain in accuracy on the other texts from ``n`` labels, over all draws.

    ``raw`` is that of every new head, ``served`` that where a head is used only if it is adopted.
    """
    gains, adopted = np.zeros(DRAWS), np.zeros(DRAWS, bool)
    for draw in range(DRAWS):
        order = np.random.default_rng(draw).permutation(len(labels))
        known, rest = order[:n], order[n:]
        if found := adapt(states[known], labels[known], start):
            before, after = ((head.positive(states[rest]) == labels[rest]).mean() for head in (start, found.head))
            gains[draw], adopted[draw] = after - before, found.adopted
    served = _mean_and_worst(np.where(adopted, gains, 0.0))
    return {"labels": n, "raw": _mean_and_worst(gains), "served": served, "adopted": int(adopted.sum())}


def _mean_and_worst(gains: npt.NDArray[np.float64]) -> dict[str, float]:
    return {"mean": round(float(gains.mean()), 4), "worst": round(float(gains.min()), 4)}


def filled(text: str, report: dict[str, Any]) -> str:
    """Returns the page with its table."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}{_table(report)}\n{END}{rest.partition(END)[2]}"


def _table(report: dict[str, Any]) -> str:
    rows = []
    for each in report["files"]:
        for row in each["rows"]:
            raw, served = ([_points(row[name][key]) for key in ("mean", "worst")] for name in ("raw", "served"))
            rows.append([each["about"], percent(each["accuracy"]), row["labels"], *raw, row["adopted"], *served])
    gains = ("Gain, mean", "worst", "Adopted", "Gain if adopted, mean", "worst")
    return table(("Texts", "Accuracy before", "Labels", *gains), rows)


def _points(gain: float) -> str:
    return signed(100 * gain, 1)


if __name__ == "__main__":
    command_line.run(main)

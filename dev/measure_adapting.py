"""Measures what labels gain: a new last layer from random draws of a file's labels, judged on the rest of the file.

``python -m dev.measure_adapting [--data FILE --about NAME ...]`` measures the served run on labelled files and on the
sentences of five domains that come with the program. It writes ``docs/adapting.json`` and the table in
``docs/teach.md``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

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
_LEAST_REST = 20  # texts to judge by
_OWN = "our sentences on phones, products, restaurants, services and in tweets"


def measure(classifier: Classifier, texts: Sequence[str], labels: npt.NDArray[np.int64]) -> list[dict[str, Any]]:
    """Returns a row for each number of labels: the gain in accuracy on the other texts, by draw.

    ``raw`` is that of every new head, ``served`` that where a head is used only if it is adopted.
    """
    start, states = Head.of(classifier), pooled_states(classifier, texts)
    rows = []
    for n in (n for n in LABELS if n + _LEAST_REST <= len(texts)):
        gains, adopted = np.zeros(DRAWS), np.zeros(DRAWS, bool)
        for draw in range(DRAWS):
            order = np.random.default_rng(draw).permutation(len(texts))
            known, rest = order[:n], order[n:]
            if found := adapt(states[known], labels[known], start):
                right = [(head.positive(states[rest]) == labels[rest]).mean() for head in (start, found.head)]
                gains[draw], adopted[draw] = right[1] - right[0], found.adopted
        served = _gain(np.where(adopted, gains, 0.0))
        rows.append({"labels": n, "raw": _gain(gains), "served": served, "adopted": int(adopted.sum())})
        print(rows[-1], file=sys.stderr)
    return rows


def page(report: dict[str, Any]) -> str:
    """Returns the table of the page."""
    rows = []
    for each in report["files"]:
        for row in each["rows"]:
            raw, served = ([_points(row[name][key]) for key in ("mean", "worst")] for name in ("raw", "served"))
            rows.append([each["about"], percent(each["accuracy"]), row["labels"], *raw, row["adopted"], *served])
    gains = ("Gain, mean", "worst", "Adopted", "Gain if adopted, mean", "worst")
    header = ("Texts", "Accuracy before", "Labels", *gains)
    return table(header, rows)


def filled(text: str, report: dict[str, Any]) -> str:
    """Returns the page with its table."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}{page(report)}\n{END}{rest.partition(END)[2]}"


def _gain(gains: npt.NDArray[np.float64]) -> dict[str, float]:
    return {"mean": round(float(gains.mean()), 4), "worst": round(float(gains.min()), 4)}


def _points(gain: float) -> str:
    return signed(100 * gain, 1)


def _files(paths: Sequence[Path], names: Sequence[str]) -> list[tuple[str, list[str], npt.NDArray[np.int64]]]:
    own = [each for each in sentences() if each.domain != "film" and each.mood != "mixed"]
    found = [(_OWN, [each.text for each in own], np.array([each.mood == "positive" for each in own], np.int64))]
    for path, name in zip(paths, names, strict=True):
        test = dataset.load(path, whole=True).test
        found.append((name, test["text"].tolist(), test["label"].to_numpy(np.int64)))
    return found


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, action="append", default=[], help="a labelled file; may be given again")
    parser.add_argument("--about", action="append", default=[], help="what its texts are, one for each --data")
    options = parser.parse_args()
    classifier = Classifier.load()
    files = []
    for name, texts, labels in _files(options.data, options.about):
        start, states = Head.of(classifier), pooled_states(classifier, texts)
        right = float((start.positive(states) == labels).mean())
        files.append(
            {"about": name, "texts": len(texts), "accuracy": right, "rows": measure(classifier, texts, labels)}
        )
    report = {"run": classifier.run.name, "draws": DRAWS, "files": files}
    write_json(REPORT, report)
    write_atomically(PAGE, filled(PAGE.read_text(encoding="utf-8"), json.loads(REPORT.read_text())).encode())


if __name__ == "__main__":
    main()

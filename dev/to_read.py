"""Prints the next reviews to read by hand. Needs the IMDB reviews.

"mistakes" are the test reviews on which a run is confident and wrong, the most confident first. Record the cause as a
line "fingerprint,cause" in artifacts/reviews/causes.csv. "labels" are labels suspected to be wrong, in random order.
Record the verdict as a line "fingerprint,verdict" in artifacts/reviews/label_verdicts.csv.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from dev import command_line
from sentiment import artifacts, dataset
from sentiment.artifacts import ArtifactError
from sentiment.dataset.records import NAMES
from sentiment.evaluation import review_notes


def main() -> int:
    """Prints the reviews; returns the exit status."""
    options = _options()
    rows, choices = _mistakes(options.artifacts) if options.what == "mistakes" else _labels()
    data = dataset.load(options.data)
    texts = pd.concat([data.train, data.validation, data.test]).drop_duplicates("fingerprint")
    rows = rows.drop_duplicates("fingerprint").merge(texts[["fingerprint", "text"]], on="fingerprint")
    shown = rows.head(options.count)[["fingerprint", "label", "probability", "text"]]
    for fingerprint, label, probability, text in shown.to_numpy(object).tolist():
        print(f"{fingerprint}  label {NAMES[label]}, P(positive) {probability:.3f}\n\n{text}\n")
    print(f"{len(rows):,} reviews are still to be read. Record one of these for each:", file=sys.stderr)
    print("\n".join(f"  {name}: {meaning}" for name, meaning in choices.items()), file=sys.stderr)
    return 0


def _mistakes(folder: Path | None) -> tuple[pd.DataFrame, dict[str, str]]:
    """Returns the mistakes of a run that have no cause yet, and the possible causes with their meanings."""
    run = artifacts.open_run(folder)
    rows = review_notes.confident_test_mistakes(run)
    if rows is None:
        raise ArtifactError(f"The run {run.name} has no test results; run scripts/evaluate.py first.")
    return rows[rows["cause"].isna()], review_notes.CAUSES


def _labels() -> tuple[pd.DataFrame, dict[str, str]]:
    """Returns the suspected labels that have no verdict yet, and the possible verdicts with their meanings."""
    found = review_notes.label_errors()
    if found is None:
        raise ArtifactError("No labels are suspected yet; run scripts/find_label_errors.py first.")
    rows = found[0].sort_values("fingerprint")  # a hash, so the order is as good as random
    return rows[~rows["fingerprint"].isin(review_notes.label_verdicts().keys())], review_notes.VERDICTS


def _options() -> argparse.Namespace:
    parser = command_line.parser(__doc__)
    parser.add_argument("what", choices=("mistakes", "labels"), help="which reviews")
    parser.add_argument("--data", type=Path, required=True, help="the IMDB reviews, in any format that train.py reads")
    parser.add_argument("--artifacts", type=Path, metavar="RUN_FOLDER", help="run (default: artifacts/default)")
    parser.add_argument("--count", type=int, default=10, help="number of reviews to print (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main)

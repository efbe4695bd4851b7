"""Measures the effect of a new head on the run's validation reviews, from the states stored with the run."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sentiment.adapt.head import Head
from sentiment.artifacts import Run
from sentiment.evaluation.comparison import compare
from sentiment.evaluation.states import read_validation_states


@dataclass(frozen=True, slots=True)
class Cost:
    """Accuracy on the run's validation reviews.

    Attributes:
        n: number of reviews.
        before: accuracy of the run's own head.
        after: accuracy of the new head.
        interval: 95% interval of the difference, after minus before, by a paired bootstrap.
    """

    n: int
    before: float
    after: float
    interval: tuple[float, float]


def validation_cost(run: Run, before: Head, after: Head) -> Cost | None:
    """Returns the accuracy with either head; None if the run has no stored states or no validation reviews.

    Raises:
        ArtifactError: a file of the run is damaged.
    """
    states = read_validation_states(run, len(before.kernel))
    if states is None or not len(states):
        return None
    table = pd.read_parquet(run.file("predictions.parquet"), columns=["split", "label"])
    labels = table["label"][table["split"] == "validation"].to_numpy()
    right = [head.positive(states.astype("float32")) == labels for head in (before, after)]
    difference = compare(*right, samples=2_000)
    return Cost(len(labels), float(right[0].mean()), float(right[1].mean()), difference.interval)

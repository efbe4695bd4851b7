"""Adapts a run to the labels of a scored file, and compares both heads on the unlabelled rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.adapt.cost import Cost, validation_cost
from sentiment.adapt.head import Adaptation, Head, adapt
from sentiment.adapt.labelled import distinct
from sentiment.artifacts import open_run
from sentiment.bulk.labelling import Labelling
from sentiment.model.classifier import Classifier

MOST_LABELS = 2_000  # to which a head is fitted, so that a fit takes less than a second

_BLOCK = 4_096  # rows

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class FileAdaptation:
    """A new head for the labels of a file.

    Attributes:
        places: <intp>[n], indices in the pool of the labelled rows, one for each distinct text.
        texts: their texts.
        labels: <int>[n], 1 positive and 0 negative.
        start: the run's own head.
        found: the new head, with metrics before and after.
        cost: accuracy of either head on the run's validation reviews; None if it is unknown.
        changed: <intp>[k], indices in the pool of the unlabelled rows whose predicted label changes.
        before, after: <float64>[k], P(positive) of those rows.
    """

    places: Places
    texts: list[str]
    labels: npt.NDArray[np.int64]
    start: Head
    found: Adaptation
    cost: Cost | None
    changed: Places
    before: npt.NDArray[np.float64]
    after: npt.NDArray[np.float64]


def places_to_learn(labelling: Labelling) -> Places:
    """Returns indices in the pool of at most ``MOST_LABELS`` labels to train on: the user's own, then the file's."""
    others = np.setdiff1d(labelling.labelled, labelling.own)  # in the pool's random order
    return np.concatenate([labelling.own, others])[:MOST_LABELS]


def adapt_to_file(
    classifier: Classifier,
    labelling: Labelling,
    places: Places,
    texts: Sequence[str],
    states: npt.NDArray[np.floating[Any]],
    *,
    balanced: bool = False,
) -> FileAdaptation | None:
    """Fits a new head to the labels of a file; None if a class has fewer than two.

    Args:
        classifier: the model that scored the file.
        labelling: the labels.
        places: the rows to train on, from ``places_to_learn``.
        texts: their texts.
        states: <float>[pool, features] of all rows of the pool.
        balanced: whether both classes have the same weight.
    """
    kept, labels = distinct(texts, labelling.labels[places])
    start = Head.of(classifier)
    found = adapt(states[places[kept]].astype(np.float32), labels, start, balanced=balanced)
    if found is None:
        return None
    cost = validation_cost(open_run(classifier.run), start, found.head)
    turned = _positive(start, states) != _positive(found.head, states)
    changed = np.flatnonzero(turned & (labelling.labels < 0))
    before, after = (head.probabilities(states[changed].astype(np.float32)) for head in (start, found.head))
    order = np.argsort(-np.abs(after - before), kind="stable")
    kept_texts = [texts[place] for place in kept]
    return FileAdaptation(
        places[kept], kept_texts, labels, start, found, cost, changed[order], before[order], after[order]
    )


def _positive(head: Head, states: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.bool_]:
    """Returns whether a head labels each row positive, <bool>[rows], with one block of float32 states in memory."""
    starts = range(0, len(states), _BLOCK)
    return np.concatenate([head.positive(states[start : start + _BLOCK].astype(np.float32)) for start in starts])


class _HeadModel:
    """The model of a run with another last layer; implements ``session.Model``."""

    def __init__(self, classifier: Classifier, head: Head) -> None:
        self._classifier, self._head = classifier, head

    def run(self, outputs: list[str], feed: dict[str, Any]) -> list[Any]:
        """Implements ``InferenceSession.run``."""
        reviews = [ids[:length] for ids, length in zip(feed["ids"], feed["lengths"], strict=True)]
        return [self._head.logits(self._classifier.states(reviews)).astype(np.float32)]


def with_head(classifier: Classifier, head: Head) -> Classifier:
    """Returns a classifier with another last layer, in memory only."""
    weights = head.in_weights(classifier.weights)
    return Classifier(
        classifier.run, classifier.preprocessor, head.rule, _HeadModel(classifier, head), weights=lambda: weights
    )

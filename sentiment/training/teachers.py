"""Soft targets: the calibrated predictions of models that were trained on labels (Hinton et al. 2015)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sentiment.artifacts import ArtifactError, Run
from sentiment.evaluation import metrics
from sentiment.model.lookup_session import load_bulk
from sentiment.model.weights import Weights, read_onnx
from sentiment.training.examples import Examples
from sentiment.training.ngrams import NgramModel

Ids = npt.NDArray[np.int32]


def ngram_targets(
    unlabelled: Sequence[Ids], labelled: Examples, held_out: Examples, vocabulary_size: int
) -> npt.NDArray[np.float32]:
    """Returns <float32>[unlabelled], the probability of "positive" by an n-gram model.

    The model is calibrated on ``held_out``. No review may be empty.
    """
    model = NgramModel(labelled.ids, labelled.targets.astype(np.int8), vocabulary_size)
    temperature = metrics.fit_temperature(model.logits(held_out.ids), held_out.targets.astype(np.int8))
    return metrics.sigmoid(model.logits(unlabelled) / temperature).astype(np.float32)


def run_logits(run: Run, reviews: Sequence[Ids]) -> npt.NDArray[np.float32]:
    """Returns <float32>[reviews], the calibrated logits of a run for reviews that are encoded by its vocabulary.

    No review may be empty.

    Raises:
        ArtifactError: the run cannot be used.
    """
    classifier = load_bulk(run.path)
    return classifier.rule.calibrated(classifier.logits(reviews))


def read_weights(run: Run) -> Weights:
    """Returns the weights of a run.

    Raises:
        ArtifactError: it does not hold a model of this program.
    """
    try:
        return read_onnx(run.file("model.onnx"))
    except ValueError as error:
        raise ArtifactError(f"The run {run.name} does not hold a model of this program ({error}).") from error

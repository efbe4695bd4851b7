"""What unlabelled reviews are taught with: what models make of them that learnt from labels (Hinton et al. 2015)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from sentiment import artifacts, metrics
from sentiment.bulk.tabled import load_bulk
from sentiment.training.fit import Examples
from sentiment.training.networks import Start
from sentiment.training.ngrams import NgramModel
from sentiment.vocabulary import Vocabulary
from sentiment.weights import read_onnx

Ids = npt.NDArray[np.int32]
Logits = npt.NDArray[np.floating]
Reading = tuple[Logits, Logits]  # of the unlabelled reviews and of those held out


class OtherVocabularyError(Exception):
    """A run that was to be begun with knows other words than the texts at hand."""


def start_of(run: artifacts.Run, vocabulary: Vocabulary) -> Start:
    """The weights of an earlier run of the same layers, to begin with.

    Raises:
        OtherVocabularyError: its words are others, or stand in another order.
    """
    if Vocabulary.read(run.file("vocabulary.txt")).tokens != vocabulary.tokens:
        raise OtherVocabularyError(run.name)
    weights = read_onnx(run.file("model.onnx"))
    lstm = [array for each in weights.directions for array in (each.kernel, each.recurrent, each.bias)]
    dense = weights.dense_kernel[:, None], np.array([weights.dense_bias], np.float32)
    return Start(weights.embedding.astype(np.float32), tuple(lstm), dense)


def ngram_reading(unlabelled: Sequence[Ids], labelled: Examples, held_out: Examples, vocabulary_size: int) -> Reading:
    """What an n-gram model makes of reviews, none of them empty, when it has learnt from the labelled ones."""
    model = NgramModel(labelled.ids, labelled.targets.astype(np.int8), vocabulary_size)
    return model.logits(unlabelled), model.logits(held_out.ids)


def run_reading(run: artifacts.Run, unlabelled: Iterable[str], held_out: Iterable[str]) -> Reading:
    """What an earlier run makes of texts that have tokens; others it leaves out."""
    classifier = load_bulk(run.path)

    def logits(texts: Iterable[str]) -> Logits:
        encoded = [classifier.preprocessor.ids(text)[0] for text in texts]
        return classifier.logits([ids for ids in encoded if len(ids)])

    return logits(unlabelled), logits(held_out)


def taught(unlabelled: Sequence[Ids], held_out: Examples, readings: Sequence[Reading]) -> Examples:
    """The unlabelled reviews, with the mean of the teachers' calibrated logits, calibrated again, as probabilities."""
    labels = held_out.targets.astype(np.int8)
    by = [metrics.fit_temperature(held, labels) for _, held in readings]
    mean, mean_held = (
        np.mean([logits / temperature for logits, temperature in zip(part, by, strict=True)], axis=0)
        for part in zip(*readings, strict=True)
    )
    return Examples(unlabelled, metrics.sigmoid(mean / metrics.fit_temperature(mean_held, labels)).astype(np.float32))

"""What unlabelled reviews are taught with: what models make of them that learnt from labels (Hinton et al. 2015)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from sentiment import artifacts
from sentiment.evaluation import metrics
from sentiment.model.lookup_session import load_bulk
from sentiment.training.examples import Examples
from sentiment.training.ngrams import NgramModel

Ids = npt.NDArray[np.int32]
Logits = npt.NDArray[np.floating]
Reading = tuple[Logits, Logits]  # <float>[unlabelled] and <float>[held_out]


def ngram_reading(unlabelled: Sequence[Ids], labelled: Examples, held_out: Examples, vocabulary_size: int) -> Reading:
    """What an n-gram model that has learnt from labelled reviews makes of others, none of them empty."""
    model = NgramModel(labelled.ids, labelled.targets.astype(np.int8), vocabulary_size)
    return model.logits(unlabelled), model.logits(held_out.ids)


def run_reading(run: artifacts.Run, unlabelled: Iterable[str], held_out: Iterable[str]) -> Reading:
    """What an earlier run makes of texts that have tokens; others it leaves out.

    Raises:
        ArtifactError: the run is damaged.
    """
    classifier = load_bulk(run.path)

    def logits(texts: Iterable[str]) -> Logits:
        encoded = [classifier.preprocessor.ids(text)[0] for text in texts]
        return classifier.logits([ids for ids in encoded if len(ids)])

    return logits(unlabelled), logits(held_out)


def soft_targets(held_out: Examples, readings: Sequence[Reading]) -> npt.NDArray[np.float32]:
    """<float32>[unlabelled], the probability of "positive": of the mean of the teachers' calibrated logits."""
    labels = held_out.targets.astype(np.int8)
    temperatures = [metrics.fit_temperature(held, labels) for _, held in readings]
    mean, mean_held = (
        np.mean([logits / temperature for logits, temperature in zip(part, temperatures, strict=True)], axis=0)
        for part in zip(*readings, strict=True)
    )
    return metrics.sigmoid(mean / metrics.fit_temperature(mean_held, labels)).astype(np.float32)

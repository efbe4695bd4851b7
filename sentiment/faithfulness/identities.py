"""Checks identities that hold for any weights, exactly or in the limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.explain.stability import correlation
from sentiment.faithfulness.methods import Floats, Ids, Logits, Method
from sentiment.model.attribution import Attribution, Attributor, integrated_gradients, rescale_rule
from sentiment.model.weights import Direction, Weights
from sentiment.text.vocabulary import UNK


def forward_gaps(attributor: Attributor, logits: Logits, reviews: Sequence[Ids]) -> npt.NDArray[np.float64]:
    """Returns the absolute difference of the attributor's forward pass from the model's logits, <float64>[reviews]."""
    gaps = []
    for review, score in zip(reviews, logits(reviews).tolist(), strict=True):
        path = attributor.path([review])
        gaps.append(abs(float(path.lstm.logits(path.at(1), path.lengths)[0]) - score))
    return np.array(gaps)


def completeness_gaps(method: Method, logits: Logits, reviews: Sequence[Ids]) -> npt.NDArray[np.float64]:
    """Returns |baseline + contributions - logit|, <float64>[reviews]."""
    return _gaps(method(reviews), logits(reviews))


def dummy_values(method: Method, reviews: Sequence[Ids], rng: np.random.Generator) -> Floats:
    """Returns the contributions of unknown words, <float>[n].

    In addition to those of the reviews, one unknown word per ten tokens is inserted at a random position.
    """
    values = []
    for review in reviews:
        places = rng.integers(len(review) + 1, size=max(1, len(review) // 10))
        text = np.insert(review, places, UNK)
        [attribution] = method([text])
        values.append(attribution.contributions[text == UNK])
    return np.concatenate(values)


def limit_agreement(
    attributor: Attributor, logits: Logits, reviews: Sequence[Ids], segments: int, points: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Compares the rescale rule in many segments with integrated gradients at many points.

    Returns:
        <float64>[reviews], Pearson's correlation of the two; and <float64>[reviews], the completeness gap of integrated
        gradients in logits. If the gap is large, they have not converged to the common limit.
    """
    rules = (partial(rescale_rule, segments=segments), partial(integrated_gradients, points=points))
    rescaled, integrated = (attributor(reviews, rule) for rule in rules)
    pairs = zip(rescaled, integrated, strict=True)
    agreement = [correlation(a.contributions, b.contributions) for a, b in pairs]
    return np.array(agreement), _gaps(integrated, logits(reviews))


def _gaps(attributions: Sequence[Attribution], scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    totals = [each.baseline_logit + each.contributions.sum(dtype=np.float64) for each in attributions]
    return np.abs(np.array(totals) - scores)


def shuffled(weights: Weights, rng: np.random.Generator) -> Weights:
    """Returns the weights with the values of each array in random order (Adebayo et al. 2018)."""
    shuffle = partial(_shuffle, rng)
    return replace(
        weights,
        embedding=shuffle(weights.embedding),
        directions=tuple(
            Direction(shuffle(d.kernel), shuffle(d.recurrent), shuffle(d.bias)) for d in weights.directions
        ),
        dense_kernel=shuffle(weights.dense_kernel),
    )


def _shuffle(rng: np.random.Generator, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return rng.permutation(array.ravel()).reshape(array.shape)

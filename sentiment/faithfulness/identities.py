"""What must hold exactly, or in the limit, whatever the model has learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.explain.stability import correlation
from sentiment.faithfulness.methods import Floats, Ids, Logits, Method
from sentiment.model.attribution import Attribution, Attributor, integrated_gradients, path_secants
from sentiment.model.weights import Direction, Weights
from sentiment.text.vocabulary import UNK


def forward_gaps(attributor: Attributor, logits: Logits, reviews: Sequence[Ids]) -> npt.NDArray[np.float64]:
    """<float64>[reviews], how far our pass is from the model's scores."""
    gaps = []
    for review, score in zip(reviews, logits(reviews).tolist(), strict=True):
        path = attributor.path([review])
        gaps.append(abs(float(path.lstm.logits(path.at(1), path.lengths)[0]) - score))
    return np.array(gaps)


def completeness_gaps(method: Method, logits: Logits, reviews: Sequence[Ids]) -> npt.NDArray[np.float64]:
    """<float64>[reviews], how far baseline and contributions together are from the model's score."""
    return _gaps(method(reviews), logits(reviews))


def dummy_values(method: Method, reviews: Sequence[Ids], rng: np.random.Generator) -> Floats:
    """<float>[n], what the unknown words of reviews get, and more put in at random, one for every ten tokens."""
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
    """Path secants in many segments beside integrated gradients at many points.

    Returns:
        <float64>[reviews], Pearson's correlation of the two; and <float64>[reviews], how far integrated gradients are
        from making up the score: where they miss it, they are not yet the limit that both tend to.
    """
    rules = (partial(path_secants, segments=segments), partial(integrated_gradients, points=points))
    secants, integrated = (attributor(reviews, rule) for rule in rules)
    pairs = zip(secants, integrated, strict=True)
    agreement = [correlation(a.contributions, b.contributions) for a, b in pairs]
    return np.array(agreement), _gaps(integrated, logits(reviews))


def _gaps(attributions: Sequence[Attribution], scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    totals = [each.baseline_logit + each.contributions.sum(dtype=np.float64) for each in attributions]
    return np.abs(np.array(totals) - scores)


def shuffled(weights: Weights, rng: np.random.Generator) -> Weights:
    """A model that has learned nothing: the same numbers, each array's in random order (Adebayo et al. 2018)."""
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

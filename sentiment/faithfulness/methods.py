"""The compared attribution methods, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.model.attribution import Attribution, Attributor, Path, integrated_gradients, rescale_rule
from sentiment.model.weights import Weights
from sentiment.text.vocabulary import UNK

Ids = npt.NDArray[np.int32]
Floats = npt.NDArray[np.floating[Any]]
Logits = Callable[[Sequence[Ids]], Floats]
Method = Callable[[Sequence[Ids]], list[Attribution]]

OURS = "rescale rule"
RIVALS = ("gradient x input", "leave-one-out")  # the methods with which ours is compared by review


def methods(weights: Weights, max_length: int, logits: Logits) -> dict[str, Method]:
    """Returns every method by its reported name, ours first.

    Args:
        weights: the model's weights.
        max_length: the maximum length of a review, in tokens.
        logits: scores encoded reviews, none of them empty.
    """
    width = weights.embedding.shape[1]
    mean = weights.embedding[UNK:].mean(axis=0, dtype=np.float32)
    from_unknown = Attributor(weights, max_length)
    from_zero = Attributor(weights, max_length, baseline=np.zeros(width))
    return {
        OURS: from_unknown,
        "rescale rule, 4 segments": partial(from_unknown, rule=partial(rescale_rule, segments=4)),
        "rescale rule, zero baseline": from_zero,
        "rescale rule, mean-word baseline": Attributor(weights, max_length, baseline=mean),
        "integrated gradients, 16 points": partial(from_unknown, rule=partial(integrated_gradients, points=16)),
        "gradient x input": partial(from_zero, rule=gradient),
        "leave-one-out": partial(leave_one_out, logits),
        "random": partial(random_values, logits),
    }


def candidates(weights: Weights, max_length: int, reviews: Sequence[Ids]) -> dict[str, Method]:
    """Returns the candidates for our method: the rescale rule from several baselines, in few segments.

    Args:
        weights: the model's weights.
        max_length: the maximum length of a review, in tokens.
        reviews: encoded reviews, whose mean token is one of the baselines.
    """
    embedding = weights.embedding.astype(np.float64)
    counts = np.bincount(np.concatenate(reviews), minlength=len(embedding))
    baselines = {
        "unknown word": embedding[UNK],
        "zero": np.zeros_like(embedding[UNK]),
        "mean word of the vocabulary": embedding[UNK:].mean(axis=0),
        "mean token of the reviews": counts @ embedding / counts.sum(),
    }
    result: dict[str, Method] = {}
    for name, baseline in baselines.items():
        attributor = Attributor(weights, max_length, baseline=baseline)
        for segments in (1, 2, 4):
            rule = partial(rescale_rule, segments=segments)
            result[f"{name}, {segments} segment{'s' * (segments > 1)}"] = partial(attributor, rule=rule)
    return result


def gradient(path: Path) -> Floats:
    """Returns the gradient at the review; with a baseline of zeros, this gives gradient x input."""
    return path.gradient(1)


def leave_one_out(logits: Logits, reviews: Sequence[Ids]) -> list[Attribution]:
    """Attributes to each token the fall in the logit when it is deleted, or made unknown if it is the only one."""
    result = []
    for review, baseline in zip(reviews, _unknown(logits, reviews), strict=True):
        others = [np.delete(review, place) for place in range(len(review))]
        score, *without = logits([review, *(others if len(review) > 1 else [np.array([UNK], np.int32)])]).tolist()
        result.append(Attribution(baseline, (score - np.array(without)).astype(np.float32)))
    return result


def random_values(logits: Logits, reviews: Sequence[Ids]) -> list[Attribution]:
    """Attributes random values, which depend only on the review."""
    seeds = ([len(review), int(review.sum())] for review in reviews)
    values = (np.random.default_rng(seed).normal(size=seed[0]).astype(np.float32) for seed in seeds)
    return [Attribution(*pair) for pair in zip(_unknown(logits, reviews), values, strict=True)]


def _unknown(logits: Logits, reviews: Sequence[Ids]) -> list[float]:
    """Returns the logits of texts of unknown words, of the same lengths as the reviews."""
    scores: list[float] = logits([np.full_like(review, UNK) for review in reviews]).tolist()
    return scores

"""Measures how often a change of typing or encoding changes a prediction.

The texts are drawn from unlabelled reviews. The result has no texts, only counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sentiment.behaviour.checking import Predict
from sentiment.behaviour.writing import CHANGES, has_negation
from sentiment.evaluation.metrics import wilson_interval
from sentiment.types import Prediction

SENTENCES, REVIEWS = 3_000, 1_500
SAMPLES = ("sentences", "reviews")
_SEED = 1
_WORDS = range(4, 41)  # of a sentence
_ENDS = re.compile(r"(?<=[.!?])\s+|<br ?/?>", re.IGNORECASE)


def measure(
    predict: Predict, reviews: Sequence[str], changes: Mapping[str, Callable[[str], str]] = CHANGES
) -> dict[str, Any]:
    """Returns the key ``writing`` of ``behaviour.json``, which ``report.py`` describes.

    Args:
        predict: a function like ``Classifier.predict``.
        reviews: unlabelled reviews, from which the texts are drawn.
        changes: functions that change a text, by description.
    """
    samples = dict(zip(SAMPLES, draw(reviews), strict=True))
    before = {name: predict(texts) for name, texts in samples.items()}
    sizes = {
        name: {"n": len(found), "confident": sum(each.confidence == "confident" for each in found)}
        for name, found in before.items()
    }
    rows = [
        {"change": name, **{sample: _row(predict, change, samples[sample], before[sample]) for sample in SAMPLES}}
        for name, change in changes.items()
    ]
    return {"seed": _SEED, **sizes, "changes": rows}


def draw(reviews: Sequence[str]) -> tuple[list[str], list[str]]:
    """Draws sentences with a negation such as "don't", at most one from each review, and whole reviews."""
    random = np.random.default_rng(_SEED)
    shuffled = [reviews[i] for i in random.permutation(len(reviews))]
    sentences: list[str] = []
    for review in shuffled:
        if found := [part for part in _ENDS.split(review) if has_negation(part) and len(part.split()) in _WORDS]:
            sentences.append(found[random.integers(len(found))].strip())
        if len(sentences) == SENTENCES:
            break
    return sentences, shuffled[:REVIEWS]


def _row(
    predict: Predict, change: Callable[[str], str], texts: Sequence[str], before: Sequence[Prediction]
) -> dict[str, Any]:
    changed = [(was, new) for text, was in zip(texts, before, strict=True) if (new := change(text)) != text]
    after = predict([new for _, new in changed])
    pairs = [(was, now) for (was, _), now in zip(changed, after, strict=True)]
    flips = sum(was.label != now.label for was, now in pairs)
    lost = sum(was.confidence == "confident" != now.confidence for was, now in pairs)
    confident = sum(each.confidence == "confident" for each in before)
    return {"changed": len(changed), "flips": _share(flips, len(texts)), "lost": _share(lost, confident)}


def _share(count: int, n: int) -> dict[str, Any]:
    return {"n": count, "share": count / n if n else None, "interval": list(wilson_interval(count, n))}

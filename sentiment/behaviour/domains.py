"""Evaluates a model on short texts from several domains, with VADER (Hutto & Gilbert 2014) as a lexicon baseline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import repeat
from typing import Any, get_args

from sentiment.behaviour.checking import Predict
from sentiment.behaviour.sentences import Sentence
from sentiment.evaluation.metrics import wilson_interval
from sentiment.types import Confidence, Prediction

LEVELS: tuple[Confidence, ...] = get_args(Confidence)
_PACKAGE = "vaderSentiment"

Scored = list[tuple[Sentence, Prediction, float | None]]  # the last is VADER's compound score, from -1 to 1


def evaluate(predict: Predict, sentences: Sequence[Sentence]) -> dict[str, Any]:
    """Returns the keys ``vader`` and ``domains`` of ``behaviour.json``, which ``report.py`` describes."""
    texts = [sentence.text for sentence in sentences]
    scores = vader(texts)
    scored = list(zip(sentences, predict(texts), scores or repeat(None, len(texts)), strict=True))
    names = dict.fromkeys(sentence.domain for sentence in sentences)
    rows = [{"domain": name, **_row([each for each in scored if each[0].domain == name])} for name in names]
    return {"vader": version(_PACKAGE) if scores else None, "domains": [*rows, {"domain": "all", **_row(scored)}]}


def vader(texts: Sequence[str]) -> list[float] | None:
    """Returns VADER's compound score of each text, from -1 to 1; None if VADER is not installed."""
    try:
        version(_PACKAGE)
    except PackageNotFoundError:
        return None
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # here, because it is optional

    analyzer = SentimentIntensityAnalyzer()
    return [analyzer.polarity_scores(text)["compound"] for text in texts]


def _row(scored: Scored) -> dict[str, Any]:
    clear = [each for each in scored if each[0].mood != "mixed"]
    confident = [each for each in clear if each[1].confidence == "confident"]
    mixed = Counter(prediction.confidence for sentence, prediction, _ in scored if sentence.mood == "mixed")
    return {
        **_accuracy(clear),
        "vader": _vader_accuracy(clear),
        "confident": _accuracy(confident),
        "mixed": {"n": mixed.total(), **{level: mixed[level] for level in LEVELS}},
    }


def _accuracy(scored: Scored) -> dict[str, Any]:
    correct = sum(sentence.mood == prediction.label for sentence, prediction, _ in scored)
    share = correct / len(scored) if scored else None
    return {"n": len(scored), "accuracy": share, "interval": list(wilson_interval(correct, len(scored)))}


def _vader_accuracy(scored: Scored) -> dict[str, Any] | None:
    """Returns VADER's accuracy, in which a score of 0 counts as half correct."""
    scores = [score if sentence.mood == "positive" else -score for sentence, _, score in scored if score is not None]
    if not scores:
        return None
    silent = scores.count(0)
    correct = sum(score > 0 for score in scores)
    return {"accuracy": (correct + silent / 2) / len(scores), "silent": silent}

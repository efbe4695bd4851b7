"""How a model reads short texts of several domains, beside VADER (Hutto & Gilbert 2014), which knows words alone."""

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

Read = list[tuple[Sentence, Prediction, float | None]]  # the last is VADER's compound score, from -1 to 1


def judge(predict: Predict, sentences: Sequence[Sentence]) -> dict[str, Any]:
    """What ``behaviour.json`` says of domains; see ``report.py``."""
    texts = [sentence.text for sentence in sentences]
    scores = vader(texts)
    read = list(zip(sentences, predict(texts), scores or repeat(None, len(texts)), strict=True))
    names = dict.fromkeys(sentence.domain for sentence in sentences)
    rows = [{"domain": name, **_row([each for each in read if each[0].domain == name])} for name in names]
    return {"vader": version(_PACKAGE) if scores else None, "domains": [*rows, {"domain": "all", **_row(read)}]}


def vader(texts: Sequence[str]) -> list[float] | None:
    """VADER's compound score of each text, from -1 to 1; None where VADER is not installed."""
    try:
        version(_PACKAGE)
    except PackageNotFoundError:
        return None
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # here, because serving does without it

    analyzer = SentimentIntensityAnalyzer()
    return [analyzer.polarity_scores(text)["compound"] for text in texts]


def _row(read: Read) -> dict[str, Any]:
    clear = [each for each in read if each[0].mood != "mixed"]
    sure = [each for each in clear if each[1].confidence == "confident"]
    mixed = Counter(prediction.confidence for sentence, prediction, _ in read if sentence.mood == "mixed")
    return {
        **_right(clear),
        "vader": _vader_right(clear),
        "confident": _right(sure),
        "mixed": {"n": mixed.total(), **{level: mixed[level] for level in LEVELS}},
    }


def _right(read: Read) -> dict[str, Any]:
    right = sum(sentence.mood == prediction.label for sentence, prediction, _ in read)
    share = right / len(read) if read else None
    return {"n": len(read), "accuracy": share, "interval": list(wilson_interval(right, len(read)))}


def _vader_right(read: Read) -> dict[str, Any] | None:
    """A score of 0 is no verdict and counts as half right, as a coin would be."""
    scores = [score if sentence.mood == "positive" else -score for sentence, _, score in read if score is not None]
    if not scores:
        return None
    silent = scores.count(0)
    right = sum(score > 0 for score in scores)
    return {"accuracy": (right + silent / 2) / len(scores), "silent": silent}

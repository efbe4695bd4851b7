r"""Sentiment of movie reviews by an LSTM, with contributions that add up.

The way of one review::

    text -> tokenizer -> Tokens -> vocabulary -> ids -> model -> logit -> verdict -> Prediction
                                                  \-> attribution -> contributions -> Explanation

The model is run by ONNX Runtime, in batches, and for a single review by compiled steps, where there is a compiler.

Imports point down only::

    app          -> bulk, evaluation, classifier     the only part that imports Streamlit
    training     -> classifier, dataset, metrics     the only part that imports TensorFlow
    bulk, evaluation, behaviour -> classifier, dataset, metrics
    classifier   -> preprocessor, sessions, single_review, attribution, artifacts, weights, verdict
    preprocessor -> tokenizer, vocabulary -> records
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentiment.classifier import Classifier

__all__ = ["Classifier"]

if find_spec("fcntl") is None:  # Windows: jobs and files are locked with it
    print("Sentiment runs on Linux and macOS; on Windows, use the Windows Subsystem for Linux.", file=sys.stderr)
    sys.exit(2)

# Since 1.29 ONNX Runtime reports to its maker from the moment of its import, unless this is set before. Nothing is to
# leave the machine, so it is set here, which every part of the package passes first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def __getattr__(name: str) -> Any:
    """Imports the classifier, and with it ONNX Runtime, only when it is asked for."""
    if name == "Classifier":
        from sentiment.classifier import Classifier

        return Classifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

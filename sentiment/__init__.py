r"""Sentiment analysis of movie reviews with an LSTM, explained by word contributions that add up to the score.

The path of one review through the package::

    text -> text.preprocessor (tokenizer, vocabulary) -> token ids -> model -> logit -> model.decision -> Prediction
                                                            \-> model.attribution -> contributions -> Explanation

``model.classifier`` is the entry point. It computes the logit of one review with ``model.single_review`` and those of
several with ``model.session``. Files go through ``bulk.pipeline`` and ``bulk.scoring`` to ``model.lookup_session``.

Imports point down only; ``tests/test_imports.py`` holds this map::

    commands                        the command ``sentiment``
    app                             the web app, a package for each page; the only part that imports Streamlit
    training                        trains a model and writes its run; the only part that imports TensorFlow
    adapt                           adapts a run to a user's own labels, without TensorFlow
    api model_card                  the API for programs; the README of a run
    faithfulness                    checks that explanations are true
    adaptation_card                 what an adapted run gained over its parent
    behaviour bulk explain          CheckList tests; scoring of files; uses of an explanation
    budget                          the time, memory and disk that visitors of a server may use
    evaluation formatting front_matter presets   predictions and metrics; numbers as text; cards; training recipes
    dataset model                   labelled reviews; the network in every form, its decision and its attribution
    tables                          readers of review files, their columns and labels
    parquet_batches text            Parquet in bounded batches; tokenizer, vocabulary and preprocessor
    artifacts file_limits system types   a run's folder; bounds on files; the machine; plain records
    errors paths                    the base class of errors; the program's folders
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentiment.model.classifier import Classifier

__all__ = ["Classifier", "__version__"]

__version__ = "0.2.0"

if find_spec("fcntl") is None:  # Windows lacks these file locks
    print("Sentiment runs on Linux and macOS; on Windows, use the Windows Subsystem for Linux.", file=sys.stderr)
    sys.exit(2)

# ONNX Runtime 1.29 and later send usage reports on import unless this is set first. Every import of the package runs
# this line, so nothing leaves the machine.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def __getattr__(name: str) -> Any:
    """Imports the classifier, and with it ONNX Runtime, on first use."""
    if name == "Classifier":
        from sentiment.model.classifier import Classifier

        return Classifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

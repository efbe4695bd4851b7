"""A single review in the least time, and batches as ``model.onnx`` runs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sentiment.model.native.lstm import CompiledLSTM, compiled
from sentiment.model.session import Model, open_model
from sentiment.model.weights import Weights, read_onnx


class SingleReview:
    """Stands in for a session of ``model.onnx``; to be used from any number of threads."""

    def __init__(self, session: Model, lstm: CompiledLSTM) -> None:
        self._session, self._lstm = session, lstm

    def run(self, outputs: list[str], feed: dict[str, Any]) -> list[Any]:
        """As ``InferenceSession.run``."""
        ids, lengths = feed["ids"], feed["lengths"]
        if len(lengths) > 1:
            return self._session.run(outputs, feed)
        return [np.array([self._lstm.logit(ids[0, : lengths[0]])], np.float32)]


def open_single_review(path: Path, weights: Callable[[], Weights] | None = None) -> Model:
    """Opens ``model.onnx``, compiled for single reviews where that is possible.

    Args:
        path: of ``model.onnx``.
        weights: reads its weights.

    Raises:
        ValueError: it is not a model of this program.
    """
    lstm = compiled(
        weights() if weights else read_onnx(path)
    )  # before ONNX Runtime opens it, because it is checked here
    session = open_model(path)
    return SingleReview(session, lstm) if lstm else session

"""Scores a single review with the compiled LSTM for low latency, and batches with ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sentiment.model.native.lstm import CompiledLSTM, compiled_lstm
from sentiment.model.session import Model, open_model
from sentiment.model.weights import Weights, read_onnx


class SingleReviewModel:
    """Replaces a session of ``model.onnx``; thread-safe."""

    def __init__(self, session: Model, lstm: CompiledLSTM) -> None:
        self._session, self._lstm = session, lstm

    def run(self, outputs: list[str], feed: dict[str, Any]) -> list[Any]:
        """Implements ``InferenceSession.run``."""
        ids, lengths = feed["ids"], feed["lengths"]
        if len(lengths) > 1:
            return self._session.run(outputs, feed)
        return [np.array([self._lstm.logit(ids[0, : lengths[0]])], np.float32)]


def open_single_review(path: Path, weights: Callable[[], Weights] | None = None) -> Model:
    """Opens ``model.onnx``, with the compiled LSTM for single reviews if that is available.

    Args:
        path: the path of ``model.onnx``.
        weights: reads its weights; by default from ``path``.

    Raises:
        ValueError: the file is not a model of this program.
    """
    lstm = compiled_lstm(weights() if weights else read_onnx(path))  # first, because this checks the file
    session = open_model(path)
    return SingleReviewModel(session, lstm) if lstm else session

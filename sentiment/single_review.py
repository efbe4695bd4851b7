"""A single review in the least time, and batches as ``model.onnx`` runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sentiment.compiled_lstm import CompiledLSTM, compiled
from sentiment.sessions import Model, open_model
from sentiment.weights import read_onnx


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


def open_single_review(path: Path) -> Model:
    """``model.onnx``, compiled for single reviews if that can be.

    Raises:
        ValueError: it is not a model of this program.
    """
    session, lstm = open_model(path), compiled(read_onnx(path))
    return SingleReview(session, lstm) if lstm else session

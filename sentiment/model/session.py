"""Runs ``model.onnx`` with ONNX Runtime. Alternatives: ``single_review.py``, ``lookup_session.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import onnxruntime as ort


class Model(Protocol):
    """The interface of ONNX Runtime's session that this package uses."""

    def run(self, outputs: list[str], feed: dict[str, Any]) -> list[Any]:
        """Maps ``ids <int32>[batch, time]``, ``lengths <int32>[batch]`` and ``["logit"]`` to ``[<float32>[batch]]``."""


def session_options() -> ort.SessionOptions:
    """Returns options for one thread per call: two parallel calls use two cores better than one call on both."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return options


def open_model(path: Path, weights: object = None) -> Model:
    """Opens a session of ``model.onnx``, which takes the least time to open; it reads the weights by itself.

    Raises:
        ValueError: the model is not one of this program. A file that is no model raises ONNX Runtime's own errors.
    """
    session = ort.InferenceSession(path, session_options(), providers=["CPUExecutionProvider"])
    if [put.name for put in (*session.get_inputs(), *session.get_outputs())] != ["ids", "lengths", "logit"]:
        raise ValueError(f"{path.name} takes or gives something else than this program's model")
    return session

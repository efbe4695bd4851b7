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
    """Returns options for one thread per call, because parallel calls use the cores better than one call on all."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return options


def open_model(path: Path, weights: object = None) -> Model:
    """Opens a session of ``model.onnx``, which is the fastest implementation to open.

    Args:
        path: the path of ``model.onnx``.
        weights: not used; ONNX Runtime reads the weights itself.

    Raises:
        ValueError: the model is not one of this program. A file that is not a model raises errors of ONNX Runtime.
    """
    session = ort.InferenceSession(path, session_options(), providers=["CPUExecutionProvider"])
    if [put.name for put in (*session.get_inputs(), *session.get_outputs())] != ["ids", "lengths", "logit"]:
        raise ValueError(f"{path.name} has other inputs or outputs than this program's model")
    return session

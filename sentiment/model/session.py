"""``model.onnx`` as ONNX Runtime runs it. Other forms of it: ``single_review.py``, ``lookup_session.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import onnxruntime as ort


class Model(Protocol):
    """What ONNX Runtime's session does, as far as it is used here."""

    def run(self, outputs: list[str], feed: dict[str, Any]) -> list[Any]:
        """``["logit"]`` and ``ids <int32>[batch, time], lengths <int32>[batch]`` to ``[<float32>[batch]]``."""


def session_options() -> ort.SessionOptions:
    """One thread a call: two calls side by side use two cores better than one call on both."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return options


def open_model(path: Path) -> Model:
    """A session of ``model.onnx``, the form that is opened soonest.

    Raises:
        ValueError: it is a model, but not one of this program; ONNX Runtime's own errors where it is none.
    """
    session = ort.InferenceSession(path, session_options(), providers=["CPUExecutionProvider"])
    if [put.name for put in (*session.get_inputs(), *session.get_outputs())] != ["ids", "lengths", "logit"]:
        raise ValueError(f"{path.name} takes or gives something else than this program's model")
    return session

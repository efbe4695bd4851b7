"""A single review in half the time: its two directions on two cores.

ONNX Runtime runs the directions of an LSTM one after the other, for many reviews as for one. A model of two directions
is the sum of two models of one, the pooled features of each with their part of the last layer, so each gets a graph of
its own.
"""

from __future__ import annotations

import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import onnxruntime as ort

from sentiment.sessions import Model, open_model, session_options
from sentiment.weights import Weights, onnx_model, read_onnx


class Directions:
    """Stands in for a session of ``model.onnx``; to be used from any number of threads.

    Raises:
        ValueError: the weights are not of two directions.
    """

    def __init__(self, weights: Weights) -> None:
        self._forward, self._backward = (
            ort.InferenceSession(
                onnx_model(part, backward=backward).SerializeToString(),
                session_options(),
                providers=["CPUExecutionProvider"],
            )
            for part, backward in zip(_parts(weights), (False, True), strict=True)
        )
        self._other_cores = ThreadPoolExecutor(os.cpu_count())

    def run(self, outputs: list[str], feed: dict[str, Any]) -> list[Any]:
        """As ``InferenceSession.run``. Only a single review takes two cores: batches come side by side as it is."""
        if len(feed["lengths"]) > 1:
            return [self._backward.run(outputs, feed)[0] + self._forward.run(outputs, feed)[0]]
        backward = self._other_cores.submit(self._backward.run, outputs, feed)
        [forward] = self._forward.run(outputs, feed)
        return [forward + backward.result()[0]]


def open_side_by_side(path: Path) -> Model:
    """``model.onnx`` of two directions as two graphs, of one direction as it is.

    Raises:
        ValueError: it is not a model of this program.
    """
    weights = read_onnx(path)
    return Directions(weights) if len(weights.directions) == 2 else open_model(path)


def _parts(weights: Weights) -> list[Weights]:
    """Each direction as a model of its own; the last layer's bias goes with the first."""
    kernels = weights.dense_kernel.reshape(len(weights.pooling), len(weights.directions), weights.units)
    return [
        dataclasses.replace(
            weights,
            directions=(direction,),
            dense_kernel=kernels[:, place].ravel(),
            dense_bias=0.0 if place else weights.dense_bias,
        )
        for place, direction in enumerate(weights.directions)
    ]

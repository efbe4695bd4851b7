"""Exports a trained Keras model to ``model.keras`` and ``model.onnx``, and checks that their logits agree."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import keras
import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from sentiment.artifacts import write_atomically
from sentiment.model.batching import pad
from sentiment.model.weights import Direction, Weights, write_onnx
from sentiment.training.layers import BidirectionalLSTM

TOLERANCE = 1e-4  # the largest accepted difference between a Keras and an ONNX logit
REVIEWS = 1_000  # reviews compared, evenly spaced over all lengths

Ids = npt.NDArray[np.int32]


class ParityError(Exception):
    """The exported model does not compute the same logits as the trained one."""


def export(network: keras.Model, pooling: Sequence[str], folder: Path, reviews: Sequence[Ids]) -> float:
    """Writes ``model.keras`` and ``model.onnx``, and compares their logits on ``reviews``.

    Embedding and recurrent weights are rounded to float16 in both files, and in ``network``.

    Args:
        network: a network of ``networks.build_network``.
        pooling: its kinds of pooling.
        folder: receives the two files.
        reviews: <int32>[tokens] for each encoded review.

    Returns:
        The largest absolute difference of the logits.

    Raises:
        ParityError: a weight is too large for float16, or a logit differs by more than ``TOLERANCE``. Neither file is
            left.
    """
    for variable in (network.get_layer("embedding").embeddings, *(cell.recurrent_kernel for cell in cells_of(network))):
        variable.assign(_half(variable).astype(np.float32))
    write_onnx(weights_of(network, pooling), folder / "model.onnx")
    without_optimizer(network).save(folder / "model.keras")
    deflate(folder / "model.keras")
    worst = largest_difference(network, folder / "model.onnx", reviews)
    if not worst <= TOLERANCE:
        (folder / "model.onnx").unlink()
        (folder / "model.keras").unlink()
        raise ParityError(
            f"ONNX and Keras logits differ by {worst:.2g}, more than {TOLERANCE:.0g}; nothing was exported."
        )
    return worst


def weights_of(network: keras.Model, pooling: Sequence[str]) -> Weights:
    """Returns the network's weights as plain arrays, with embedding and recurrent weights in float16."""
    kernel, bias = network.get_layer("dense").get_weights()
    return Weights(
        _half(network.get_layer("embedding").embeddings),
        tuple(
            Direction(np.array(cell.kernel), _half(cell.recurrent_kernel), np.array(cell.bias))
            for cell in cells_of(network)
        ),
        tuple(pooling),  # type: ignore[arg-type]
        kernel[:, 0],
        float(bias[0]),
    )


def cells_of(network: keras.Model) -> list[Any]:
    """Returns the LSTM cell of each direction."""
    lstm = network.get_layer("lstm")
    return list(lstm.directions) if isinstance(lstm, BidirectionalLSTM) else [lstm.cell]


def _half(variable: Any) -> npt.NDArray[np.float16]:
    """Returns a variable rounded to float16.

    Raises:
        ParityError: a value is too large.
    """
    values = np.array(variable)
    if not (np.abs(values) <= np.finfo(np.float16).max).all():
        raise ParityError("A weight is not finite, or too large for float16; nothing was exported.")
    return values.astype(np.float16)


def without_optimizer(network: keras.Model) -> keras.Model:
    """Returns the same layers in an uncompiled model, which takes half the size on disk."""
    if isinstance(network, keras.Sequential):
        return keras.Sequential([*network.inputs, *network.layers], name=network.name)
    return keras.Model(network.inputs, network.outputs, name=network.name)


def deflate(archive: Path) -> None:
    """Compresses Keras' uncompressed zip file; 13 of the 32 bits of a weight rounded to float16 are zeros."""
    packed = io.BytesIO()
    with ZipFile(archive) as stored, ZipFile(packed, "w") as deflated:
        for member in stored.infolist():
            deflated.writestr(member, stored.read(member), ZIP_DEFLATED)
    write_atomically(archive, packed.getvalue())


def logit_network(network: keras.Model) -> keras.Model:
    """Returns the network without its last sigmoid; its output is logits, <float32>[batch, 1]."""
    dense = network.get_layer("dense")
    linear = keras.layers.Dense(1, name="logit")
    logits = linear(dense.input)
    linear.set_weights(dense.get_weights())
    return keras.Model(network.inputs, logits)


def largest_difference(network: keras.Model, onnx_file: Path, reviews: Sequence[Ids]) -> float:
    """Returns the largest absolute difference between the logits of Keras and ONNX Runtime; NaN if a logit is NaN.

    ONNX Runtime computes each review alone and in a batch of mixed lengths.
    """
    by_length = sorted((review for review in reviews if len(review)), key=len)
    chosen = [by_length[i] for i in np.linspace(0, len(by_length) - 1, min(REVIEWS, len(by_length))).astype(int)]
    keras_logits = logit_network(network)
    session = ort.InferenceSession(onnx_file, providers=["CPUExecutionProvider"])

    def onnx_logits(batch: Sequence[Ids]) -> npt.NDArray[np.float32]:
        lengths = np.array([len(review) for review in batch], np.int32)
        return session.run(["logit"], {"ids": pad(batch), "lengths": lengths})[0]

    worst = 0.0
    for start in range(25):  # batches of all lengths, so that most of each is padding
        batch = chosen[start::25]
        if batch:
            truth = keras_logits.predict_on_batch(pad(batch))[:, 0]
            alone = np.concatenate([onnx_logits([review]) for review in batch])
            differences = np.abs([truth - onnx_logits(batch), truth - alone])
            worst = float(np.max(differences, initial=worst))  # unlike max(), it propagates NaN
    return worst

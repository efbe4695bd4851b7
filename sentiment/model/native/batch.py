"""Scores batches in int8 with ``batch.c``, for files with ``--fast``, in place of ONNX Runtime.

As in ``lookup_session.py``, a word's input to the gates is looked up, in float16. The recurrent part is computed in
int8, with scales that do not depend on the batch. The processor's matrix unit (AMX) and its dot products of four bytes
(AVX-512 VNNI) allow weights of 127 steps on either side of zero. The cell's arithmetic follows in registers. tanh is
piecewise quadratic with an error below 3e-4; a quantization step of a state is 8e-3.
"""

from __future__ import annotations

import ctypes
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.model.native.build import BATCH_AMX, BATCH_VNNI, load_library
from sentiment.model.weights import Weights, tanh_gates

Array = npt.NDArray[Any]

_LANES, _DEPTH = 16, 64  # as in batch.c
_INT8 = 127
_PIECES, _END = 16, 4.65  # pieces of tanh, and the end of the last, beyond which tanh is 1 within 2e-4
_SIZE, _POINTER = ctypes.c_long, ctypes.c_void_p
_FUNCTIONS: dict[str, list[Any]] = {
    "sentiment_tabulate": [_SIZE, _SIZE, _SIZE, *[_POINTER] * 4],
    "sentiment_read_batch": [_SIZE, _SIZE, _SIZE, ctypes.c_int, *[_POINTER] * 7],
}


_BACKENDS = {"AMX": BATCH_AMX, "AVX-512 VNNI": BATCH_VNNI}  # fastest first


@cache
def _library() -> tuple[str, ctypes.CDLL] | None:
    loaded = ((name, load_library(library, _FUNCTIONS)) for name, library in _BACKENDS.items())
    return next(((name, library) for name, library in loaded if library), None)


def int8_backend() -> str:
    """Returns the name of the int8 implementation: "AMX", "AVX-512 VNNI" or "ONNX Runtime".

    The last digits of a score may depend on it.
    """
    library = _library()
    return library[0] if library else "ONNX Runtime"


def compiled_batch(weights: Weights) -> CompiledBatch | None:
    """Returns the compiled model; None if no library supports the processor and the model."""
    library = _library()
    return CompiledBatch(weights, library[1]) if library and weights.units % _DEPTH == 0 else None


class CompiledBatch:
    """Replaces the int8 session of ``lookup_session.py``; thread-safe.

    Args:
        weights: the model's weights, with a multiple of 64 units.
        library: the compiled library.
    """

    def __init__(self, weights: Weights, library: ctypes.CDLL) -> None:
        self._library, self._weights = library, weights
        embedding = np.ascontiguousarray(weights.embedding, np.float32)
        with ThreadPoolExecutor() as pool:
            self._tables = list(pool.map(lambda direction: self._table(embedding, direction), weights.directions))
        self._matrices = [_int8(tanh_gates(direction.recurrent, np.float32)) for direction in weights.directions]
        self._curve = _curve()

    def run(self, outputs: list[str], feed: dict[str, Any]) -> list[Any]:
        """Implements ``InferenceSession.run``.

        Raises:
            IndexError: an id is not in the vocabulary, or a length exceeds the batch.
            ValueError: ids and lengths do not have the shapes [batch, time] and [batch], or the batch is empty.
        """
        ids, lengths = (np.ascontiguousarray(feed[name], np.int32) for name in ("ids", "lengths"))
        if ids.ndim != 2 or lengths.shape != ids.shape[:1] or not ids.size:
            raise ValueError(f"ids {ids.shape} and lengths {lengths.shape} instead of [batch, time] and [batch]")
        if ids.view(np.uint32).max() >= len(self._weights.embedding):  # a negative id becomes very large
            raise IndexError(f"ids {ids.min()} to {ids.max()} in a vocabulary of {len(self._weights.embedding)}")
        if not 1 <= lengths.min() <= lengths.max() <= ids.shape[1]:
            raise IndexError(f"lengths {lengths.min()} to {lengths.max()} in a batch of {ids.shape[1]} steps")
        pooled = np.empty((len(self._tables), len(ids), 3, self._weights.units), np.float32)
        for direction, (table, (packed, scales)) in enumerate(zip(self._tables, self._matrices, strict=True)):
            arrays = (ids, lengths, table, packed, scales, self._curve, pooled[direction])
            self._library.sentiment_read_batch(
                *ids.shape, self._weights.units, direction, *(a.ctypes.data for a in arrays)
            )
        last, largest, total = pooled.transpose(2, 1, 0, 3).reshape(3, len(ids), -1)
        features = {"last": last, "max": largest, "mean": total / lengths[:, None].astype(np.float32)}
        pooled_states = np.concatenate([features[name] for name in self._weights.pooling], axis=1)
        return [pooled_states @ self._weights.dense_kernel + np.float32(self._weights.dense_bias)]

    def _table(self, embedding: Array, direction: Any) -> Array:
        """Computes a direction's table of gate inputs by word, with bias, <float16>[vocabulary, units / 16, 4, 16]."""
        kernel, bias = (tanh_gates(array, np.float32) for array in (direction.kernel, direction.bias))
        gates, width, units = kernel.shape
        packed = np.ascontiguousarray(kernel.reshape(gates, width, -1, _LANES).transpose(2, 1, 0, 3))
        table = np.empty((len(embedding), units // _LANES, gates, _LANES), np.float16)
        arrays = (embedding, packed, bias, table)
        self._library.sentiment_tabulate(len(embedding), width, units, *(array.ctypes.data for array in arrays))
        return table


def _int8(recurrent: Array) -> tuple[Array, Array]:
    """Quantizes recurrent weights, <float32>[4, units, units].

    Returns:
        <int8>, the weights in the order of ``batch.c``, and <float32>[4, units], their scales.
    """
    gates, units, _ = recurrent.shape
    steps = np.maximum(np.abs(recurrent).max(1) / _INT8, np.finfo(np.float32).tiny)
    whole = np.rint(recurrent / steps[:, None]).astype(np.int8)
    tiled = whole.reshape(gates, units // _DEPTH, _DEPTH // 4, 4, units // _LANES, _LANES).transpose(4, 0, 1, 2, 5, 3)
    return np.ascontiguousarray(tiled), (steps / _INT8).astype(np.float32)


def _curve() -> Array:
    """Returns the quadratic pieces of tanh from 0 to its end, <float32>[3 * 16 + 2]: coefficients, 1 / width, end."""
    width = _END / (_PIECES - 0.6)  # the end is inside the last piece
    edges = np.clip((np.arange(_PIECES + 1) - 0.5) * width, 0, _END)
    parabolas = [
        np.polynomial.Chebyshev.interpolate(np.tanh, 2, [low, high]).convert(kind=np.polynomial.Polynomial).coef
        for low, high in pairwise(edges)
    ]
    return np.array([*np.transpose(parabolas).ravel(), 1 / width, _END], np.float32)

"""The fast form of the model as files are scored with it, compiled from ``native/batch.c``, in place of ONNX.

As in ``lookup_session.py``, a token's share of the gates is looked up, in float16. The states' share is computed in int8
with scales that no batch has a part in. A processor's matrix unit (AMX), or its products of four bytes (AVX-512 VNNI),
take weights of 127 steps either way, and the rest is done on what they give while it is at hand: tanh in pieces of a
parabola each, off by less than 3e-4, where a step of a state is 8e-3.
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
from sentiment.model.weights import Weights, halved_gates

Array = npt.NDArray[Any]

_LANES, _DEPTH = 16, 64  # as in the source
_INT8 = 127
_PIECES, _END = 16, 4.65  # of tanh, which is 1 from there on, but for 2e-4
_SIZE, _PLACE = ctypes.c_long, ctypes.c_void_p
_FUNCTIONS: dict[str, list[Any]] = {
    "sentiment_tabulate": [_SIZE, _SIZE, _SIZE, *[_PLACE] * 4],
    "sentiment_read_batch": [_SIZE, _SIZE, _SIZE, ctypes.c_int, *[_PLACE] * 7],
}


_WAYS = {"AMX": BATCH_AMX, "AVX-512 VNNI": BATCH_VNNI}  # the faster first


@cache
def _library() -> tuple[str, ctypes.CDLL] | None:
    loaded = ((way, load_library(library, _FUNCTIONS)) for way, library in _WAYS.items())
    return next(((way, library) for way, library in loaded if library), None)


def way_of_int8() -> str:
    """How int8 arithmetic is done here, which may change a score's last digits: one of ``_WAYS``, or "ONNX Runtime"."""
    library = _library()
    return library[0] if library else "ONNX Runtime"


def compiled_batch(weights: Weights) -> CompiledBatch | None:
    """The model, compiled; None where it cannot be."""
    library = _library()
    return CompiledBatch(weights, library[1]) if library and weights.units % _DEPTH == 0 else None


class CompiledBatch:
    """Stands in for the session of ``lookup_session.py``; to be used from any number of threads.

    Args:
        weights: the model's, of a multiple of 64 units.
        library: what was compiled.
    """

    def __init__(self, weights: Weights, library: ctypes.CDLL) -> None:
        self._library, self._weights = library, weights
        embedding = np.ascontiguousarray(weights.embedding, np.float32)
        with ThreadPoolExecutor() as pool:
            self._tables = list(pool.map(lambda direction: self._table(embedding, direction), weights.directions))
        self._matrices = [_int8(halved_gates(direction.recurrent, np.float32)) for direction in weights.directions]
        self._curve = _curve()

    def run(self, outputs: list[str], feed: dict[str, Any]) -> list[Any]:
        """As ``InferenceSession.run``.

        Raises:
            IndexError: an id is not in the vocabulary, or a length not within the batch.
            ValueError: ids and lengths do not have the shapes [batch, time] and [batch], or the batch is empty.
        """
        ids, lengths = (np.ascontiguousarray(feed[name], np.int32) for name in ("ids", "lengths"))
        if ids.ndim != 2 or lengths.shape != ids.shape[:1] or not ids.size:
            raise ValueError(f"ids {ids.shape} and lengths {lengths.shape} instead of [batch, time] and [batch]")
        if ids.view(np.uint32).max() >= len(self._weights.embedding):  # as which a negative one is very large
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
        read_off = np.concatenate([features[name] for name in self._weights.pooling], axis=1)
        return [read_off @ self._weights.dense_kernel + np.float32(self._weights.dense_bias)]

    def _table(self, embedding: Array, direction: Any) -> Array:
        """<float16>[vocabulary, units / 16, 4, 16], what words and bias add to the gates of a direction."""
        kernel, bias = (halved_gates(array, np.float32) for array in (direction.kernel, direction.bias))
        gates, width, units = kernel.shape
        packed = np.ascontiguousarray(kernel.reshape(gates, width, -1, _LANES).transpose(2, 1, 0, 3))
        table = np.empty((len(embedding), units // _LANES, gates, _LANES), np.float16)
        arrays = (embedding, packed, bias, table)
        self._library.sentiment_tabulate(len(embedding), width, units, *(array.ctypes.data for array in arrays))
        return table


def _int8(recurrent: Array) -> tuple[Array, Array]:
    """What states add, <int8> in the order of the source, and <float32>[4, units] what a step of it is worth."""
    gates, units, _ = recurrent.shape
    steps = np.maximum(np.abs(recurrent).max(1) / _INT8, np.finfo(np.float32).tiny)
    whole = np.rint(recurrent / steps[:, None]).astype(np.int8)
    tiled = whole.reshape(gates, units // _DEPTH, _DEPTH // 4, 4, units // _LANES, _LANES).transpose(4, 0, 1, 2, 5, 3)
    return np.ascontiguousarray(tiled), (steps / _INT8).astype(np.float32)


def _curve() -> Array:
    """<float32>[3 * 16 + 2]: tanh from 0 to its end, in pieces about multiples of a width: coefficients and sizes."""
    width = _END / (_PIECES - 0.6)  # the end is in the last piece, and not at its edge
    edges = np.clip((np.arange(_PIECES + 1) - 0.5) * width, 0, _END)
    parabolas = [
        np.polynomial.Chebyshev.interpolate(np.tanh, 2, [low, high]).convert(kind=np.polynomial.Polynomial).coef
        for low, high in pairwise(edges)
    ]
    return np.array([*np.transpose(parabolas).ravel(), 1 / width, _END], np.float32)

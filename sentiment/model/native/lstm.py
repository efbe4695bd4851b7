"""Runs the model on a single text with ``lstm.c``, which ``scripts/compile.py`` compiles if there is a compiler.

The steps of a single text are sequential, and each is so small that NumPy and, to a lesser degree, ONNX Runtime spend
more time on calls than on arithmetic. The C code works in float32, widens recurrent weights from float16, and runs each
direction on its own core. If it is not compiled, or does not support the processor or the model, ``compiled_lstm``
returns None, and callers use another implementation.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from sentiment.model.native.build import STEPS_4, STEPS_8, STEPS_16, load_library
from sentiment.model.weights import Weights, by_gate, tanh_gates

Floats = npt.NDArray[np.float32]

_LINE = 64  # bytes of a cache line
_COMMON = 1_024  # most frequent words, which make up four fifths of a review; their table takes 6 MB for 192 units
_SIZE, _POINTER, _INT = ctypes.c_long, ctypes.c_void_p, ctypes.c_int
_FUNCTIONS: dict[str, list[Any]] = {
    "sentiment_project": [_SIZE, _SIZE, _SIZE, _POINTER, _POINTER, _POINTER, _SIZE, _POINTER, _SIZE, _SIZE],
    "sentiment_forward": [_INT, _SIZE, _SIZE, _SIZE, ctypes.c_float, *[_POINTER] * 8],
    "sentiment_pool": [_INT, _SIZE, _SIZE, _INT, _POINTER, _POINTER, _SIZE, _POINTER, _SIZE, _SIZE, *[_POINTER] * 5],
    "sentiment_backward": [_INT, _SIZE, _SIZE, _SIZE, *[_POINTER] * 11],
}


@cache
def _library() -> tuple[ctypes.CDLL | None, int]:
    """Returns the library for this processor's widest vectors, and the number of units it computes at a time."""
    for compiled_for, block in ((STEPS_16, 32), (STEPS_8, 16), (STEPS_4, 8)):
        if library := load_library(compiled_for, _FUNCTIONS):
            return library, block
    return None, 1


_packed_before: WeakKeyDictionary[Weights, CompiledLSTM] = WeakKeyDictionary()


def compiled_lstm(weights: Weights) -> CompiledLSTM | None:
    """Returns the compiled model, cached by weights; None if no library supports the processor and the model."""
    library, block = _library()
    if not library or weights.units % block:
        return None
    if weights not in _packed_before:
        _packed_before[weights] = CompiledLSTM(weights, library, block)
    return _packed_before[weights]


class CompiledLSTM:
    """Runs a model on one text at a time. Immutable and thread-safe.

    Arrays are C-contiguous and float32. Those of ``numpy_lstm.py`` have a batch of one. The library relies on their
    shapes, which are therefore checked before every call.

    Args:
        weights: the model's weights.
        library: the compiled library.
        block: number of units that it computes at a time; the model's units are a multiple of it.
    """

    def __init__(self, weights: Weights, library: ctypes.CDLL, block: int) -> None:
        self._library = library
        self._embedding, self._pooling = weights.embedding, weights.pooling
        self._dense = weights.dense_kernel, weights.dense_bias
        self._units, self._width = weights.units, weights.embedding.shape[1]
        kernels = [tanh_gates(direction.kernel, np.float32) for direction in weights.directions]
        recurrents = [by_gate(direction.recurrent) for direction in weights.directions]  # not scaled: see lstm.c
        self._half = int(recurrents[0].dtype == np.float16)
        self._kernels = [_packed(kernel, block) for kernel in kernels]
        self._biases = [tanh_gates(direction.bias, np.float32) for direction in weights.directions]
        self._no_bias = np.zeros_like(self._biases[0])
        self._forward = [_packed(recurrent, block) for recurrent in recurrents]
        self._backward = [_packed(recurrent.swapaxes(1, 2), block) for recurrent in recurrents]
        self._other_cores = ThreadPoolExecutor(os.cpu_count())

    @cached_property
    def _common(self) -> Floats:
        """The input of the gates for common words, with bias, <float32>[directions, words, 4, units]."""
        embedded = self._embedding[:_COMMON].astype(np.float32)
        tables = np.empty((len(self._kernels), len(embedded), 4, self._units), np.float32)
        for direction, table in enumerate(tables):
            self._library.sentiment_project(*self._projection(direction, embedded, self._biases[direction], table))
        return tables

    def logit(self, ids: npt.NDArray[np.int32]) -> float:
        """Returns the logit of an encoded text, <int32>[length].

        Raises:
            IndexError: an id is not in the vocabulary.
            ValueError: the text is empty.
        """
        if ids.ndim != 1 or not len(ids):
            raise ValueError("the text must have at least one token")
        common = self._common.shape[1]
        rows = ids.astype(np.uint32)  # rows of the table of common words, followed by that of the distinct rare words
        is_rare = rows >= common  # also for a negative id, which is now larger than any vocabulary
        rare, places = np.unique(rows[is_rare], return_inverse=True)
        rows[is_rare] = common + places
        embedded = self._embedding[rare].astype(np.float32)
        directions, width = len(self._kernels), embedded.shape[1]
        pooled = np.empty((directions, 3, self._units), np.float32)
        table = np.empty((directions, len(rare), 4, self._units), np.float32)
        self._each_direction(  # a thread runs only a library call, because of Python's global lock
            self._library.sentiment_pool,
            [
                (self._half, len(ids), self._units, direction,
                 *_pointers(self._forward[direction], self._common[direction]), common,
                 *_pointers(embedded), len(rare), width,
                 *_pointers(self._kernels[direction], self._biases[direction]),
                 *_pointers(table[direction], rows, pooled[direction]))
                for direction in range(directions)
            ],
        )  # fmt: skip
        last, largest, total = pooled.astype(np.float64).swapaxes(0, 1)
        features = {"last": last, "max": largest, "mean": total / len(ids)}
        pooled_states = np.concatenate([features[name].ravel() for name in self._pooling])
        kernel, bias = self._dense
        return float(pooled_states @ kernel) + bias

    def project(self, embedded: Floats, projected: Floats) -> None:
        """Multiplies embeddings with the kernel, without bias, in each direction's reading order.

        Args:
            embedded: <float32>[steps, embedding], embeddings or differences of them.
            projected: <float32>[steps, 4, directions, 1, units], the output.
        """
        embedded = np.ascontiguousarray(embedded)  # a baseline is one row, broadcast
        _check(embedded, (len(embedded), self._width))
        _check(projected, self._shape(len(embedded), 4))
        self._each_direction(
            self._library.sentiment_project,
            [
                self._projection(
                    direction, embedded[::-1] if direction else embedded, self._no_bias, projected[:, :, direction, 0]
                )
                for direction in range(len(self._kernels))
            ],
        )

    def forward(self, share: float, *arrays: Floats) -> None:
        """Runs a forward pass over the projection ``start + share * change``.

        Args:
            share: the factor of ``change``.
            arrays: ``start`` and ``change``, two results of ``project``, the first with bias; then the output, the
                arrays of ``numpy_lstm.Trace``.
        """
        self._check_arrays(arrays, gates=(True, True, True, True, False, False, False))
        self._each_direction(
            self._library.sentiment_forward,
            [
                (self._half, *self._sizes(arrays[0]), share, *_pointers(packed, *_of_direction(direction, arrays)))
                for direction, packed in enumerate(self._forward)
            ],
        )

    def backward(self, *arrays: Floats) -> None:
        """Computes the multipliers of the gates' inputs from those of the hidden states.

        Args:
            arrays: z, squashed, cell and tanh_cell of one pass, then of the other; the multipliers of the hidden states
                through the pooling, shaped like cell; and the output, the multipliers of z.
        """
        one_pass = (True, True, False, False)
        self._check_arrays(arrays, gates=(*one_pass, *one_pass, False, True))
        self._each_direction(
            self._library.sentiment_backward,
            [
                (self._half, *self._sizes(arrays[0]), *_pointers(packed, *_of_direction(direction, arrays)))
                for direction, packed in enumerate(self._backward)
            ],
        )

    def _projection(self, direction: int, embedded: Floats, bias: Floats, projected: Floats) -> tuple[int, ...]:
        """Returns the arguments of ``sentiment_project``; ``projected`` is [steps, 4, units] with any strides."""
        row, gate = (stride // projected.itemsize for stride in projected.strides[:2])
        return (
            len(embedded),
            embedded.shape[1],
            self._units,
            *_pointers(self._kernels[direction], bias, embedded),
            embedded.strides[0] // embedded.itemsize,
            *_pointers(projected),
            row,
            gate,
        )

    def _check_arrays(self, arrays: Sequence[Floats], gates: Sequence[bool]) -> None:
        """Checks that all arrays have the same number of steps and the axes of ``numpy_lstm.Trace``.

        Raises:
            ValueError: an array has another shape or type.
        """
        for array, has_gates in zip(arrays, gates, strict=True):
            _check(array, self._shape(len(arrays[0]), *[4] * has_gates))

    def _shape(self, steps: int, *gates: int) -> tuple[int, ...]:
        return steps, *gates, len(self._kernels), 1, self._units

    def _sizes(self, array: Floats) -> tuple[int, int, int]:
        return len(array), self._units, len(self._kernels) * self._units

    def _each_direction(self, function: Callable[..., None], arguments: Sequence[tuple[float, ...]]) -> None:
        """Calls a function of the library for each direction in parallel."""
        first, *others = arguments
        futures = [self._other_cores.submit(function, *other) for other in others]
        function(*first)
        for future in futures:
            future.result()


def _of_direction(direction: int, arrays: tuple[Floats, ...]) -> list[Floats]:
    return [array[..., direction, :, :] for array in arrays]


def _check(array: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.dtype != np.float32 or array.shape != shape or not array.flags.c_contiguous:
        raise ValueError(f"{array.dtype} {array.shape} instead of a contiguous float32 array {shape}")


def _pointers(*arrays: npt.NDArray[Any]) -> list[int]:
    return [array.ctypes.data for array in arrays]


def _packed(matrices: npt.NDArray[Any], block: int) -> npt.NDArray[Any]:
    """Packs <float>[4, values, units] in the order in which the C code reads it, aligned to a cache line."""
    gates, values, units = matrices.shape
    size = matrices.itemsize
    room = np.empty(matrices.size + _LINE // size, matrices.dtype)
    start = -room.ctypes.data % _LINE // size
    packed = room[start : start + matrices.size].reshape(units // block, values, gates, block)
    packed[:] = matrices.reshape(gates, values, -1, block).transpose(2, 1, 0, 3)
    return packed

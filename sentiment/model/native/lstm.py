"""The model on a single text, compiled from ``native/lstm.c`` where there is a compiler: ``scripts/compile.py``.

A text alone is steps one after the other, each so small that NumPy, and ONNX Runtime less so, spends longer on calls
than on arithmetic. The compiled steps are of single precision and read each direction on a core of its own. Where they
were not compiled, or are not made for a processor or a model, ``compiled`` says so, and its callers do without.
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
from sentiment.model.weights import Weights, halved_gates

Floats = npt.NDArray[np.float32]

_LINE = 64  # bytes that come from a cache at once
_COMMON = 1_024  # the most frequent words, four fifths of a review; 6 MB of what they add to the gates of 192 units
_SIZE, _PLACE = ctypes.c_long, ctypes.c_void_p
_FUNCTIONS: dict[str, list[Any]] = {
    "sentiment_project": [_SIZE, _SIZE, _SIZE, _PLACE, _PLACE, _PLACE, _SIZE, _PLACE, _SIZE, _SIZE],
    "sentiment_forward": [_SIZE, _SIZE, _SIZE, ctypes.c_float, *[_PLACE] * 8],
    "sentiment_pool": [_SIZE, _SIZE, ctypes.c_int, _PLACE, _PLACE, _SIZE, _PLACE, _SIZE, _SIZE, *[_PLACE] * 5],
    "sentiment_backward": [_SIZE, _SIZE, _SIZE, *[_PLACE] * 11],
}


@cache
def _library() -> tuple[ctypes.CDLL | None, int]:
    """What was compiled for this processor's widest vectors, and how many units it takes at a time."""
    for compiled_for, block in ((STEPS_16, 32), (STEPS_8, 16), (STEPS_4, 8)):
        if library := load_library(compiled_for, _FUNCTIONS):
            return library, block
    return None, 1


_packed_before: WeakKeyDictionary[Weights, CompiledLSTM] = WeakKeyDictionary()


def compiled(weights: Weights) -> CompiledLSTM | None:
    """The model, compiled, and packed once for the same weights; None where it cannot be."""
    library, block = _library()
    if not library or weights.units % block:
        return None
    if weights not in _packed_before:
        _packed_before[weights] = CompiledLSTM(weights, library, block)
    return _packed_before[weights]


class CompiledLSTM:
    """Runs a model on one text at a time. Immutable; safe for any number of threads.

    Arrays are C-contiguous and float32. Those of ``numpy_lstm.py`` have a batch of one. Their shapes are checked before
    every call of the library, which trusts them.

    Args:
        weights: the model's.
        library: what was compiled.
        block: units that it takes at a time, of which the model has a multiple.
    """

    def __init__(self, weights: Weights, library: ctypes.CDLL, block: int) -> None:
        self._library = library
        self._embedding, self._pooling = weights.embedding, weights.pooling
        self._dense = weights.dense_kernel, weights.dense_bias
        self._units, self._width = weights.units, weights.embedding.shape[1]
        kernels = [halved_gates(direction.kernel, np.float32) for direction in weights.directions]
        recurrents = [halved_gates(direction.recurrent, np.float32) for direction in weights.directions]
        self._kernels = [_packed(kernel, block) for kernel in kernels]
        self._biases = [halved_gates(direction.bias, np.float32) for direction in weights.directions]
        self._no_bias = np.zeros_like(self._biases[0])
        self._forward = [_packed(recurrent, block) for recurrent in recurrents]
        self._backward = [_packed(recurrent.swapaxes(1, 2), block) for recurrent in recurrents]
        self._other_cores = ThreadPoolExecutor(os.cpu_count())

    @cached_property
    def _common(self) -> Floats:
        """<float32>[directions, words, 4, units], what common words add to the gates, with bias."""
        embedded = self._embedding[:_COMMON].astype(np.float32)
        tables = np.empty((len(self._kernels), len(embedded), 4, self._units), np.float32)
        for direction, table in enumerate(tables):
            self._library.sentiment_project(*self._projection(direction, embedded, self._biases[direction], table))
        return tables

    def logit(self, ids: npt.NDArray[np.int32]) -> float:
        """The score of a text that is not empty.

        Raises:
            IndexError: an id is not in the vocabulary.
            ValueError: the text is empty.
        """
        if ids.ndim != 1 or not len(ids):
            raise ValueError("a text of one word at least is scored")
        common = self._common.shape[1]
        rows = ids.astype(np.uint32)  # of the common words, and then of the rare ones, each once
        is_rare = rows >= common  # a negative id too, which is now very large, and in no vocabulary
        rare, places = np.unique(rows[is_rare], return_inverse=True)
        rows[is_rare] = common + places
        embedded = self._embedding[rare].astype(np.float32)
        directions, width = len(self._kernels), embedded.shape[1]
        pooled = np.empty((directions, 3, self._units), np.float32)
        table = np.empty((directions, len(rare), 4, self._units), np.float32)
        self._each_direction(  # a call of the library and nothing else, for Python runs on one core at a time
            self._library.sentiment_pool,
            [
                (len(ids), self._units, direction, *_places(self._forward[direction], self._common[direction]), common,
                 *_places(embedded), len(rare), width, *_places(self._kernels[direction], self._biases[direction]),
                 *_places(table[direction], rows, pooled[direction]))
                for direction in range(directions)
            ],
        )  # fmt: skip
        last, largest, total = pooled.astype(np.float64).swapaxes(0, 1)
        features = {"last": last, "max": largest, "mean": total / len(ids)}
        read_off = np.concatenate([features[name].ravel() for name in self._pooling])
        kernel, bias = self._dense
        return float(read_off @ kernel) + bias

    def project(self, embedded: Floats, projected: Floats) -> None:
        """What embeddings, or differences of them, add to the gates, without bias, in each direction's reading order.

        Args:
            embedded: [steps, embedding]
            projected: [steps, 4, directions, 1, units], to be filled.
        """
        embedded = np.ascontiguousarray(embedded)  # a baseline is one row, repeated
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
        """A pass over a projection: ``start + share * change``.

        Args:
            share: see above.
            arrays: start, change, both as ``project`` gives them, the first with bias; and those of
                ``numpy_lstm.Trace``, to be filled.
        """
        self._check_arrays(arrays, gates=(True, True, True, True, False, False, False))
        self._each_direction(
            self._library.sentiment_forward,
            [
                (*self._sizes(arrays[0]), share, *_places(packed, *_of(direction, arrays)))
                for direction, packed in enumerate(self._forward)
            ],
        )

    def backward(self, *arrays: Floats) -> None:
        """From what hidden states add to the score to what goes into the gates does.

        Args:
            arrays: z, squashed, cell, tanh_cell of one pass, and of the other; what each hidden state adds through the
                pooling, shaped like them; and the multipliers, shaped like z, to be filled.
        """
        one_pass = (True, True, False, False)
        self._check_arrays(arrays, gates=(*one_pass, *one_pass, False, True))
        self._each_direction(
            self._library.sentiment_backward,
            [
                (*self._sizes(arrays[0]), *_places(packed, *_of(direction, arrays)))
                for direction, packed in enumerate(self._backward)
            ],
        )

    def _projection(self, direction: int, embedded: Floats, bias: Floats, projected: Floats) -> tuple[int, ...]:
        """The arguments of ``project``. ``projected`` is [steps, 4, units], its steps and gates any distance apart."""
        row, gate = (stride // projected.itemsize for stride in projected.strides[:2])
        return (
            len(embedded),
            embedded.shape[1],
            self._units,
            *_places(self._kernels[direction], bias, embedded),
            embedded.strides[0] // embedded.itemsize,
            *_places(projected),
            row,
            gate,
        )

    def _check_arrays(self, arrays: Sequence[Floats], gates: Sequence[bool]) -> None:
        """Raises ValueError unless each array has the steps of the first, and axes as ``numpy_lstm.Trace`` has them."""
        for array, by_gate in zip(arrays, gates, strict=True):
            _check(array, self._shape(len(arrays[0]), *[4] * by_gate))

    def _shape(self, steps: int, *gates: int) -> tuple[int, ...]:
        return steps, *gates, len(self._kernels), 1, self._units

    def _sizes(self, array: Floats) -> tuple[int, int, int]:
        return len(array), self._units, len(self._kernels) * self._units

    def _each_direction(self, function: Callable[..., None], arguments: Sequence[tuple[float, ...]]) -> None:
        """Calls a function of the library for each direction, side by side."""
        first, *others = arguments
        begun = [self._other_cores.submit(function, *other) for other in others]
        function(*first)
        for other in begun:
            other.result()


def _of(direction: int, arrays: tuple[Floats, ...]) -> list[Floats]:
    return [array[..., direction, :, :] for array in arrays]


def _check(array: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.dtype != np.float32 or array.shape != shape or not array.flags.c_contiguous:
        raise ValueError(f"{array.dtype} {array.shape} instead of a contiguous float32 array {shape}")


def _places(*arrays: npt.NDArray[Any]) -> list[int]:
    return [array.ctypes.data for array in arrays]


def _packed(matrices: Floats, block: int) -> Floats:
    """<float32>[4, values, units] in the order in which the source reads it, from the beginning of a cache line."""
    gates, values, units = matrices.shape
    room = np.empty(matrices.size + _LINE // 4, np.float32)
    start = -room.ctypes.data % _LINE // 4
    packed = room[start : start + matrices.size].reshape(units // block, values, gates, block)
    packed[:] = matrices.reshape(gates, values, -1, block).transpose(2, 1, 0, 3)
    return packed

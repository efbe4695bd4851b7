"""Runs the model's forward pass in NumPy, and a backward pass with slopes of chords instead of derivatives.

Both directions run in parallel, each in its own reading order: step 0 of the backward direction is the review's last
token. Steps after a review's end are computed and ignored. If ``native/lstm.py`` is compiled, it runs single reviews in
float32. Two exact reformulations of the LSTM equations (Hochreiter & Schmidhuber 1997; Gers et al. 2000) are used:

- The weights of the gates with a sigmoid are scaled by one half (``tanh_gates``). The order of the gates is output,
  input, forget, cell, so that those with a sigmoid are adjacent, and those that act on the cell too.
- A chord's slope is computed as ``(tanh a - tanh b) / (a - b) = tanh(d) / d * (1 - tanh a * tanh b)``, ``d = a - b``.
  It is accurate if ``a`` and ``b`` are close, and is the derivative if they are equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.model.native.lstm import compiled_lstm
from sentiment.model.weights import Weights, tanh_gates

Array = npt.NDArray[np.floating[Any]]
Lengths = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The intermediate values of one forward pass.

    Attributes:
        z: <float>[steps, 4, directions, batch, units], the pre-activation of each gate
        squashed: same shape, tanh(z)
        cell: <float>[steps, directions, batch, units]
        tanh_cell: same shape
        hidden: same shape, the LSTM's output
    """

    z: Array
    squashed: Array
    cell: Array
    tanh_cell: Array
    hidden: Array

    def repeated(self, steps: int, batch: int) -> Trace:
        """Returns the first steps of this pass over a single text, broadcast to ``batch`` texts without copying."""
        arrays = (self.z, self.squashed, self.cell, self.tanh_cell, self.hidden)
        return Trace(*(np.broadcast_to(a[:steps], (steps, *a.shape[1:-2], batch, a.shape[-1])) for a in arrays))


class NumpyLSTM:
    """The part of the model after the embedding. Immutable and thread-safe.

    Args:
        weights: the model's weights.
        dtype: the precision of every result: float32 like the model, or float64 for checks.

    Attributes:
        bias: <float>[4, directions, 1, units], the bias of the gates.
    """

    def __init__(self, weights: Weights, dtype: type[np.floating[Any]] = np.float32) -> None:
        self.dtype = dtype
        directions, units = weights.directions, weights.units
        self._kernel = np.stack([np.concatenate(tanh_gates(d.kernel, dtype), axis=-1) for d in directions])
        self.bias = np.stack([tanh_gates(d.bias, dtype) for d in directions], axis=1)[:, :, None]
        self._recurrent = np.stack([tanh_gates(d.recurrent, dtype) for d in directions], axis=1)
        self._recurrent_back = np.ascontiguousarray(self._recurrent.swapaxes(-1, -2))
        self._pooling = weights.pooling
        self._dense = weights.dense_kernel.astype(dtype).reshape(len(weights.pooling), len(directions), 1, units)
        self._dense_bias = weights.dense_bias
        self._compiled = compiled_lstm(weights) if dtype == np.float32 else None

    @property
    def is_compiled(self) -> bool:
        """Whether ``native/lstm.py`` runs single reviews."""
        return self._compiled is not None

    def project(self, embedded: Array, lengths: Lengths) -> Array:
        """Multiplies embeddings with the kernel, without bias, in each direction's reading order.

        Args:
            embedded: <float>[batch, steps, embedding]; differences of embeddings work too, as the map is linear.
            lengths: <int>[batch], the longest equal to ``steps``.

        Returns:
            <float>[steps, 4, directions, batch, units]; zeros are mapped to exact zeros.
        """
        batch, steps, width = embedded.shape
        if self._compiled and batch == 1:
            projected = np.empty((steps, *self.bias.shape[:2], 1, self.bias.shape[-1]), self.dtype)
            self._compiled.project(embedded[0], projected)
            return projected
        texts = np.empty((len(self._kernel), batch, steps, width), self.dtype)
        texts[0] = embedded
        for text in texts[1:]:
            text[:] = np.take_along_axis(embedded, _backward(lengths, steps)[:, :, None], axis=1)
        product = texts.reshape(len(texts), batch * steps, width) @ self._kernel
        by_gate = product.reshape(len(texts), batch, steps, 4, -1)
        return np.ascontiguousarray(by_gate.transpose(2, 3, 0, 1, 4))

    def by_token(self, values: Array, lengths: Lengths) -> Array:
        """Sums values in reading order over the directions of each token.

        Args:
            values: <float>[directions, batch, steps]
            lengths: <int>[batch], tokens of each review.

        Returns:
            <float>[batch, steps]
        """
        forward, *backward = values
        order = _backward(lengths, values.shape[2])
        return np.asarray(forward + sum(np.take_along_axis(back, order, axis=1) for back in backward))

    def run(self, start: Array, change: Array, share: float = 1.0) -> Trace:
        """Runs a forward pass over ``start + share * change``.

        Args:
            start: <float>[steps, 4, directions, 1 or batch, units], a result of ``project`` plus ``bias``.
            change: <float>[steps, 4, directions, batch, units], a result of ``project``.
            share: the factor of ``change``.
        """
        z, squashed = np.empty_like(change), np.empty_like(change)
        cells, tanh_cells, hiddens = (np.empty_like(z[:, 0]) for _ in range(3))
        if self._compiled and z.shape[-2] == 1:
            self._compiled.forward(share, start, change, z, squashed, cells, tanh_cells, hiddens)
        else:
            np.multiply(change, share, out=z)
            z += start
            self._step(z, squashed, cells, tanh_cells, hiddens)
        return Trace(z, squashed, cells, tanh_cells, hiddens)

    def _step(self, z: Array, squashed: Array, cells: Array, tanh_cells: Array, hiddens: Array) -> None:
        """Runs all steps: adds the recurrent part to ``z``, and fills the other arrays."""
        hidden = cell = np.zeros_like(z[0, 0])
        recurrent, gates, written = np.empty_like(z[0]), np.empty_like(z[0, :3]), np.empty_like(z[0, 0])
        o, i, f = gates
        for into, squash, new_cell, new_tanh, new_hidden in zip(z, squashed, cells, tanh_cells, hiddens, strict=True):
            into += np.matmul(hidden, self._recurrent, out=recurrent)
            np.tanh(into, out=squash)
            np.multiply(squash[:3], 0.5, out=gates)
            gates += 0.5
            np.multiply(i, squash[3], out=written)
            cell = np.multiply(f, cell, out=new_cell)
            cell += written
            np.tanh(cell, out=new_tanh)
            hidden = np.multiply(o, new_tanh, out=new_hidden)

    def logits(self, trace: Trace, lengths: Lengths) -> npt.NDArray[np.float64]:
        """Returns the logits of the texts, <float64>[batch]."""
        scores = np.full(len(lengths), self._dense_bias, np.float64)
        for name, dense in zip(self._pooling, self._dense, strict=True):
            if name == "last":
                pooled = _at(trace.hidden, (lengths - 1)[:, None])
            elif name == "max":
                pooled = _at(trace.hidden, _peak(trace.hidden, lengths))
            else:
                padded = _padded(trace.hidden, lengths)
                read = np.where(_inside(trace.hidden, lengths), trace.hidden, 0) if padded else trace.hidden
                pooled = read.sum(axis=0, dtype=np.float64) / lengths[:, None]
            scores += (pooled * dense).sum(axis=(0, 2), dtype=np.float64)
        return scores

    def multipliers(self, low: Trace, high: Trace, lengths: Lengths) -> Array:
        """Returns the multiplier of each gate's input: the change in score per unit of change from ``low`` to ``high``.

        Each ``tanh`` uses the slope of its chord, each product the midpoints of its factors, and each maximum a split
        between its two positions. The multipliers times the difference in projections therefore sum to the difference
        in score, up to rounding. If ``low`` is ``high``, they are the gradient.

        Returns:
            <float>[steps, 4, directions, batch, units], zero after a review's end.
        """
        by_hidden = self._pooling_multipliers(low.hidden, high.hidden, lengths)
        if self._compiled and len(lengths) == 1:
            result = np.empty_like(high.z)
            passes = (array for p in (low, high) for array in (p.z, p.squashed, p.cell, p.tanh_cell))
            self._compiled.backward(*passes, by_hidden, result)
            return result
        return self._step_back(low, high, by_hidden)

    def _step_back(self, low: Trace, high: Trace, by_hidden: Array) -> Array:
        """Runs all steps backwards; ``by_hidden`` is the multiplier of each hidden state through the pooling."""
        result, to_cell, keep = self._slopes(low, high)  # the slopes are overwritten by the multipliers
        cell, above, recurrent = np.zeros_like(keep[0]), np.zeros_like(keep[0]), np.empty_like(result[0])
        steps = zip(result[::-1], by_hidden[::-1], to_cell[::-1], keep[::-1], strict=True)
        for into_gates, hidden, cell_by_hidden, kept in steps:
            hidden += above
            cell += np.multiply(hidden, cell_by_hidden, out=above)
            into_gates[0] *= hidden
            into_gates[1:] *= cell
            cell *= kept
            np.matmul(into_gates, self._recurrent_back, out=recurrent).sum(axis=0, out=above)
        return result

    def _slopes(self, low: Trace, high: Trace) -> tuple[Array, Array, Array]:
        """Returns the slopes of hidden or cell by gate input, of hidden by cell, and of cell by the cell before."""
        slopes = _chord(low.z, high.z, low.squashed, high.squashed)
        slopes[:, :3] /= 2  # a sigmoid is half a tanh
        middle = low.squashed + high.squashed
        middle /= 2
        middle[:, :3] += 1
        middle[:, :3] /= 2
        slopes[:, 0] *= (low.tanh_cell + high.tanh_cell) / 2
        slopes[:, 1] *= middle[:, 3]
        slopes[0, 2] = 0  # there is no cell before the first
        slopes[1:, 2] *= (low.cell[:-1] + high.cell[:-1]) / 2
        slopes[:, 3] *= middle[:, 1]
        to_cell = _chord(low.cell, high.cell, low.tanh_cell, high.tanh_cell)
        to_cell *= middle[:, 0]
        return slopes, to_cell, middle[:, 2]

    def _pooling_multipliers(self, low: Array, high: Array, lengths: Lengths) -> Array:
        """Returns the multiplier of each hidden state through the pooling and the last layer."""
        result = np.zeros(high.shape, self.dtype)
        for name, dense in zip(self._pooling, self._dense, strict=True):
            if name == "last":
                _add_at(result, (lengths - 1)[:, None], dense)
            elif name == "max":
                old, new = _peak(low, lengths), _peak(high, lengths)
                rise = _at(high, new) - _at(high, old)  # neither is ever negative, so the share lies in [0, 1]
                fall = _at(low, old) - _at(low, new)
                change = rise + fall
                share = np.divide(rise, change, out=np.full_like(change, 0.5), where=change > 0)
                _add_at(result, new, dense * share)
                _add_at(result, old, dense * (1 - share))
            else:
                share = dense / lengths[:, None].astype(self.dtype)
                result += np.where(_inside(high, lengths), share, 0) if _padded(high, lengths) else share
        return result


def _chord(low: Array, high: Array, tanh_low: Array, tanh_high: Array) -> Array:
    """Returns the slope of the chord of tanh between two points; see the module's docstring."""
    product = tanh_low * tanh_high
    if low is high:
        return np.subtract(1, product, out=product)
    change = high - low
    same = change == 0
    slope = np.tanh(change)
    np.divide(slope, change, out=slope, where=~same)
    slope += same
    slope *= np.subtract(1, product, out=product)
    return slope


def _backward(lengths: Lengths, steps: int) -> Lengths:
    """Returns the token that the backward direction reads at each step, <int>[batch, steps]; padding stays in place."""
    step, ends = np.arange(steps), lengths[:, None]
    return np.where(step < ends, ends - 1 - step, step)


def _inside(hidden: Array, lengths: Lengths) -> npt.NDArray[np.bool_]:
    """Returns whether a step is before the review's end, <bool>[steps, 1, batch, 1]."""
    return np.arange(len(hidden))[:, None, None, None] < lengths[:, None]


def _padded(hidden: Array, lengths: Lengths) -> bool:
    return bool((lengths < len(hidden)).any())


def _peak(hidden: Array, lengths: Lengths) -> Lengths:
    """Returns the step before the review's end at which each unit is largest, <int>[directions, batch, units]."""
    return (np.where(_inside(hidden, lengths), hidden, -np.inf) if _padded(hidden, lengths) else hidden).argmax(axis=0)


def _places(steps: Lengths, hidden: Array) -> tuple[Any, ...]:
    _, *rest = np.ogrid[tuple(map(slice, hidden.shape))]
    return steps, *(axis[0] for axis in rest)


def _at(hidden: Array, steps: Lengths) -> Array:
    """Returns the values at the given step of each direction, review and unit, <float>[directions, batch, units]."""
    return hidden[_places(steps, hidden)]


def _add_at(target: Array, steps: Lengths, values: Array) -> None:
    """Adds values in place at the given step of each direction, review and unit."""
    target[_places(steps, target)] += values

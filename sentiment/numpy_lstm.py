"""The model's forward pass in NumPy, and a backward pass that carries secants instead of gradients.

Both directions run in step, each in its own reading order: step 0 of the backward direction is the review's last
token. Steps after a review's end are computed and never looked at. Two liberties are taken with the equations of
the LSTM (Hochreiter & Schmidhuber 1997; Gers et al. 2000), both exact:

- the gates stand in the order input, forget, output, cell, and the weights of the first three are halved, so that
  one ``tanh`` serves all four: ``sigmoid(z) = (1 + tanh(z / 2)) / 2``;
- a chord's slope is computed as ``(tanh a - tanh b) / (a - b) = tanh(d) / d * (1 - tanh a * tanh b)``, ``d = a - b``,
  which loses nothing when ``a`` and ``b`` are close, and is the derivative when they are equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.weights import Weights

Array = npt.NDArray[np.floating[Any]]
Lengths = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Everything one forward pass computed.

    Attributes:
        z: <float>[steps, directions, batch, 4 * units], what goes into each gate
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
        """The first steps of this pass over a single text, as a view that shows them ``batch`` times."""
        arrays = (self.z, self.squashed, self.cell, self.tanh_cell, self.hidden)
        return Trace(*(np.broadcast_to(a[:steps], (steps, a.shape[1], batch, a.shape[3])) for a in arrays))


class NumpyLSTM:
    """The part of the model after the embedding. Immutable; safe for any number of threads.

    ``dtype`` is the precision of every result: float32 as the model runs, or float64 to check against.
    """

    def __init__(self, weights: Weights, dtype: type[np.floating[Any]] = np.float32) -> None:
        self.dtype = dtype
        self.units = weights.units
        self.pooling = weights.pooling
        directions = weights.directions
        self._kernel = np.concatenate([_gates(d.kernel, dtype) for d in directions], axis=1)
        self._bias = np.stack([_gates(d.bias, dtype) for d in directions])[:, None]
        self._recurrent = np.stack([_gates(d.recurrent, dtype) for d in directions])
        self._recurrent_back = np.ascontiguousarray(self._recurrent.transpose(0, 2, 1))
        self._dense = weights.dense_kernel.astype(dtype).reshape(len(self.pooling), len(directions), 1, self.units)
        self._dense_bias = weights.dense_bias

    def project(self, embedded: Array, lengths: Lengths) -> Array:
        """What the embeddings add to the gates, without bias, in each direction's reading order.

        Args:
            embedded: <float>[batch, steps, embedding]; linear, so a difference of embeddings does as well.
            lengths: <int>[batch]

        Returns:
            <float>[steps, directions, batch, 4 * units]; rows of zeros stay exactly zero.
        """
        product = embedded.astype(self.dtype, copy=False) @ self._kernel
        by_step = product.reshape(*product.shape[:2], -1, 4 * self.units).transpose(1, 2, 0, 3)
        return _backward_in_order(by_step, lengths)

    def by_token(self, values: Array, lengths: Lengths) -> Array:
        """<float>[batch, steps]: <float>[directions, batch, steps] of either reading order, summed by token."""
        return _backward_in_order(values.transpose(2, 0, 1)[..., None], lengths).sum(axis=1)[..., 0].T

    def run(self, projected: Array) -> Trace:
        """One forward pass over ``projected`` as ``project`` gives it, which stays as it is."""
        steps, directions, batch, width = projected.shape
        units = self.units
        z = projected + self._bias
        squashed = np.empty_like(z)
        cells, tanh_cells, hiddens = (np.empty((steps, directions, batch, units), z.dtype) for _ in range(3))
        hidden = cell = np.zeros((directions, batch, units), z.dtype)
        from_hidden = np.empty((directions, batch, width), z.dtype)
        gates = np.empty((directions, batch, 3 * units), z.dtype)
        written = np.empty_like(hidden)
        for step in range(steps):
            np.matmul(hidden, self._recurrent, out=from_hidden)
            z[step] += from_hidden
            squash = np.tanh(z[step], out=squashed[step])
            np.multiply(squash[..., : 3 * units], 0.5, out=gates)
            gates += 0.5
            np.multiply(gates[..., units : 2 * units], cell, out=cells[step])
            np.multiply(gates[..., :units], squash[..., 3 * units :], out=written)
            cell = np.add(cells[step], written, out=cells[step])
            hidden = np.tanh(cell, out=tanh_cells[step])
            hidden = np.multiply(hidden, gates[..., 2 * units :], out=hiddens[step])
        return Trace(z, squashed, cells, tanh_cells, hiddens)

    def logits(self, trace: Trace, lengths: Lengths) -> npt.NDArray[np.float64]:
        """<float64>[batch], the scores of the texts of these lengths."""
        scores = np.full(len(lengths), self._dense_bias, np.float64)
        steps = np.arange(len(trace.hidden))[:, None, None, None]
        for name, dense in zip(self.pooling, self._dense, strict=True):
            if name == "last":
                pooled = _at(trace.hidden, (lengths - 1)[None, :, None])
            elif name == "max":
                pooled = _at(trace.hidden, _peak(trace.hidden, lengths))
            else:
                inside = steps < lengths[:, None]
                pooled = np.where(inside, trace.hidden, 0).sum(axis=0, dtype=np.float64) / lengths[:, None]
            scores += (pooled * dense).sum(axis=(0, 2), dtype=np.float64)
        return scores

    def multipliers(self, low: Trace, high: Trace, lengths: Lengths) -> Array:
        """By how much the score rises for each unit that goes into a gate, on the way from ``low`` to ``high``.

        Every ``tanh`` counts with its chord, every product with its factors' midpoints, every maximum with a split
        between its two places. So the multipliers times the difference in ``projected`` sum to the difference in
        score, to the last bit but rounding. With ``low`` the same as ``high`` they are the gradient.

        Returns:
            <float>[steps, directions, batch, 4 * units], zero after a review's end.
        """
        units = self.units
        to_gates, to_cell, keep = self._slopes(low, high)
        result = to_gates  # each step's slopes are replaced by its multipliers
        by_hidden = self._pooling_multipliers(low.hidden, high.hidden, lengths)
        carried = np.zeros(by_hidden.shape[1:], self.dtype)
        above = np.empty_like(carried)
        for step in reversed(range(len(by_hidden))):
            hidden, at = by_hidden[step], result[step]
            if step + 1 < len(by_hidden):
                hidden += np.matmul(result[step + 1], self._recurrent_back, out=above)
            np.multiply(hidden, to_cell[step], out=above)
            cell = np.add(carried, above, out=carried)
            blocks = at.reshape(*at.shape[:2], 4, units)
            blocks[:, :, 2] *= hidden
            blocks[:, :, :2] *= cell[:, :, None]
            blocks[:, :, 3] *= cell
            carried *= keep[step]
        return result

    def _slopes(self, low: Trace, high: Trace) -> tuple[Array, Array, Array]:
        """Of each gate's input on cell (input, forget, cell gate) or output; of hidden on cell; of cell on the next."""
        units = self.units
        sigmoids, candidate = slice(0, 3 * units), slice(3 * units, None)
        to_gates = _chord(low.z, high.z, low.squashed, high.squashed)
        middle = (low.squashed + high.squashed) / 2
        before = np.zeros_like(high.cell)
        np.add(low.cell[:-1], high.cell[:-1], out=before[1:])
        before[1:] /= 2
        to_gates[..., sigmoids] /= 2
        middle[..., sigmoids] = (1 + middle[..., sigmoids]) / 2
        to_gates[..., :units] *= middle[..., candidate]
        to_gates[..., units : 2 * units] *= before
        to_gates[..., 2 * units : 3 * units] *= (low.tanh_cell + high.tanh_cell) / 2
        to_gates[..., candidate] *= middle[..., :units]
        to_cell = _chord(low.cell, high.cell, low.tanh_cell, high.tanh_cell) * middle[..., 2 * units : 3 * units]
        return to_gates, to_cell, middle[..., units : 2 * units]

    def _pooling_multipliers(self, low: Array, high: Array, lengths: Lengths) -> Array:
        """By how much the score rises for each unit of the LSTM's output, through the pooling alone."""
        steps, directions, _, units = high.shape
        result = np.zeros((steps, directions, len(lengths), units), self.dtype)
        for name, dense in zip(self.pooling, self._dense, strict=True):
            if name == "last":
                _add_at(result, (lengths - 1)[None, :, None], dense)
            elif name == "max":
                old, new = _peak(low, lengths), _peak(high, lengths)
                rise = _at(high, new) - _at(high, old)  # both never negative, so the share lies in [0, 1]
                fall = _at(low, old) - _at(low, new)
                change = rise + fall
                share = np.divide(rise, change, out=np.full_like(change, 0.5), where=change > 0)
                _add_at(result, new, dense * share)
                _add_at(result, old, dense * (1 - share))
            else:
                inside = np.arange(steps)[:, None, None, None] < lengths[:, None]
                result += np.where(inside, dense / lengths[:, None].astype(self.dtype), 0)
        return result


def _backward_in_order(values: Array, lengths: Lengths) -> Array:
    """<float>[steps, directions, batch, width] with the second direction turned round, each review within its length.

    From the text's order to the direction's own and back alike.
    """
    result = values.copy(order="C")
    if values.shape[1] == 2:
        step = np.arange(len(values))[:, None]
        order = np.where(step < lengths, lengths - 1 - step, step)
        result[:, 1] = values[order, 1, np.arange(len(lengths))]
    return result


def _gates(array: npt.NDArray[np.float32], dtype: type[np.floating[Any]]) -> Array:
    """Gates from Keras' order (input, forget, cell, output) to ours, those with a sigmoid halved."""
    i, f, g, o = np.split(array.astype(dtype), 4, axis=-1)
    return np.concatenate([i / 2, f / 2, o / 2, g], axis=-1)


def _chord(low: Array, high: Array, tanh_low: Array, tanh_high: Array) -> Array:
    """The slope of the chord of tanh between two points; see the module's docstring."""
    change = high - low
    slope = np.tanh(change)
    np.divide(slope, change, out=slope, where=change != 0)
    slope[change == 0] = 1
    slope *= 1 - tanh_low * tanh_high
    return slope


def _peak(hidden: Array, lengths: Lengths) -> Lengths:
    """<int>[directions, batch, units], the step before a review's end at which each unit is largest."""
    inside = np.arange(len(hidden))[:, None, None, None] < lengths[:, None]
    return np.where(inside, hidden, -np.inf).argmax(axis=0)


def _places(steps: Lengths, shape: tuple[int, ...]) -> tuple[Any, ...]:
    directions, batch, units = (np.arange(size) for size in shape[1:])
    return steps, directions[:, None, None], batch[:, None], units


def _at(hidden: Array, steps: Lengths) -> Array:
    """The values at a step of each direction, review and unit."""
    return hidden[_places(steps, hidden.shape)]


def _add_at(target: Array, steps: Lengths, values: Array) -> None:
    """Adds at a step of each direction, review and unit; no place occurs twice in one call."""
    target[_places(steps, target.shape)] += values
